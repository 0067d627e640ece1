"""VOID: takes a transaction of the same business day back at its own terminal."""

import pytest

from tests.conformance.conftest import Check

STORIES = {
    "of a sale": """
        earn A 1000 as=sale                -> 00 balance=10
        void A - of=sale                   -> 00 earned=-10 used=0 owed=1000 balance=0 de38=*
    """,
    "of a sale paid in part with points": """
        earn A 50000                       -> 00 balance=500
        earn A 1000 020=300 as=sale        -> 00 balance=207
        void A - of=sale                   -> 00 earned=-7 used=300 value=300 owed=700 balance=500
    """,
    "of a redemption": """
        earn A 50000                       -> 00 balance=500
        redeem A 300 as=paid               -> 00 balance=200
        void A - of=paid                   -> 00 used=300 value=300 balance=500
    """,
    "any DE 3 that begins with 02": """
        earn A 1000 as=sale                -> 00
        void A - of=sale pc=020000         -> 00 earned=-10
    """,
    "by 013": """
        earn A 1000 as=sale                -> 00
        void A - of=sale by=013            -> 00 earned=-10
    """,
    "by DE 37": """
        earn A 1000 as=sale                -> 00
        void A - of=sale by=37             -> 00 earned=-10
    """,
    "needs no card and compares none": """
        earn A 1000 as=sale                -> 00
        void - - of=sale                   -> 00 earned=-10
        inquiry A                          -> 00 balance=0
        earn A 1000 as=other               -> 00
        void B - of=other                  -> 00 earned=-10
        inquiry A                          -> 00 balance=0
        inquiry B                          -> 00 balance=0
    """,
    "compares no amount": """
        earn A 1000 as=sale                -> 00
        void A 77777 of=sale               -> 00 earned=-10 owed=1000
    """,
    "from another terminal": """
        earn A 1000 as=sale                -> 00
        void A - of=sale at=T0000002       -> 25 reason=ORIGINAL_NOT_FOUND
        inquiry A                          -> 00 balance=10
    """,
    "twice": """
        earn A 1000 as=sale                -> 00
        void A - of=sale                   -> 00
        void A - of=sale                   -> 12 reason=ALREADY_REVERSED
        inquiry A                          -> 00 balance=0
    """,
    "of a reversed sale": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00
        void A - of=sale                   -> 12 reason=ALREADY_REVERSED
    """,
    "of a sale with refunds": """
        earn A 1000 as=sale                -> 00
        refund A 400 of=sale               -> 00
        void A - of=sale                   -> 12
        inquiry A                          -> 00 balance=6
    """,
    "of a partially reversed sale": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=600   -> 00
        void A - of=sale                   -> 12
        inquiry A                          -> 00 balance=6
    """,
    "of a void": """
        earn A 1000 as=sale                -> 00
        void A - of=sale as=taken          -> 00
        void A - of=taken                  -> 12
        inquiry A                          -> 00 balance=0
    """,
    "of a declined sale": """
        earn A 1000 020=9 as=sale          -> 51
        void A - of=sale                   -> 25
    """,
    "of what never came": """
        later earn A 1000 as=sale          ->
        void A - of=sale                   -> 25
        send sale                          -> 00 earned=+10
    """,
    "names no original": """
        void A -                           -> 25
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_void(check: Check, text: str) -> None:
    """DE 41 must agree; card and DE 4 are not compared; a failed VOID leaves no trace.

    Readings: a VOID that names no original finds none (25); a partially reversed sale is a reversed one, and
    a VOID cannot be voided (both 12).
    """
    check(text)
