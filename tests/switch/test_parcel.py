"""A programme comes over in pieces as it was, and is taken apart piece by piece."""

from dataclasses import replace

from rules.evaluate import evaluate
from rules.extras import declined_by
from rules.parse import MAIN, parse_programme
from switch.parcel import (
    BUCKETS_OF_A_PIECE,
    RULES_OF_A_PIECE,
    TEXT_OF_A_PIECE,
    Unpacking,
    pieces,
    taken_apart,
)
from tests.rules.sales import sale
from tests.switch.story import starter_text

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


def test_a_programme_arrives_as_it_was_sent() -> None:
    """Rules, tables and all; no piece holds much of it."""
    sent = parse_programme({MAIN: TEXT})
    unpacking = Unpacking()
    some = list(pieces(sent))
    assert len(some) > RULES // RULES_OF_A_PIECE + 10
    assert len(sent.text) > TEXT_OF_A_PIECE
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


def test_what_is_given_up_is_taken_apart_step_by_step() -> None:
    """After the last step nothing is left that would be freed at once."""
    made = parse_programme({MAIN: TEXT})
    steps = sum(1 for _ in taken_apart(made))
    assert steps > RULES // 100
    assert made.rules == ()
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
    assert part.rules == arrived.rules == ()
