"""A programme comes over in pieces as it was, and is taken apart piece by piece."""

import asyncio
import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files

import pytest

from rules.columns import Columns
from rules.compile import COLUMNS_FROM
from rules.conditions import OneOf
from rules.evaluate import evaluate
from rules.extras import declined_by
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from rules.shards import Shards
from rules.table import Both, Split
from switch.builder import release_when_unused
from switch.dismantling import taken_apart
from switch.parcel import BUCKETS_OF_A_PIECE, RULES_OF_A_PIECE, pieces
from switch.unpacking import Unpacking
from tests.rules.sales import sale
from tests.rules.test_docs import whole_page
from tests.switch.story import starter_text

_END = object()
RULES = 250
EFFECTS = ("discount_amount = 3", "points = 10", "multiply = 2", 'decline = "NO_WAY"')
TEXT = starter_text() + "".join(
    f"""
[[rule]]
id = "r{number:03}"
text = "Rule"
when = {{ {"merchant" if number % 5 else "store"} = "M{number}", mcc = "{5000 + number % 3}" }}
{'lines = { category = "C" }' if number % 7 == 0 else ""}
then = {{ {EFFECTS[number % 4]} }}
"""
    for number in range(RULES)
)
TRADES = ("", ', mcc = "5000"', "", ', mcc = "5001"')
CROWD = "".join(  # of one merchant: those for a trade, and as many for all
    f"""
[[rule]]
id = "c{number:02}"
text = "Rule"
when = {{ merchant = "M", amount = {{ from = "{number}.00" }}{TRADES[number % 4]} }}
then = {{ points = 1 }}
"""
    for number in range(2 * COLUMNS_FROM)
)


def test_a_programme_arrives_as_it_was_sent() -> None:
    """Rules, tables and all; no piece holds much of it."""
    sent = parse_programme({MAIN: TEXT + CROWD})
    unpacking = Unpacking()
    some = list(pieces(sent))
    assert len(some) > RULES // RULES_OF_A_PIECE + 10
    unpacking.take(some[0])
    assert (unpacking.version, unpacking.programme) == (sent.version, None)
    for piece in some[1:]:
        assert unpacking.programme is None
        unpacking.take(piece)
    arrived = unpacking.programme
    assert arrived == sent
    assert arrived.text == sent.text
    assert arrived is not sent
    assert (
        sum(len(buckets) for _, buckets in (*arrived.table.texts, *arrived.table.sets)) > BUCKETS_OF_A_PIECE
    )
    for number in range(RULES):
        facts = replace(
            sale("50.00"), merchant_id=f"M{number}", mcc=f"{5000 + number % 3}", store=f"M{number}"
        )
        assert evaluate(arrived, facts) == evaluate(sent, facts)
        assert declined_by(arrived, facts) == declined_by(sent, facts)
    trades = [each.values for rule in arrived.rules for each in rule.when if isinstance(each, OneOf)]
    assert len({id(values) for values in trades}) == len(set(trades))  # what is asked often is one set
    whole = dict(arrived.table.texts)[1]["M"]
    assert isinstance(whole, Split)
    assert all(isinstance(each, Both) and each.other is whole.rest for each in whole.by_value.values())
    for amount in (1, COLUMNS_FROM, 2 * COLUMNS_FROM):
        facts = sale(f"{amount}.00 merchant=M mcc=5000")
        assert evaluate(arrived, facts) == evaluate(sent, facts)
        assert len(evaluate(arrived, facts).steps) > amount // 2


@pytest.mark.parametrize(
    "name", ["a segment", "the page", "retail", "fuel", "cafe", "coalition", "membership"]
)
def test_whatever_authors_may_write_arrives(name: str) -> None:
    """All that the page for authors shows, and the programmes to begin with."""
    if name == "the page":
        sent = whole_page()
    elif name == "a segment":
        rule = '[[rule]]\nid = "r"\ntext = "R"\nwhen = { segment = "vip" }\nthen = { points = 1 }\n'
        sent = parse_programme({MAIN: starter_text() + rule})
    else:
        starter = files("rules").joinpath("starters", f"{name}.toml")
        sent = parse_programme({MAIN: starter.read_text("utf-8")})
    unpacking = Unpacking()
    for piece in pieces(sent):
        unpacking.take(piece)
    assert unpacking.programme == sent


