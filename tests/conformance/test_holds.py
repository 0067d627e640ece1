"""HOLD and COMPLETE: points are reserved, then taken, in part or not at all."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.conftest import Check
from tests.conformance.till import Link, Till, original

SALES = {
    "of a sale": """
        hold A 1000 as=h                        -> 00 owed=1000 balance=0 ledger=0 de38=*
        complete A 1000 of=h mti=0200           -> 00 earned=10 owed=1000 balance=10 de38=*
    """,
    "that is paid with points": """
        earn A 50000                            -> 00 balance=500
        hold A 1000 020=300 as=h                -> 00 used=300 value=300 owed=700 balance=200 ledger=500
        inquiry A                               -> 00 balance=200 ledger=500
        redeem A 201                            -> 51
        complete A 1000 of=h                    -> 00 earned=7 used=300 owed=700 balance=207 ledger=207
    """,
    "in part": """
        earn A 50000                            -> 00
        hold A 1000 020=300 as=h                -> 00
        complete A 200 of=h                     -> 00 used=200 owed=0 earned=0 balance=300 ledger=300
    """,
    "with 020 above the balance": """
        earn A 1000                             -> 00
        hold A 1000 020=11                      -> 51
        hold A 1000 020=11 040=P                -> 10 used=10 owed=990 balance=0 ledger=10 de4=000000001000
    """,
    "released by 0": """
        earn A 50000                            -> 00
        hold A 1000 020=300 as=h                -> 00 balance=200
        complete A 0 of=h                       -> 00 balance=500 ledger=500
    """,
    "is what a REFUND names": """
        hold A 1000 as=h                        -> 00
        complete A 1000 of=h as=c               -> 00 balance=10
        refund A 400 of=h                       -> 12
        refund A 400 of=c                       -> 00 earned=-4 owed=400 balance=6
        refund A 601 of=c                       -> 13
    """,
    "with a basket": """
        hold A = lines=a:500,b:500!N as=h       -> 00 owed=1000
        complete A 1000 of=h                    -> 00 earned=5
        hold A = lines=a:500,b:500!N as=h       -> 00
        complete A = of=h lines=a:500,b:400 mti=0200 -> 00 earned=9
        hold A = lines=a:500,b:500!N as=h       -> 00
        complete A 900 of=h lines=a:500,b:500 mti=0200 -> 13 reason=BASKET_OUT_OF_BALANCE
        hold A 900 lines=a:500,b:500            -> 13 reason=BASKET_OUT_OF_BALANCE
    """,
}  # fmt: skip

POINTS = {
    "whole": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00 used=300 value=300 owed=0 balance=200 ledger=500 de38=*
        complete A 300 of=h pc=009000           -> 00 used=300 value=300 owed=0 balance=200 ledger=200
    """,
    "in points": """
        earn A 50000                            -> 00
        hold_points A 300 de49=999 as=h         -> 00 used=300 balance=200
        complete A 250 of=h pc=009000 de49=999 mti=0200 -> 00 used=250 balance=250 ledger=250
    """,
    "too few": """
        earn A 1000                             -> 00
        hold_points A 11                        -> 51
        hold_points A 11 040=P as=h             -> 10 de4=000000000010 used=10 owed=1 balance=0 ledger=10
        complete A 11 of=h pc=009000 mti=0200   -> 13 reason=ABOVE_ORIGINAL
        complete A 10 of=h pc=009000 mti=0200   -> 00 used=10 ledger=0
    """,
    "by DE 38": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        redeem B 300 of=h by=38                 -> 51
        redeem A 100 of=h by=38 as=c            -> 00 used=100 balance=400 ledger=400
        again c                                 -> 00 same=c
        redeem A 100 of=h by=38                 -> 00 used=100 balance=300
    """,
    "by DE 38, released": """
        earn A 50000                            -> 00
        hold A 1000 020=300 as=h                -> 00 balance=200
        earn A 0 of=h by=38 as=c                -> 00 balance=500
        again c                                 -> 00 same=c
        again c mti=0220                        -> 00
        earn A 0 of=h by=38                     -> 13
    """,
    "of a phone number": """
        hold_points - 1 010=PHON34600111222     -> 57
        hold - 1 010=PHON34600111222            -> 57
    """,
}  # fmt: skip

ONCE = {
    "twice": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        complete A 300 of=h pc=009000 mti=0200 as=c -> 00 balance=200
        again c                                 -> 00 same=c
        complete A 300 of=h pc=009000 mti=0200  -> 12
        complete A 300 of=h pc=009000           -> 00 used=0 balance=200
        complete A 0 of=h pc=009000 mti=0200    -> 12
    """,
    "above what is held": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        complete A 301 of=h pc=009000 mti=0200  -> 13 reason=ABOVE_ORIGINAL
        complete A 301 of=h pc=009000           -> 00 balance=200 ledger=500
        complete A 300 of=h pc=009000           -> 00 used=300 balance=200 ledger=200
    """,
    "of another card, kind or thing": """
        earn A 50000 as=sale                    -> 00
        hold_points A 300 as=h                  -> 00
        complete B 300 of=h pc=009000 mti=0200  -> 25
        complete A 300 of=h mti=0200            -> 12
        quote A 100 as=q                        -> 00
        complete A 100 of=q mti=0200            -> 25
        complete - 300 of=h pc=009000 mti=0200  -> 00 used=300
    """,
    "of what was declined": """
        hold_points A 300 as=h                  -> 51
        complete A 300 of=h pc=009000 mti=0200  -> 25
        complete A 300 of=h pc=009000           -> 00 used=0 owed=300 balance=0
    """,
    "an advice of what never was": """
        earn A 50000                            -> 00
        later hold_points A 300 as=h            ->
        complete A 300 of=h pc=009000           -> 00 used=300 balance=200
        complete A 300 of=h pc=009000           -> 00 used=200 owed=100 balance=0
        later hold A 1000 as=s                  ->
        complete A 1000 of=s                    -> 00 earned=10 balance=10
        complete ? 1000 of=s                    -> 00
    """,
    "repeated": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00 balance=200
        again h                                 -> 00 same=h
        again h mti=0101                        -> 00 same=h
        again h de4=000000000301                -> 94
        inquiry A                               -> 00 balance=200 ledger=500
    """,
}  # fmt: skip

