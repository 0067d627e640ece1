"""REVERSAL: full, partial, early, repeated, and of everything that can be reversed; 00 whatever it finds."""

import pytest

from tests.conformance.conftest import Check

FULL = {
    "of a sale": """
        earn A 1000 as=sale                -> 00 balance=10
        reverse A 1000 of=sale             -> 00 earned=-10 used=0 owed=1000 de38=-
        inquiry A                          -> 00 balance=0
    """,
    "as an advice": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale mti=0420    -> 00 earned=-10
        inquiry A                          -> 00 balance=0
    """,
    "of a sale that came as an advice": """
        earn A 1000 mti=0220 as=sale       -> 00
        reverse A 1000 of=sale             -> 00 earned=-10
        inquiry A                          -> 00 balance=0
    """,
    "of a sale paid in part with points": """
        earn A 50000                       -> 00
        earn A 1000 020=300 as=sale        -> 00 balance=207
        reverse A 1000 of=sale             -> 00 earned=-7 used=300 value=300 owed=700
        inquiry A                          -> 00 balance=500
    """,
    "of a redemption": """
        earn A 50000                       -> 00
        redeem A 300 as=paid               -> 00
        reverse A 300 of=paid              -> 00 used=300 value=300
        inquiry A                          -> 00 balance=500
    """,
    "of a redemption approved in part": """
        earn A 10000                       -> 00
        redeem A 300 040=P as=paid         -> 10 used=100
        reverse A 300 of=paid              -> 00 used=100
        inquiry A                          -> 00 balance=100
    """,
    "DE 95 of zeros is full": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=0     -> 00 earned=-10 owed=1000
        inquiry A                          -> 00 balance=0
    """,
    "needs no card": """
        earn A 1000 as=sale                -> 00
        reverse - - of=sale                -> 00 earned=-10
        inquiry A                          -> 00 balance=0
    """,
    "compares neither card nor amount": """
        earn A 1000 as=sale                -> 00
        reverse B 4711 of=sale             -> 00 earned=-10 owed=1000
        inquiry A                          -> 00 balance=0
        inquiry B                          -> 00 balance=0
    """,
    "from another terminal it is of something unknown": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale at=T0000002 -> 00 earned=0
        inquiry A                          -> 00 balance=10
    """,
    "a second one has no effect": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00 earned=-10
        reverse A 1000 of=sale             -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "of a declined sale": """
        earn A 1000 020=9 as=sale          -> 51
        reverse A 1000 of=sale             -> 00 earned=0 used=0
        inquiry A                          -> 00 balance=0
    """,
    "of a voided sale has no effect": """
        earn A 1000 as=sale                -> 00
        void A - of=sale                   -> 00
        reverse A 1000 of=sale             -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "of a void": """
        earn A 1000 as=sale                -> 00
        void A - of=sale as=taken          -> 00 balance=0
        reverse A - of=taken               -> 00
        inquiry A                          -> 00 balance=10
        refund A 400 of=sale               -> 00 earned=-4 balance=6
    """,
    "of a refund": """
        earn A 1000 as=sale                -> 00
        refund A 400 of=sale as=back       -> 00 balance=6
        reverse A 400 of=back              -> 00
        inquiry A                          -> 00 balance=10
        refund A 1000 of=sale              -> 00 earned=-10 balance=0
    """,
    "of a refund that gave points back": """
        earn A 50000                       -> 00
        earn A 1000 020=300 as=sale        -> 00 balance=207
        refund A 400 of=sale as=back       -> 00 balance=504
        reverse A 400 of=back              -> 00
        inquiry A                          -> 00 balance=207
    """,
    "of an advice beyond the balance gives back what was there": """
        earn A 10000                       -> 00 balance=100
        redeem A 250 mti=0220 as=paid      -> 00
        inquiry A                          -> 00 balance=0
        reverse A 250 of=paid              -> 00
        inquiry A                          -> 00 balance=100
    """,
    "of a void, and the sale may be voided again": """
        earn A 1000 as=sale                -> 00
        void A - of=sale as=taken          -> 00 balance=0
        reverse A - of=taken               -> 00
        reverse A - of=taken               -> 00
        inquiry A                          -> 00 balance=10
        void A - of=sale                   -> 00 earned=-10 balance=0
    """,
    "of a reversal": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale as=undo     -> 00
        reverse A 1000 of=undo             -> 12
        inquiry A                          -> 00 balance=0
    """,
    "of a reversal, as an advice": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale as=undo     -> 00
        reverse A 1000 of=undo mti=0420    -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "of a sale with refunds takes the rest": """
        earn A 1000 as=sale                -> 00
        refund A 400 of=sale               -> 00 earned=-4
        reverse A 1000 of=sale             -> 00 earned=-6 owed=600
        inquiry A                          -> 00 balance=0
    """,
    "a repeat gets the same bytes": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale as=undo     -> 00 earned=-10
        again undo mti=0401                -> 00 same=undo
        again undo                         -> 00 same=undo
        inquiry A                          -> 00 balance=0
    """,
    "the repeat comes first": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale mti=0401 as=undo -> 00 earned=-10
        again undo mti=0400                -> 00 same=undo
        inquiry A                          -> 00 balance=0
    """,
    "its advice is the same reversal": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale as=undo     -> 00 earned=-10
        again undo mti=0420                -> 00 earned=-10
        again undo mti=0421                -> 00 earned=-10
        inquiry A                          -> 00 balance=0
    """,
    "the same sale may be made again under a new key": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00
        earn A 1000                        -> 00 balance=10
    """,
    "a repeat of a reversed sale gets what the sale got": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00
        again sale mti=0201                -> 00 same=sale
        inquiry A                          -> 00 balance=0
    """,
}  # fmt: skip