def test_what_is_divided_and_large_arrives_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of some shops, divided by tier and then by trade, each time with those for all."""
    monkeypatch.setattr("switch.parcel.ROWS_OF_A_PIECE", 20)
    tiers = ("", ', tier = "gold"', ', tier = "silver"')
    asked = [trade + tier for trade, tier in itertools.product(TRADES, tiers)]
    rules = "".join(
        f"""[[rule]]
id = "d{number:04}"
text = "Rule"
when = {{ merchant = "M{number % 5}"{asked[number % 12]}, amount = {{ from = "{number // 20}.00" }} }}
then = {{ points = {number % 7 + 1} }}
"""
        for number in range(1_500)
    )
    text = starter_text().replace("tiers = []", 'tiers = ["silver", "gold"]')
    sent = parse_programme({MAIN: text + rules})
    arriving = list(pieces(sent))
    assert sum(b"split" in piece for piece in arriving) > 5  # of shops and of parts of them
    unpacking = Unpacking()
    for piece in arriving:
        unpacking.take(piece)
    arrived = unpacking.programme
    assert arrived is not None
    for mcc, tier in itertools.product(("5000", "5001", "5002"), ("", "silver", "gold")):
        facts = replace(sale("30.00 merchant=M3"), mcc=mcc, tier=tier)
        assert evaluate(arrived, facts) == evaluate(sent, facts)
        assert len(evaluate(arrived, facts).steps) > 10


def test_what_no_value_divides_arrives_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rules of one shop that differ in amounts and hours; the rooms of large mappings among the rest."""
    for name, least in (("ROWS_OF_A_PIECE", 50), ("MASKS_OF_A_PIECE", 1_000), ("SHARDED_FROM", 100)):
        monkeypatch.setattr(f"switch.parcel.{name}", least)
    sent = large(600, 1, "amount")
    assert sum(b"\x8c\x04rows" in piece[:30] for piece in pieces(sent)) == 600 // 50
    assert sum(b"\x8c\x05masks" in piece[:30] for piece in pieces(sent)) > 10
    unpacking = Unpacking()
    for piece in pieces(sent):
        unpacking.take(piece)
    arrived = unpacking.programme
    assert arrived is not None
    assert arrived == sent
    assert (type(sent.costs), type(arrived.costs)) == (dict, Shards)
    for amount, hour in itertools.product((1, 37, 300, 599, 700), (0, 11, 23)):
        facts = sale(f"{amount}.00 merchant=M0")
        facts = replace(facts, local_at=facts.local_at.replace(hour=hour))
        assert evaluate(arrived, facts) == evaluate(sent, facts)
        assert len(evaluate(arrived, facts).steps) > amount // 3
    bucket = dict(arrived.table.texts)[1]["M0"]
    assert isinstance(bucket, Columns)
    for _ in taken_apart(arrived):
        pass
    assert bucket.rows == []
    assert len(arrived.costs) == 0


