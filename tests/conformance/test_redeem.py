"""REDEEM: paying with points, in money or in points, in part where the till has P."""

import pytest

from tests.conformance.conftest import Check

STORIES = {
    "money is covered": """
        earn A 50000               -> 00 balance=500
        redeem A 300               -> 00 used=300 value=300 owed=0 balance=200 de4=000000000300 de38=*
        redeem A 200               -> 00 used=200 value=200 owed=0 balance=0
    """,
    "the other DE 3 of the operation": """
        earn A 50000               -> 00 balance=500
        redeem A 100 pc=009030     -> 00 used=100 de3=009030
    """,
    "too few points": """
        earn A 10000               -> 00 balance=100
        redeem A 101               -> 51 reason=NOT_SUFFICIENT_POINTS de38=- de54=-
        inquiry A                  -> 00 balance=100
        redeem A 100               -> 00 balance=0
    """,
    "no points at all": """
        redeem A 1                 -> 51
    """,
    "in part where the till has P": """
        earn A 10000               -> 00 balance=100
        redeem A 250 040=P         -> 10 used=100 owed=150 balance=0 de4=000000000100 de38=*
    """,
    "P where the points suffice": """
        earn A 10000               -> 00 balance=100
        redeem A 100 040=P         -> 00 used=100 owed=0 de4=000000000100 reason=
    """,
    "P, but nothing can be covered": """
        redeem A 250 040=P         -> 51
    """,
    "P from the register": """
        earn A 10000               -> 00 balance=100
        redeem A 250 at=PARTIAL1   -> 10 used=100 owed=150 de4=000000000100
    """,
    "P and D together": """
        earn A 10000               -> 00 balance=100
        redeem A 250 040=PD        -> 10 used=100 owed=150
    """,
    "D alone is not P": """
        earn A 10000               -> 00 balance=100
        redeem A 250 040=D         -> 51
    """,
    "an amount in points": """
        earn A 50000               -> 00 balance=500
        redeem A 300 de49=999      -> 00 used=300 value=300 balance=200 de4=000000000300 de49=999
    """,
    "too many in points": """
        earn A 10000               -> 00 balance=100
        redeem A 300 de49=999      -> 51
    """,
    "another currency": """
        redeem A 300 de49=840      -> 13 reason=CURRENCY_NOT_ACCEPTED
    """,
    "nothing to cover": """
        redeem A 0                 -> 13 reason=AMOUNT_NOT_ALLOWED
    """,
    "an advice": """
        earn A 50000               -> 00 balance=500
        redeem A 300 mti=0220      -> 00 used=300 value=300 balance=200
    """,
    "an advice beyond the balance stops at zero": """
        earn A 10000               -> 00 balance=100
        redeem A 300 mti=0220      -> 00
        inquiry A                  -> 00 balance=0
        earn A 10000               -> 00 earned=+100 balance=100
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_redeem(check: Check, text: str) -> None:
    """Points = DE 4 ÷ the value of a point; 062 = DE 4 of the request - 063.

    Reading: an advice that exceeded the balance put the rest in suspense, so later earnings are the member's.
    """
    check(text)
