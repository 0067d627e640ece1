# ruff: noqa: E501  (a row of a table is a line)
"""Each starter programme plays a story."""

from dataclasses import replace
from importlib.resources import files

import pytest

from loyalty.amount import Rate
from loyalty.transaction import BasketLine
from rules.evaluate import evaluate
from rules.extras import extras
from rules.lint import lint
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from rules.span import Span, SpanUnit
from tests.rules.sales import check, sale

STORIES = {
    "retail": """
        19.99                                                        -> 19
        19.99 tier=silver                                            -> 24
        79.00 at=2026-06-01T12:00                                    -> 79 | 1.00 more doubles your points
        80.00 at=2026-06-01T12:00                                    -> 160
        80.00 at=2026-06-01T12:00 tier=gold                          -> 160
        80.00 at=2026-06-05T12:00 tier=gold                          -> 120
        9.00 lines=FRUIT:2.00,FISH:4.00,BREAD:3.00                   -> 19
        9.00 lines=FRUIT:2.00,TOBACCO:7.00:N                         -> 7
        3.00 lines=BREAD:3.00 can=D at=2026-06-03T20:00              -> 1
        3.00 lines=BREAD:3.00 can=D at=2026-06-03T19:59              -> 3
    """,
    "fuel": """
        60.00 lines=DIESEL:60.00::41250                              -> 41
        64.00 lines=DIESEL:60.00::41250,SNACKS:4.00                  -> 49
        60.00 lines=DIESEL:60.00::41250 at=2026-06-02T23:00          -> 61
        60.00 lines=DIESEL:60.00::41250 at=2026-06-03T05:59          -> 61
        39.00 lines=PETROL:39.00::27900 at=2026-06-03T05:59          -> 27 | 1.00 more: 20 drops more for a full tank at night
        4.00 lines=SNACKS:4.00                                       -> 8
    """,
    "cafe": """
        1.50 lines=COFFEE:1.50                                       -> 3
        3.00 lines=COFFEE:3.00::2000,CAKE:0.00                       -> 6
        2.40 lines=CAKE:2.40                                         -> 4
    """,
    "coalition": """
        10.00                                                        -> 5
        10.00 partner=MARKET                                         -> 10
        10.00 partner=MARKET channel=ECOM                            -> 15
        10.00 partner=PHARMACY lines=SOAP:6.00,MEDICINE:4.00         -> 9
        10.00 partner=PHARMACY                                       -> 15
    """,
    "membership": """
        20.00                                                        -> 4
        20.00 tier=guest                                             -> 4
        20.00 tier=plus                                              -> 20
        20.00 tier=plus can=D lines=BOOKS:10.00,TOYS:10.00           -> 19
        24.00 tier=plus channel=ECOM                                 -> 24 | 1.00 more brings 20 extra points
        25.00 tier=plus channel=ECOM                                 -> 45
    """,
}


STAMPS = """
    0 1.50 lines=COFFEE:1.50                           -> 1
    0 3.00 lines=COFFEE:3.00::2000,CAKE:0.00           -> 2
    0 2.00 lines=CAKE:2.00 at=2026-06-02T07:30         -> none
    0 1.50 lines=COFFEE:1.50 at=2026-06-02T05:59       -> 1
    0 1.50 lines=COFFEE:1.50 at=2026-06-02T06:00       -> 2
    0 1.50 lines=COFFEE:1.50 at=2026-06-02T07:59       -> 2
    0 1.50 lines=COFFEE:1.50 at=2026-06-02T08:00       -> 1
    8 1.50 can=D lines=COFFEE:1.50                     -> 9
    9 1.50 lines=COFFEE:1.50                           -> 10
    9 1.50 can=D lines=COFFEE:1.50                     -> 1.50 off
    9 3.50 can=D lines=COFFEE:1.50,COFFEE:2.00         -> 1.50 off
    9 2.00 can=D lines=CAKE:2.00                       -> none
"""


def starter(name: str) -> Programme:
    return parse_programme({MAIN: files("rules").joinpath("starters", f"{name}.toml").read_text("utf-8")})


@pytest.mark.parametrize("name", sorted(STORIES))
def test_each_starter_plays_its_story(name: str) -> None:
    """What its comments promise is what a customer gets."""
    check(starter(name), STORIES[name])


def test_there_is_a_story_for_every_starter() -> None:
    """And none of them worries the linter."""
    names = {path.name.removesuffix(".toml") for path in files("rules").joinpath("starters").iterdir()}
    assert names == set(STORIES)
    assert {name: [each.where for each in lint(starter(name))] for name in names} == {
        "retail": [],
        "fuel": [],
        "cafe": [],
        "coalition": [],
        "membership": [],
    }


def test_nine_coffees_bring_the_tenth() -> None:
    """So many stamps before, a sale, and the stamps after it, or what it takes off."""
    programme = starter("cafe")
    told = []
    rows = [" ".join(row.split()) for row in STAMPS.strip().splitlines()]
    for row in rows:
        words, _, _ = row.partition(" -> ")
        before, _, sold = words.partition(" ")
        facts = replace(sale(sold), counters=(("stamps.coffee", int(before)),))
        off = sum(each.amount_minor for each in evaluate(programme, facts).discounts)
        stamps = extras(programme, facts).stamps
        after = f"{off / 100:.2f} off" if off else str(stamps[0][1]) if stamps else "none"
        told.append(f"{words} -> {after}")
    assert told == rows


def test_who_buys_the_membership_has_it() -> None:
    """For a year; the fee earns nothing and is never reduced."""
    programme = starter("membership")
    year = BasketLine("PLUS-YEAR", 1000, "U", 3000, "", "")
    joins = replace(sale("30.00 can=D tier=plus"), lines=(year,))
    award = evaluate(programme, joins)
    assert (award.points, award.discounts) == (0, ())
    ((tier, lasts),) = extras(programme, joins).tiers
    assert (tier, lasts) == ("plus", Span(1, SpanUnit.YEARS))


def test_a_bean_is_worth_a_cent_and_a_half() -> None:
    """A value below a minor unit is a fraction, and a step is worth whole ones."""
    redemption = starter("cafe").redemption
    assert (redemption.value, redemption.step) == (Rate(3, 2), 100)
