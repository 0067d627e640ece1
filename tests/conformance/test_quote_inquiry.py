"""QUOTE and INQUIRY: nothing is booked, nothing is remembered, and 064 tells what could be redeemed."""

import pytest

from tests.conformance.conftest import Check

STORIES = {
    "a quote tells what a sale would bring": """
        quote A 1999               -> 00 earned=+19 owed=1999 balance=0
        inquiry A                  -> 00 balance=0
    """,
    "a quote of nothing": """
        quote A 99                 -> 00 earned=0 owed=99
    """,
    "a quote with a basket": """
        quote A = lines=milk:550,tobacco:449!N -> 00 earned=+5 owed=999
    """,
    "a quote with points for a part": """
        earn A 50000               -> 00 balance=500
        quote A 1000 020=300       -> 00 earned=+7 used=300 value=300 owed=700 balance=500
        inquiry A                  -> 00 balance=500
    """,
    "a quote needs an amount above zero": """
        quote A 0                  -> 13 reason=AMOUNT_NOT_ALLOWED
    """,
    "064 of a quote is for this ticket": """
        earn A 50000               -> 00 balance=500
        quote A 300                -> 00 redeemable=300/300 balance=500
        quote A 90000              -> 00 redeemable=500/500
    """,
    "any DE 3 that begins with 38": """
        quote A 1000 pc=381234     -> 00 earned=+10
    """,
    "a quote with the same key is decided afresh": """
        quote A 1000 as=first      -> 00 earned=+10
        again first de4=000000002000 -> 00 earned=+20
        earn A 1000                -> 00
        again first                -> 00 earned=+10 balance=10
    """,
    "an inquiry by either MTI and either DE 3": """
        earn A 50000               -> 00 balance=500
        inquiry A                  -> 00 balance=500 redeemable=500/500 de38=-
        inquiry A mti=0200         -> 00 balance=500 redeemable=500/500 de38=-
        inquiry A pc=310000        -> 00 balance=500
        inquiry A pc=319900 mti=0200 -> 00 balance=500
    """,
    "nothing redeemable": """
        inquiry A                  -> 00 balance=0 redeemable=0/0 pending=0
    """,
    "an inquiry with the same key is decided afresh": """
        inquiry A as=first         -> 00 balance=0
        earn A 1000                -> 00
        again first                -> 00 balance=10
    """,
    "an inquiry may carry an amount": """
        inquiry A 1000             -> 00 balance=0 de4=000000001000
        inquiry A 0                -> 00 balance=0
    """,
    "an inquiry after a debt": """
        earn A 1000 as=sale        -> 00 balance=10
        redeem A 10                -> 00 balance=0
        refund A 1000 of=sale      -> 00 balance=-10
        inquiry A                  -> 00 balance=-10 redeemable=0/0
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_quote_and_inquiry(check: Check, text: str) -> None:
    """Both answer 052-054 and 064; neither has DE 38 or a memory."""
    check(text)
