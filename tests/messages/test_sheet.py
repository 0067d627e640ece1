"""Profiles are tables; a table that leaves something open is refused when it is loaded."""

from dataclasses import replace

import pytest

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.profiles import SHEETS
from messages.sheet import Needs, Row, Sheet, problems_of

RETAIL87 = SHEETS["retail87"]


@pytest.mark.parametrize("name", SHEETS)
def test_shipped_profiles_are_complete(name: str) -> None:
    """Every reason is coded, every operation reachable, no row ambiguous."""
    assert problems_of(SHEETS[name]) == []


def without(reason: Reason) -> Sheet:
    """The default profile that forgot a reason."""
    return replace(RETAIL87, codes={key: code for key, code in RETAIL87.codes.items() if key is not reason})


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        (without(Reason.TOO_MANY), "TOO_MANY has no response code"),
        (replace(RETAIL87, rows=RETAIL87.rows[:-1]), "no row leads to UPLOAD"),
        (replace(RETAIL87, needs={}), "it is not said what EARN needs"),
        (
            replace(
                RETAIL87,
                rows=(*RETAIL87.rows, Row(operation=Operation.EARN, message_class="2", functions="2")),
            ),
            "EARN and EARN both answer to class 2 with DE 3 006777",
        ),
        (
            replace(
                RETAIL87,
                rows=(*RETAIL87.rows, Row(operation=Operation.EARN, message_class="9", functions="1")),
            ),
            "EARN is asked for by an answer",
        ),
        (replace(RETAIL87, echo=(3, 3)), "an element is echoed twice"),
    ],
)
def test_incomplete_profiles_are_named(sheet: Sheet, expected: str) -> None:
    """The problem is told in words."""
    assert expected in problems_of(sheet)


def test_needs_default_to_nothing() -> None:
    """An operation needs only what its row says."""
    assert Needs() == Needs(amount=False, card=False)