UNDONE = {
    "a hold reversed": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        reverse A 300 of=h                      -> 00 used=300 balance=500 ledger=500 de38=-
        reverse A 300 of=h                      -> 00 balance=500
        complete A 300 of=h pc=009000 mti=0200  -> 12 reason=ALREADY_REVERSED
        complete A 300 of=h pc=009000           -> 00 balance=500
    """,
    "a hold reversed in part": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        reverse A 300 of=h final=301            -> 13
        reverse A 300 of=h final=100            -> 00 used=200 balance=400 ledger=500
        complete A 101 of=h pc=009000 mti=0200  -> 13
        complete A 100 of=h pc=009000 mti=0200  -> 00 used=100 balance=400 ledger=400
    """,
    "a hold voided": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        void A - of=h at=T0000002               -> 25
        void A - of=h                           -> 00 used=300 balance=500
        void A - of=h                           -> 12
    """,
    "a completion reversed": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        complete A 300 of=h pc=009000 as=c      -> 00 balance=200
        reverse A 300 of=c                      -> 00 used=300 balance=500 ledger=500
        complete A 300 of=h pc=009000 mti=0200  -> 12
    """,
    "a completion reversed in part": """
        hold A 1000 as=h                        -> 00
        complete A 1000 of=h as=c               -> 00 balance=10
        reverse A 1000 of=c final=400           -> 00 earned=-6 balance=4
        refund A 401 of=c                       -> 13
    """,
    "a completion voided": """
        hold A 1000 as=h                        -> 00
        complete A 1000 of=h as=c               -> 00 balance=10
        void A - of=c                           -> 00 earned=-10 balance=0
    """,
    "a completed hold is not reversed": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        complete A 300 of=h pc=009000           -> 00 balance=200
        reverse A 300 of=h                      -> 00 balance=200
        void A - of=h                           -> 12
    """,
    "a hold overtaken by its reversal": """
        earn A 50000                            -> 00
        later hold_points A 300 as=h            ->
        reverse A 300 of=h                      -> 00
        send h                                  -> 12 reason=ALREADY_REVERSED
        inquiry A                               -> 00 balance=500 ledger=500
    """,
    "a completion overtaken": """
        earn A 50000                            -> 00
        hold_points A 300 as=h                  -> 00
        later complete A 300 of=h pc=009000 as=c ->
        reverse A 300 of=c                      -> 00
        send c                                  -> 00
        inquiry A                               -> 00 balance=200 ledger=500
    """,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [*SALES.values(), *POINTS.values(), *ONCE.values(), *UNDONE.values()],
    ids=[*SALES, *POINTS, *ONCE, *UNDONE],
)
def test_holds(check: Check, text: str) -> None:
    """A hold is resolved once, and what of it is not needed is free again.

    Readings: a hold that is resolved, whatever became of its resolution, is not completed again (12); a
    COMPLETE with another DE 3 than its hold's is another kind (12); a hold that is reversed in part stays
    open with what is left of it.
    """
    check(text)


def test_a_hold_tells_until_when_it_is_kept(link: Link, till: Till, card: str) -> None:
    """066 is an instant of UTC in the future, and the repeat tells the same."""
    request = till.message("hold", card=card, amount=1000)
    answer = link.ask(request)
    check_answer(request, answer)
    assert re.fullmatch(r"20\d{12}", answer.tag("066"))
    until = datetime.strptime(answer.tag("066"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert datetime.now(UTC) < until < datetime.now(UTC) + timedelta(days=366)
    assert link.ask(request).tag("066") == answer.tag("066")


def test_the_status_of_the_card_is_not_looked_at(link: Link, till: Till, card: str) -> None:
    """A COMPLETE without any card, and from another terminal, is found by its DE 90 alone."""
    hold = till.message("hold", card=card, amount=1000)
    link.ask(hold)
    other = Till("T0000002", iter(range(700_000, 700_100)))
    completion = other.message("complete", amount=1000, elements={90: original(hold)})
    answer = link.ask(completion)
    check_answer(completion, answer)
    assert (answer.code, answer.figure("050")) == ("00", 10)
