"""The rounds of a business day: walks through everybody and everything, that order what the day brought.

A round is an iterator of small orders. A slice in which nothing is due yields ``None``, so that whoever walks
can make room for others between any two looks. An order is decided on what is there when its turn comes, so
rounds that begin again, after a crash or a restart, book nothing twice and go on where something is left.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from loyalty.card import MemberId
from rules.programme import Programme
from switch.duereader import PAPERS_MAX, ROWS_MAX, START, DueReader, Spot
from switch.lapsing import LapseCertificates, LapseCoupons
from switch.programmes import Programmes
from switch.sweep import Sweep
from switch.tiersweep import SweepTiers
from switch.work import Command, Numbering

HOLDERS_MAX: Final = 20  # members of one order: a rolling window is a year of sums for each

Round = Iterator[Command | None]


def rounds(due: DueReader, programmes: Callable[[], Programmes], sequence: Numbering, day: date) -> Round:
    """Everything that *day* brings: expiry and availability, papers that lapse, and tiers."""
    yield from _lots(due, programmes, sequence, day)
    yield from _certificates(due, programmes, sequence, day)
    yield from _coupons(due, programmes, sequence, day)
    yield from _tiers(due, programmes, sequence)


def _lots(due: DueReader, programmes: Callable[[], Programmes], sequence: Numbering, day: date) -> Round:
    after: Spot | None = START
    while after is not None:
        owners, after = due.lots_due(day, after)
        yield Sweep(owners, programmes(), sequence) if owners else None


def _certificates(
    due: DueReader, programmes: Callable[[], Programmes], sequence: Numbering, day: date
) -> Round:
    after: str | None = ""
    while after is not None:
        after, codes = due.certificates_left(after, PAPERS_MAX, day)
        yield LapseCertificates(codes, sequence, programmes().current.version) if codes else None


def _coupons(due: DueReader, programmes: Callable[[], Programmes], sequence: Numbering, day: date) -> Round:
    after: str | None = ""
    while after is not None:
        after, places = due.coupons_left(after, PAPERS_MAX, day)
        yield LapseCoupons(places, sequence, programmes().current.version) if places else None


def _tiers(due: DueReader, programmes: Callable[[], Programmes], sequence: Numbering) -> Round:
    after: MemberId | None = MemberId(0)
    while after is not None and _qualifies(programmes().current):
        after, holders = due.tier_holders(after, ROWS_MAX)
        for first in range(0, len(holders), HOLDERS_MAX):
            programme = programmes().current
            if _qualifies(programme):
                yield SweepTiers(holders[first : first + HOLDERS_MAX], programme, sequence)
        yield None


def _qualifies(programme: Programme) -> bool:
    """Whether members come into tiers by what they do, in any programme."""
    return any(each.qualification is not None for each in programme.all)
