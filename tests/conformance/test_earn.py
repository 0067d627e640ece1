"""EARN: request, advice, with points for a part, with a basket; the money tags and the tickets."""

import itertools

import pytest

from tests.conformance import arithmetic
from tests.conformance.answers import check_answer
from tests.conformance.conftest import Check
from tests.conformance.till import Link, Till

AMOUNTS = (1, 99, 100, 101, 199, 200, 1999, 123_456, 99_999_999)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_sale_earns_by_the_full_euro(link: Link, till: Till, card: str, amount: int) -> None:
    """050, 062, 052 and DE 54 of a plain sale, to the byte."""
    request = till.message("earn", card=card, amount=amount)
    answer = link.ask(request)
    check_answer(request, answer)
    points = arithmetic.earned(arithmetic.earn_base(amount))
    assert answer.code == "00"
    assert answer.tag("050") == f"C{points:012d}"
    assert answer.tag("052") == f"C{points:012d}"
    assert answer.tag("062") == f"{amount:012d}"
    assert answer.element(54) == f"9002999C{points:012d}9001999C{points:012d}"


STORIES = {
    "two sales add up": """
        earn A 1999            -> 00 earned=+19 owed=1999 balance=19
        earn A 250             -> 00 earned=+2 owed=250 balance=21
    """,
    "another DE 3 of the same operation": """
        earn A 500 pc=000030   -> 00 earned=+5 de3=000030
        earn A 500 pc=001000   -> 00 earned=+5
        earn A 500 pc=005599   -> 00 earned=+5
    """,
    "the euro said aloud": """
        earn A 500 de49=978    -> 00 earned=+5 de49=978
    """,
    "a sale that is worth nothing is approved": """
        earn A 99              -> 00 earned=0 owed=99 balance=0
    """,
    "an advice books and answers as the sale would": """
        earn A 1999 mti=0220   -> 00 earned=+19 owed=1999 balance=19 de38=*
        inquiry A              -> 00 balance=19
    """,
    "an approval that books has an authorization code": """
        earn A 500             -> 00 de38=*
        inquiry A              -> 00 de38=-
        quote A 500            -> 00 de38=-
    """,
    "part of the ticket is paid with points": """
        earn A 50000           -> 00 balance=500
        earn A 1000 020=300    -> 00 used=300 value=300 owed=700 earned=+7 balance=207
        earn A 1000 020=207    -> 00 used=207 value=207 owed=793 earned=+7 balance=7
    """,
    "no points used is a plain sale": """
        earn A 50000           -> 00 balance=500
        earn A 1000 020=0      -> 00 used=0 value=0 owed=1000 earned=+10 balance=510
    """,
    "leading zeros in 020": """
        earn A 50000           -> 00 balance=500
        earn A 1000 020=000000000300 -> 00 used=300 owed=700
    """,
    "the whole ticket with points earns nothing": """
        earn A 50000           -> 00 balance=500
        earn A 500 020=500     -> 00 used=500 value=500 owed=0 earned=0 balance=0
    """,
    "what this sale earns does not pay it": """
        earn A 10000 020=1     -> 51 reason=NOT_SUFFICIENT_POINTS
        inquiry A              -> 00 balance=0
    """,
    "too few points book nothing, the earning included": """
        earn A 10000           -> 00 balance=100
        earn A 1000 020=101    -> 51 reason=NOT_SUFFICIENT_POINTS
        inquiry A              -> 00 balance=100
    """,
    "more than the ticket is above the programme's share": """
        earn A 200000          -> 00 balance=2000
        earn A 1000 020=1001   -> 61 reason=ABOVE_LIMIT
        inquiry A              -> 00 balance=2000
    """,
    "with P too few points are taken as far as they go": """
        earn A 10000                 -> 00 balance=100
        earn A 1000 020=300 040=P    -> 10 used=100 owed=900 earned=+9 balance=9 de4=000000001000
    """,
    "with P the share of the ticket is taken": """
        earn A 200000                -> 00 balance=2000
        earn A 1000 020=1500 040=P   -> 10 used=1000 value=1000 owed=0 earned=0 balance=1000 de4=000000001000
    """,
    "with P, but nothing can be covered": """
        earn A 1000 020=300 040=P    -> 51 reason=NOT_SUFFICIENT_POINTS
        inquiry A                    -> 00 balance=0
    """,
    "P changes nothing where the points suffice": """
        earn A 50000                 -> 00 balance=500
        earn A 1000 020=300 040=P    -> 00 used=300 owed=700 earned=+7
    """,
    "a terminal whose register says P": """
        earn A 10000                         -> 00 balance=100
        earn A 1000 020=300 at=PARTIAL1      -> 10 used=100 owed=900
    """,
    "040 of the message replaces the register's column": """
        earn A 10000                         -> 00 balance=100
        earn A 1000 020=300 at=PARTIAL1 040=D -> 51
    """,
    "a basket earns its sum": """
        earn A = lines=milk:199,wine:800     -> 00 earned=+9 owed=999 balance=9
    """,
    "lines without points": """
        earn A = lines=milk:550,tobacco:449!N -> 00 earned=+5 owed=999 balance=5
    """,
    "a line that was discounted already still earns": """
        earn A = lines=milk:550!D,wine:450   -> 00 earned=+10 owed=1000
    """,
    "a returned line inside a sale": """
        earn A = lines=milk:550,bottles:-50  -> 00 earned=+5 owed=500
    """,
    "a basket that sums to zero may be 0": """
        earn A 0 lines=milk:550,voucher:-550 -> 00 earned=0 owed=0 balance=0
    """,
    "a basket with points for a part": """
        earn A 50000                                 -> 00 balance=500
        earn A = lines=milk:199,wine:800 020=300     -> 00 used=300 owed=699 earned=+6 balance=206
    """,
    "a coupon never declines the sale": """
        earn A 1000 021=NOSUCHCOUPON         -> 00 earned=+10 owed=1000
    """,
    "points are no currency of a sale": """
        earn A 1000 de49=999                 -> 13 reason=CURRENCY_NOT_ACCEPTED
        quote A 1000 de49=999                -> 13 reason=CURRENCY_NOT_ACCEPTED
        refund A 1000 de49=999               -> 13 reason=CURRENCY_NOT_ACCEPTED
    """,
    "the largest amount": """
        earn A 999999999999                  -> 00 earned=9999999999 owed=999999999999 balance=9999999999
        redeem A 999999999999                -> 51
        earn A 1000 020=999999999999         -> 61
    """,
    "unknown tags are ignored": """
        earn A 1000 777=whatever 099=        -> 00 earned=+10
    """,
    "an advice takes no more points than there are": """
        earn A 10000                         -> 00 balance=100
        earn A 1000 020=300 mti=0220         -> 00
        redeem A 100000                      -> 51
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_earn(check: Check, text: str) -> None:
    """Requests and advices, points for a part, P, baskets, flags and coupons."""
    check(text)


TICKETS = {
    "a redemption of the same ticket earns nothing": """
        earn A 50000                 -> 00 balance=500
        redeem A 300 023=R1          -> 00 used=300 owed=0 balance=200
        earn A 1000 023=R1           -> 00 earned=+7 owed=1000 balance=207
    """,
    "two redemptions of one ticket": """
        earn A 50000                 -> 00 balance=500
        redeem A 100 023=R2          -> 00
        redeem A 250 023=R2          -> 00
        earn A 1000 023=R2           -> 00 earned=+6 owed=1000
    """,
    "a ticket is no card's: another member may pay it": """
        earn B 50000                 -> 00 balance=500
        redeem B 300 023=R10         -> 00 used=300
        quote A 1000 023=R10         -> 00 earned=+7 owed=1000
        earn A 1000 023=R10          -> 00 earned=+7 owed=1000 balance=7
    """,
    "another ticket number": """
        earn A 50000                 -> 00 balance=500
        redeem A 300 023=R3          -> 00
        earn A 1000 023=R4           -> 00 earned=+10
    """,
    "a ticket belongs to its terminal": """
        earn A 50000                         -> 00 balance=500
        redeem A 300 023=R5                  -> 00
        earn A 1000 023=R5 at=T0000002       -> 00 earned=+10
    """,
    "a reversed redemption covers nothing": """
        earn A 50000                         -> 00 balance=500
        redeem A 300 023=R6 as=paid          -> 00
        reverse A 300 of=paid                -> 00 used=300
        earn A 1000 023=R6                   -> 00 earned=+10
    """,
    "a redemption cut down under P counts as far as it covered": """
        earn A 10000                         -> 00 balance=100
        redeem A 300 023=R7 040=P            -> 10 used=100 owed=200 de4=000000000100
        earn A 1000 023=R7                   -> 00 earned=+9 owed=1000
    """,
    "the tender that repeats the redemption counts once": """
        earn A 50000                                         -> 00 balance=500
        redeem A 300 023=R8                                  -> 00
        earn A 1000 023=R8 031=PNTS000000000300              -> 00 earned=+7 owed=1000
    """,
    "the tender counts as far as it exceeds the redemption": """
        earn A 50000                                         -> 00 balance=500
        redeem A 300 023=R9                                  -> 00
        earn A 1000 023=R9 031=PNTS000000000450              -> 00 earned=+5 owed=1000
    """,
    "the tender counts as far as it exceeds 063": """
        earn A 50000                                         -> 00 balance=500
        earn A 1000 020=300 031=PNTS000000000300             -> 00 earned=+7 owed=700 used=300
        earn B 50000                                         -> 00 balance=500
        earn B 1000 020=300 031=PNTS000000000500             -> 00 earned=+5 owed=700 used=300
    """,
    "points and certificates are subtracted together": """
        earn A 1000 031=PNTS000000000200 031=CERT000000000150 -> 00 earned=+6 owed=1000
    """,
    "a certificate tender": """
        earn A 1000 031=CERT000000000200                     -> 00 earned=+8 owed=1000
    """,
    "cash and cards earn": """
        earn A 1000 031=CASH000000000400 031=CARD000000000600 -> 00 earned=+10 owed=1000
        earn A 1000 031=CARD000000000600453201 031=OTHR000000000400 -> 00 earned=+10
        earn A 1000 031=CARD00000000060045320151              -> 00 earned=+10
    """,
    "a tender above the ticket takes the base to zero, not below": """
        earn A 1000 031=CERT000000005000                     -> 00 earned=0 owed=1000 balance=0
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", TICKETS.values(), ids=TICKETS)
def test_tickets_and_tenders(check: Check, text: str) -> None:
    """The earn base: 062 less what points and certificates covered, by message or tender, counted once."""
    check(text)


COMBINATIONS = list(itertools.product((1000, 1999), (0, 300), (0, 250), (0, 200, 700)))


@pytest.mark.parametrize(("amount", "used", "covered", "tender"), COMBINATIONS)
def test_earn_base_arithmetic(
    link: Link, till: Till, card: str, amount: int, used: int, covered: int, tender: int
) -> None:
    """Every mixture of 020, a REDEEM of the ticket and a PNTS tender earns what the page's formula says."""
    ticket = ("023", f"C{till.message('inquiry').elements[11]}")
    assert link.ask(till.message("earn", card=card, amount=100_000)).code == "00"
    if covered:
        assert link.ask(till.message("redeem", card=card, amount=covered, values=[ticket])).code == "00"
    values = [ticket]
    if used:
        values.append(("020", str(used)))
    if tender:
        values.append(("031", f"PNTS{tender:012d}"))
    answer = link.ask(till.message("earn", card=card, amount=amount, values=values))
    base = arithmetic.earn_base(amount, used_points=used, covered_minor=covered, tender_minor=tender)
    assert answer.code == "00"
    assert answer.figure("050") == arithmetic.earned(base)
    assert answer.figure("062") == arithmetic.owed(amount, used)
    assert answer.figure("052") == 1000 - covered - used + arithmetic.earned(base)
