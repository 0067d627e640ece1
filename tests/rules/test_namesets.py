"""Sets of products and segments have names of their own, and mean what they stand for."""

from dataclasses import replace

import pytest

from loyalty.errors import Problems
from rules.evaluate import evaluate
from rules.outline import outline
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.rules.sales import STARTER, sale

PRODUCTS = (
    "product,category,brand,supplier\nP1,A,Sol,North\nP2,B,Luna,North\nP3,C,Sol,South\nP4,C,Mar,South\n"
)
NAMED = """
[[product_set]]
id = "some"
product = "P4"
brand = "Luna"
[[product_set]]
id = "south"
supplier = "South"
[[segment]]
id = "often"
when = { counter = { "visits.month" = { from = 3 } } }
[[segment]]
id = "good"
when.all = [{ segment = ["often", "vip"] }, { not = { segment = "staff" } }]
"""
GOAL = """
[[goal]]
id = "g"
text = "G"
metric = "members"
target = 9
period = { from = 2026-01-01 }
"""


def made(rule: str) -> Programme:
    text = f'{STARTER}{NAMED}[[rule]]\nid = "r"\ntext = "R"\nthen = {{ points_per_line = 100 }}\n{rule}\n'
    return parse_programme({MAIN: text, "products.csv": PRODUCTS})


def points(rule: str, products: str, segments: str = "", visits: int = 0) -> int:
    """What the rule gives on a basket of *products*."""
    basket = sale("4.00 lines=" + ",".join(["X:1.00"] * len(products.split())))
    assert basket.lines is not None
    lines = zip(basket.lines, products.split(), strict=True)
    facts = replace(
        basket,
        lines=tuple([replace(line, product=product, category="") for line, product in lines]),
        base_minor=0,
        segments=frozenset(segments.split()),
        counters=(("visits.month", visits),),
    )
    return evaluate(made(rule), facts).points


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('lines = { product_set = "some" }', 200),
        ('lines = { product_set = ["some", "south"] }', 300),
        ('lines = { product_set = "south", except_product_set = "some" }', 100),
        ('lines = { product_set = "south", brand = "Sol" }', 100),
        ('lines = { except_product_set = "south" }', 200),
        ('when = { has_product_set = "some" }', 400),
        ('when = { not = { has_product_set = "some" } }', 0),
    ],
)
def test_sets_of_products(rule: str, expected: int) -> None:
    assert points(rule, "P1 P2 P3 P4") == expected


@pytest.mark.parametrize(
    ("segments", "visits", "often", "good"),
    [("", 2, 0, 0), ("", 3, 100, 100), ("vip", 0, 0, 100), ("vip staff", 3, 100, 0), ("often good", 0, 0, 0)],
)
def test_segments_that_conditions_define(segments: str, visits: int, often: int, good: int) -> None:
    """They are not those that are imported under their name; imported ones stand beside them."""
    assert points('when = { segment = "often" }', "P1", segments, visits) == often
    assert points('when = { segment = "good" }', "P1", segments, visits) == good
    either = points('when = { segment = ["good", "staff"] }', "P1", segments, visits)
    assert either == (100 if good or "staff" in segments else 0)


def test_they_are_shown() -> None:
    listings = {each.title: each.rows for each in outline(made(""), "")}
    assert listings["Sets of products"] == (("some", "P2 or P4"), ("south", "P3 or P4"))
    assert listings["Segments"][0] == ("often", "counter visits.month is 3 or more")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[product_set]]\nid = "x"\n', "product_set[1]: is about no product at all"),
        (
            '[[product_set]]\nid = "x"\nbrand = "So"\n',
            "product_set[1].brand: cannot hold So (did you mean Sol?)",
        ),
        (
            '[[product_set]]\nid = "x"\nproduct = "a"\n' * 2,
            "product_set[2].id: two sets of products have the id x",
        ),
        ('[[segment]]\nid = "x"\nwhen.not = { segment = "x" }\n', "segment[1].when: names itself"),
        (
            '[[segment]]\nid = "x"\nwhen.segment = ["y", "vip"]\n[[segment]]\nid = "y"\nwhen.mcc = "5411"\n',
            "segment[1].when: names y, which is declared after it",
        ),
        ('[[segment]]\nid = ["x"]\nwhen = { mcc = "5411" }\n', "segment[1].id: is a list, not a text"),
        ('[[segment]]\nid = "x"\n', "segment[1].when: is missing"),
        ('[[segment]]\nid = "x"\nwhen = { tier = "gold" }\n', "segment[1].when.tier: cannot hold gold"),
        ('[[segment]]\nid = "x"\nwhen = { mcc = "5411" }\n' * 2, "segment[2].id: two segments have the id x"),
        (
            f'[[segment]]\nid = "x"\nwhen = {{ mcc = "5411" }}\n{GOAL}segment = "x"\n',
            "goal[1].segment: x is defined by conditions, and nobody is known to have been in it",
        ),
        (
            '[[rule]]\nid = "r"\ntext = "R"\nthen = { points = 1 }\nlines = { product_set = "y" }\n',
            "rule[1].lines.product_set: cannot hold y",
        ),
    ],
)
def test_mistakes(text: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        parse_programme({MAIN: STARTER + text, "products.csv": PRODUCTS})
    assert any(f"{MAIN}: {problem}" in str(each) for each in caught.value.problems)