@pytest.mark.parametrize(
    ("size", "shops", "asking"),
    [(1_000, 200, "trade"), (4_000, 800, "trade"), (4_000, 6, "trade"), (4_000, 2, "amount")],
)
def test_no_piece_is_much_work_however_many_rules_there_are(
    size: int, shops: int, asking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in bytes that are taken or given back at a time: when it arrives, and when it is given up."""
    monkeypatch.setattr("switch.parcel.SHARDED_FROM", 700)
    arriving = list(pieces(large(size, shops, asking)))
    unpacking = Unpacking()
    tracemalloc.start()
    try:
        taken = list(moved(map(unpacking.take, arriving)))
        made = [unpacking.programme]
        assert made[0] is not None
        assert made[0].source.size > 100 * size
        del unpacking
        given = list(moved(taken_apart(made[0])))
        (left,) = moved(made.pop() for _ in range(1))
    finally:
        tracemalloc.stop()
    assert sum(given) > 0.7 * sum(taken) > 700 * size
    assert max(taken) < 50_000
    assert max(given) < 100_000
    assert left < 30_000 + 12 * size  # what is empty


def moved(steps: Iterator[object]) -> Iterator[int]:
    """How many bytes each of *steps* takes or gives back."""
    while True:
        before = tracemalloc.get_traced_memory()[0]
        if next(steps, _END) is _END:
            return
        yield abs(tracemalloc.get_traced_memory()[0] - before)


def asked(number: int, asking: str) -> str:
    if asking == "trade" and number % 9:
        return f'mcc = "{5000 + number % 7}"'
    hours = (
        f', time = [{{ from = "{number % 23:02}:00", before = "{number % 23 + 1:02}:00" }}]'
        if number % 2
        else ""
    )
    return f"amount = {{ from = {number + 1} }}{hours}"


def large(size: int, shops: int, asking: str) -> Programme:
    """A programme with *size* rules and products; its rules are for a trade in a shop, or an amount."""
    rules = "".join(
        f"""[[rule]]
id = "r{number:05}"
text = "A rule for a merchant"
when = {{ merchant = "M{number % shops}", {asked(number, asking)} }}
then = {{ points = {number % 9 + 1} }}
{"margin_floor_bp = 1" if asking == "trade" or number == 0 else ""}
"""
        for number in range(size)
    )
    products = "".join(f"P{number:05},C{number % 9},{number}.00\n" for number in range(size))
    return parse_programme(
        {MAIN: starter_text() + rules, "products.csv": f"product,category,cost\n{products}"}
    )


@pytest.mark.parametrize(
    "held", [lambda programme: programme, lambda programme: programme.parts[0]], ids=["it", "part"]
)
async def test_what_somebody_decides_by_is_not_taken_apart(
    held: Callable[[Programme], Programme], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a programme nor one beside it; it is as soon as nobody holds it."""
    monkeypatch.setattr("switch.builder.LOOK_AGAIN_S", 0)
    monkeypatch.setattr("switch.builder.PAUSE_S", 0)
    sent = parse_programme({MAIN: TEXT, f"programmes/cafe/{MAIN}": starter_text().replace("63901", "63902")})
    table, left, case = sent.table, [sent], [held(sent)]
    del sent
    going = asyncio.ensure_future(release_when_unused(left))
    for _ in range(100):
        await asyncio.sleep(0)
    assert all(buckets for _, buckets in table.texts)
    case.clear()
    await going
    assert not left
    assert not any(buckets for _, buckets in table.texts)


def test_what_is_given_up_is_taken_apart_step_by_step() -> None:
    """After the last step nothing is left that would be freed at once."""
    made = parse_programme({MAIN: TEXT})
    steps = sum(1 for _ in taken_apart(made))
    assert steps > RULES // 100
    assert made.rules == []
    assert not any(buckets for _, buckets in (*made.table.texts, *made.table.sets, *made.prices.texts))


def test_programmes_side_by_side_arrive_together() -> None:
    """Each with its own rules and tables, and are taken apart together."""
    other = TEXT.replace("63901", "63902").replace('id = "r', 'id = "s')
    sent = parse_programme({MAIN: TEXT, f"programmes/cafe/{MAIN}": other})
    unpacking = Unpacking()
    for piece in pieces(sent):
        assert unpacking.programme is None
        unpacking.take(piece)
    arrived = unpacking.programme
    assert arrived == sent
    assert unpacking.version == sent.version
    facts = replace(sale("50.00"), merchant_id="M1", mcc="5001")
    assert evaluate(arrived.parts[0], facts) == evaluate(sent.parts[0], facts)
    assert evaluate(sent.parts[0], facts).parts[1][0] == "s001"
    (part,) = arrived.parts
    assert sum(1 for _ in taken_apart(arrived)) > 2 * RULES // 100
    assert part.rules == arrived.rules == []
