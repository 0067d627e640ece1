"""Points that were spent before their sale came back: debt, and how it is netted."""

import pytest

from tests.conformance.conftest import Check

STORIES = {
    "a refund of spent points is debt": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 10                -> 00 balance=0
        refund A 1000 of=sale      -> 00 earned=-10 balance=-10
        inquiry A                  -> 00 balance=-10
    """,
    "partly there, partly debt": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 6                 -> 00 balance=4
        refund A 1000 of=sale      -> 00 earned=-10 balance=-6
    """,
    "a reversal of spent points is debt": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 10                -> 00 balance=0
        reverse A 1000 of=sale     -> 00 earned=-10
        inquiry A                  -> 00 balance=-10
    """,
    "a void of spent points is debt": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 10                -> 00 balance=0
        void A - of=sale           -> 00 earned=-10
        inquiry A                  -> 00 balance=-10
    """,
    "the next earning is netted, 050 is before that": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 10                -> 00 balance=0
        refund A 1000 of=sale      -> 00 balance=-10
        earn A 1500                -> 00 earned=+15 balance=5
        redeem A 5                 -> 00 balance=0
    """,
    "an earning below the debt": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 10                -> 00 balance=0
        refund A 1000 of=sale      -> 00 balance=-10
        earn A 400                 -> 00 earned=+4 balance=-6
        earn A 600                 -> 00 earned=+6 balance=0
        redeem A 1                 -> 51
    """,
    "debt cannot be redeemed": """
        refund A 1000              -> 00 balance=-10
        redeem A 1                 -> 51
        earn A 1000 020=1          -> 51
        earn A 1000 020=1 040=P    -> 51
    """,
    "an advice nets too": """
        refund A 1000              -> 00 balance=-10
        earn A 1500 mti=0220       -> 00 earned=+15 balance=5
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_debt(check: Check, text: str) -> None:
    """The starter takes spent points back as debt, for REFUND, REVERSAL and VOID alike."""
    check(text)


def test_the_ledger_balance_does_not_hold_debt(check: Check) -> None:
    """DE 54: 02 is available less debt, 01 is what is in the books without the debt."""
    check("""
        refund A 1000   -> 00 balance=-10 de54=9002999D0000000000109001999C000000000000
        earn A 1500     -> 00 balance=5   de54=9002999C0000000000059001999C000000000005
    """)