PARTIAL = {
    "of a sale": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=600   -> 00 earned=-4 owed=400
        inquiry A                          -> 00 balance=6
    """,
    "as an advice": """
        earn A 1000 as=sale                      -> 00
        reverse A 1000 of=sale final=1 mti=0420  -> 00 earned=-10 owed=999
        inquiry A                                -> 00 balance=0
    """,
    "of a sale with points": """
        earn A 50000                       -> 00
        earn A 1000 020=300 as=sale        -> 00 balance=207
        reverse A 1000 of=sale final=600   -> 00 earned=-3 used=300 value=300 owed=100
        inquiry A                          -> 00 balance=504
    """,
    "of a redemption that was approved in part": """
        earn A 10000                       -> 00
        redeem A 300 040=P as=paid         -> 10 used=100
        reverse A 300 of=paid final=50     -> 00 used=50 value=50
        inquiry A                          -> 00 balance=50
    """,
    "of a redemption": """
        earn A 50000                       -> 00
        redeem A 300 as=paid               -> 00 balance=200
        reverse A 300 of=paid final=100    -> 00 used=200 value=200
        inquiry A                          -> 00 balance=400
    """,
    "the sale stands at its final amount": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=600   -> 00 earned=-4
        refund A 601 of=sale               -> 13 reason=ABOVE_ORIGINAL
        refund A 600 of=sale               -> 00 earned=-6 owed=600 balance=0
    """,
    "a further one finds it reversed": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=600   -> 00 earned=-4
        reverse A 1000 of=sale             -> 00 earned=0
        reverse A 1000 of=sale final=100   -> 00 earned=0
        inquiry A                          -> 00 balance=6
    """,
    "above the original": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=1001  -> 13 reason=ABOVE_ORIGINAL
        inquiry A                          -> 00 balance=10
        reverse A 1000 of=sale             -> 00 earned=-10
    """,
    "above the original, as an advice": """
        earn A 1000 as=sale                         -> 00
        reverse A 1000 of=sale final=1001 mti=0420  -> 00 earned=0
        inquiry A                                   -> 00 balance=10
    """,
    "not a number": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale de95=00000000060x000000000000000000000000000000 -> 30 de44=095
        inquiry A                          -> 00 balance=10
    """,
}  # fmt: skip

EARLY = {
    "the request comes later": """
        later earn A 1000 as=sale          ->
        reverse A 1000 of=sale             -> 00 earned=0
        send sale                          -> 12
        again sale mti=0201                -> 12 same=sale
        inquiry A                          -> 00 balance=0
    """,
    "the advice comes later": """
        later earn A 1000 mti=0220 as=sale ->
        reverse A 1000 of=sale mti=0420    -> 00
        send sale                          -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "a redemption": """
        earn A 50000                       -> 00
        later redeem A 300 as=paid         ->
        reverse A 300 of=paid              -> 00 used=0
        send paid                          -> 12
        inquiry A                          -> 00 balance=500
    """,
    "a partial one refuses too": """
        later earn A 1000 as=sale          ->
        reverse A 1000 of=sale final=600   -> 00
        send sale                          -> 12
        inquiry A                          -> 00 balance=0
    """,
    "by its own DE 11 and another card": """
        later earn A 1000 as=sale          ->
        reverse B 1000 key=sale            -> 00 earned=0
        send sale                          -> 00 earned=+10
    """,
    "repeated": """
        later earn A 1000 as=sale          ->
        reverse A 1000 of=sale as=undo     -> 00
        again undo mti=0401                -> 00 same=undo
        send sale                          -> 12
        again undo                         -> 00 same=undo
    """,
    "the refused request's advice is that request": """
        later earn A 1000 as=sale          ->
        reverse A 1000 of=sale             -> 00
        send sale                          -> 12
        again sale mti=0220                -> 00 de38=- de54=-
        inquiry A                          -> 00 balance=0
    """,
    "by its own DE 11 and card": """
        later earn A 1000 as=sale          ->
        reverse A 1000 key=sale            -> 00 earned=0
        send sale                          -> 12
        inquiry A                          -> 00 balance=0
    """,
    "only the named terminal's request is refused": """
        later earn A 1000 as=sale at=T0000002 ->
        reverse A 1000 of=sale             -> 00 earned=0
        send sale                          -> 00 earned=+10
    """,
    "the refused request has no 38, and is not there for a refund": """
        later earn A 1000 as=sale          ->
        reverse A 1000 of=sale             -> 00
        send sale                          -> 12 de38=- de54=-
        refund A 400 of=sale               -> 25
    """,
    "before the card: 12, not 14": """
        later earn ? 1000 as=sale          ->
        reverse ? 1000 of=sale             -> 00
        send sale                          -> 12
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", FULL.values(), ids=FULL)
def test_full_reversal(check: Check, text: str) -> None:
    """Whatever a REVERSAL finds it is answered 00, save one of a REVERSAL (12 to the request)."""
    check(text)


@pytest.mark.parametrize("text", PARTIAL.values(), ids=PARTIAL)
def test_partial_reversal(check: Check, text: str) -> None:
    """DE 95 is the new final amount; the rest is taken back as a REFUND of the difference."""
    check(text)


@pytest.mark.parametrize("text", EARLY.values(), ids=EARLY)
def test_early_reversal(check: Check, text: str) -> None:
    """A reversal that overtakes its original is remembered."""
    check(text)
