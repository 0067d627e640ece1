"""REFUND: whole and in part, with and without lines, with points in the payment, without an original."""

import pytest

from tests.conformance import arithmetic
from tests.conformance.conftest import Check
from tests.conformance.till import Link, Till, original

STORIES = {
    "a whole sale": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 1000 of=sale              -> 00 earned=-10 used=0 owed=1000 balance=0 de38=*
    """,
    "in two parts": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 400 of=sale               -> 00 earned=-4 owed=400 balance=6
        refund A 350 of=sale               -> 00 earned=-4 owed=350 balance=2
        refund A 250 of=sale               -> 00 earned=-2 owed=250 balance=0
    """,
    "parts round for the member's kept part": """
        earn A 1999 as=sale                -> 00 balance=19
        refund A 500 of=sale               -> 00 earned=-5 owed=500 balance=14
        refund A 1499 of=sale              -> 00 earned=-14 owed=1499 balance=0
    """,
    "a sale that earned nothing": """
        earn A 99 as=sale                  -> 00 balance=0
        refund A 99 of=sale                -> 00 earned=0 owed=99 balance=0
    """,
    "above the sale": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 1001 of=sale              -> 13 reason=ABOVE_ORIGINAL
        inquiry A                          -> 00 balance=10
    """,
    "together above the sale": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 600 of=sale               -> 00 earned=-6
        refund A 401 of=sale               -> 13 reason=ABOVE_ORIGINAL
        refund A 400 of=sale               -> 00 earned=-4 balance=0
    """,
    "in another store": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 1000 of=sale at=T0000002  -> 00 earned=-10 balance=0
    """,
    "by the receipt's number in 013": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 1000 of=sale by=013 at=T0000003 -> 00 earned=-10 balance=0
    """,
    "by DE 37": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 1000 of=sale by=37        -> 00 earned=-10 balance=0 de37=*
    """,
    "of a sale that came as an advice": """
        earn A 1000 mti=0220 as=sale       -> 00 balance=10
        refund A 1000 of=sale              -> 00 earned=-10 balance=0
    """,
    "as an advice": """
        earn A 1000 as=sale                -> 00 balance=10
        refund A 400 of=sale mti=0220      -> 00 earned=-4 owed=400 balance=6
    """,
    "a refund needs no card when it names its original": """
        earn A 1000 as=sale                -> 00 balance=10
        refund - 400 of=sale               -> 00 earned=-4 owed=400
        inquiry A                          -> 00 balance=6
    """,
    "nothing is refunded": """
        earn A 1000 as=sale                -> 00
        refund A 0 of=sale                 -> 13 reason=AMOUNT_NOT_ALLOWED
    """,
    "without an original the base rate of DE 4 goes back": """
        earn A 50000                       -> 00 balance=500
        refund A 1999                      -> 00 earned=-19 owed=1999 balance=481
    """,
    "without an original and without points": """
        refund A 1999                      -> 00 earned=-19 owed=1999 balance=-19
    """,
    "points of 020 come back first": """
        earn A 50000                       -> 00 balance=500
        earn A 1000 020=300 as=sale        -> 00 earned=+7 owed=700 balance=207
        refund A 400 of=sale               -> 00 earned=-3 used=300 value=300 owed=100 balance=504
        refund A 600 of=sale               -> 00 earned=-4 used=0 owed=600 balance=500
    """,
    "fewer goods than points": """
        earn A 50000                       -> 00 balance=500
        earn A 1000 020=300 as=sale        -> 00 balance=207
        refund A 200 of=sale               -> 00 earned=-2 used=200 value=200 owed=0 balance=405
        refund A 200 of=sale               -> 00 earned=-1 used=100 value=100 owed=100 balance=504
    """,
    "the whole of a sale with 020": """
        earn A 50000                       -> 00 balance=500
        earn A 1000 020=300 as=sale        -> 00 balance=207
        refund A 1000 of=sale              -> 00 earned=-7 used=300 value=300 owed=700 balance=500
    """,
    "points of the ticket's redemption come back first": """
        earn A 50000                       -> 00 balance=500
        redeem A 300 023=F1                -> 00 balance=200
        earn A 1000 023=F1 as=sale         -> 00 earned=+7 balance=207
        refund A 400 of=sale               -> 00 earned=-3 used=300 value=300 owed=100 balance=504
    """,
    "points come back to the member who paid with them": """
        earn A 50000                       -> 00 balance=500
        earn B 50000                       -> 00 balance=500
        redeem B 300 023=F2                -> 00 balance=200
        earn A 1000 023=F2 as=sale         -> 00 earned=+7 balance=507
        refund A 400 of=sale               -> 00 earned=-3 used=300 owed=100
        inquiry A                          -> 00 balance=504
        inquiry B                          -> 00 balance=500
    """,
    "of a sale that was approved in part": """
        earn A 10000                       -> 00 balance=100
        earn A 1000 020=300 040=P as=sale  -> 10 used=100 earned=+9
        refund A 1000 of=sale              -> 00 earned=-9 used=100 owed=900 balance=100
    """,
    "the original is a redemption": """
        earn A 50000                       -> 00 balance=500
        redeem A 300 as=paid               -> 00
        refund A 300 of=paid               -> 12
    """,
    "the original is a refund": """
        earn A 1000 as=sale                -> 00
        refund A 400 of=sale as=back       -> 00
        refund A 400 of=back               -> 12
    """,
    "of a redemption, and too much: 12 before 13": """
        earn A 50000                       -> 00
        redeem A 300 as=paid               -> 00
        refund A 9000 of=paid              -> 12
    """,
    "of a declined sale": """
        earn A 1000 020=5 as=sale          -> 51
        refund A 1000 of=sale              -> 25 reason=ORIGINAL_NOT_FOUND
    """,
    "of an inquiry, which is not remembered": """
        inquiry A as=look                  -> 00
        refund A 1000 of=look              -> 25
    """,
    "of a reversed sale": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00
        refund A 400 of=sale               -> 12 reason=ALREADY_REVERSED
        refund A 4000 of=sale              -> 12
    """,
    "of a voided sale": """
        earn A 1000 as=sale                -> 00
        void A - of=sale                   -> 00
        refund A 400 of=sale               -> 12
    """,
    "with another card": """
        earn A 1000 as=sale                -> 00
        refund B 400 of=sale               -> 25
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_refund(check: Check, text: str) -> None:
    """Clawed back = earned - what the kept part earns - clawed back before; points come back first."""
    check(text)


BY_LINES = {
    "the kept lines are rated again": """
        earn A = lines=milk:550,wine:449 as=sale       -> 00 earned=+9
        refund A = lines=wine:449 of=sale              -> 00 earned=-4 owed=449 balance=5
        refund A = lines=milk:550 of=sale              -> 00 earned=-5 owed=550 balance=0
    """,
    "part of a line": """
        earn A = lines=milk*4:800,wine:350 as=sale     -> 00 earned=+11
        refund A = lines=milk*1:200 of=sale            -> 00 earned=-2 owed=200 balance=9
        refund A = lines=milk*2:400 of=sale            -> 00 earned=-4 owed=400 balance=5
    """,
    "part of a line by weight": """
        earn A = lines=cheese*1.250:1500 as=sale       -> 00 earned=+15
        refund A = lines=cheese*0.250:300 of=sale      -> 00 earned=-3 owed=300 balance=12
    """,
    "a line without points takes none": """
        earn A = lines=milk:550,tobacco:449!N as=sale  -> 00 earned=+5
        refund A = lines=tobacco:449!N of=sale         -> 00 earned=0 owed=449 balance=5
    """,
    "an amount only, of a sale with lines": """
        earn A = lines=milk:550,wine:449 as=sale       -> 00 earned=+9
        refund A 449 of=sale                           -> 00 earned=-5 owed=449 balance=4
    """,
    "with points the base is the kept lines less the points still used": """
        earn A 50000                                   -> 00 balance=500
        earn A = lines=milk:550,wine:449 020=300 as=sale -> 00 earned=+6 owed=699 balance=206
        refund A = lines=wine:449 of=sale              -> 00 earned=-1 used=300 value=300 owed=149 balance=505
    """,
    "points that stay used lower the base": """
        earn A 50000                                   -> 00 balance=500
        earn A = lines=milk:550,wine:449 020=500 as=sale -> 00 earned=+4 owed=499 balance=4
        refund A = lines=wine:449 of=sale              -> 00 earned=0 used=449 value=449 owed=0 balance=453
    """,
    "above the sale": """
        earn A = lines=milk:550 as=sale                -> 00 earned=+5
        refund A = lines=milk:551 of=sale              -> 13 reason=ABOVE_ORIGINAL
    """,
    "a basket out of balance": """
        earn A = lines=milk:550 as=sale                -> 00 earned=+5
        refund A 500 lines=milk:550 of=sale            -> 13 reason=BASKET_OUT_OF_BALANCE
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", BY_LINES.values(), ids=BY_LINES)
def test_refund_by_lines(check: Check, text: str) -> None:
    """With lines the kept lines are rated again; without lines of a sale that had some, by proportion.

    Reading of "points still used": 449 of the 500 come back, 51 stay used, the base is 550 - 51 = 499.
    """
    check(text)


@pytest.mark.parametrize("returned", [(1,), (999,), (333, 333, 333), (100, 1, 898), (500, 499)])
@pytest.mark.parametrize("amount", [999, 1234, 10_001])
def test_refund_arithmetic(link: Link, till: Till, card: str, amount: int, returned: tuple[int, ...]) -> None:
    """However a sale is returned in pieces, each takes what the formula says."""
    sale = till.message("earn", card=card, amount=amount)
    points = link.ask(sale).figure("050")
    assert points == arithmetic.earned(amount)
    so_far = taken = 0
    for piece in returned:
        so_far += piece
        refund = till.message("refund", card=card, amount=piece, elements={90: original(sale)})
        answer = link.ask(refund)
        expected = arithmetic.clawed_back(points, amount, so_far, taken)
        assert (answer.code, answer.figure("050"), answer.figure("062")) == ("00", -expected, piece)
        taken += expected
        assert answer.figure("052") == points - taken
