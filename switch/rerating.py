"""Sets right what sales earned while a wrong rule was in force: rates them by another version, and books it.

A plan is made beside the running switch, sale by sale in order of time. Each line of it becomes an entry of
its own that names its sale and links to it, so that whatever is returned later is rated by the version that
the sale stands under then. What is taken back is taken as a refund takes it: from the lots of the sale first,
then from others, then as the programme says of who has no longer what he should give back.

Limits and budgets keep what they counted: who was wrongly limited once is not limited again for it.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, Self

from ledger.account import AccountId, AccountKind, PostingReason, account
from ledger.entry import NO_LOT
from rules.evaluate import evaluate
from rules.experiment import arms_of
from rules.programme import Programme, Shortfall
from rules.replay import Past, Places, rate
from switch.booking import Booking
from switch.case import Moment
from switch.corrections import CorrectionPolicy, Warrant
from switch.enactment import Restorer
from switch.outcome import Link, Record
from switch.past import PastSale, People, past_sales
from switch.postings import Draft
from switch.programmes import part_told
from switch.recall import Recall
from switch.returns import RERATE, kept_facts, points_kept
from switch.standing import Standing
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

_ISSUE: Final = account(AccountKind.ISSUE)
_EARNING: Final = frozenset({PostingReason.EARN, PostingReason.REEARN})


class Line(NamedTuple):
    """A sale that earned otherwise than it should have.

    Attributes:
        seq, rrn: Of the sale.
        owner: Whose accounts; ``None`` when its points wait on suspense.
        whole: What all of it should have earned.
        stands: What of its points stands now, after refunds.
        should: What should stand.
    """

    seq: int
    rrn: str
    owner: int | None
    whole: int
    stands: int
    should: int

    @property
    def difference(self) -> int:
        """What is to be given, or taken when negative."""
        return self.should - self.stands

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """What an order says: seq, whole, stands, should."""
        seq, whole, stands, should = (int(each) for each in values)
        return cls(seq, "", None, whole, stands, should)


class Plan:
    """Finds the sales that *programme* would have rated otherwise.

    Args:
        database: The books, to be read.
        programme: By which the sales are rated now.
        rule: Sales count that it gave something, or would give.
    """

    def __init__(self, database: sqlite3.Connection, programme: Programme, rule: str) -> None:
        self._database = database
        self._reader = Recall(database)
        self._programme = programme
        self._rule = rule
        self._then = Restorer(self._reader, programme)
        self._people = People(database)
        self._standing = Standing(database, [programme])
        self._more = Places()  # by how much more was counted than at the time

    def lines(self, first: date, last: date) -> Iterator[Line]:
        """The lines of the sales of the days from *first* to *last*, both included, in order."""
        for sale in past_sales(self._database, first, last):
            record = self._reader.by_seq(sale.seq)
            assert record is not None
            line = self._line(sale, record)
            if line is not None and line.difference:
                yield line

    def _line(self, sale: PastSale, record: Record) -> Line | None:
        past, programme = sale.past, self._programme.part(sale.programme)
        if programme is None:
            return None
        facts = past.facts
        counting = programme.counting
        version = record.programme_version
        assert version is not None
        whole = self._then(version)
        then = whole.part(sale.programme) or whole
        before, _, grown, _ = rate(then, past)
        self._standing.tell(sale)
        if past.member is not None:
            self._people.tell(past)
            if "arms" in programme.asks:
                facts.arms = arms_of(programme, past.member)
        if counting is not None:
            counters = dict(facts.counters)
            for name, more in counting.values(past.whose, past.day, self._more, self._more.tally):
                counters[name] = counters.get(name, 0) + more
            facts.counters = tuple(sorted((name, count) for name, count in counters.items() if count))
        award, _, growth, _ = rate(programme, past)
        if counting is not None:
            changes = {
                each: growth.get(each, 0) - grown.get(each, 0) for each in growth.keys() | grown.keys()
            }
            for place, by in counting.places(changes, past.whose, past.day):
                self._more.add(place, by)
        gave = {rule for rule, _ in (*before.parts, *award.parts)} | _told(record.rules)
        if self._rule not in gave:
            return None
        return Line(
            seq=sale.seq,
            rrn=record.rrn,
            owner=sale.owner,
            whole=award.points,
            stands=record.earned - record.clawed,
            should=self._kept(record, past, award.points, programme),
        )

    def _kept(self, record: Record, past: Past, whole: int, programme: Programme) -> int:
        """What the part of the sale that was not returned earns, of *whole*."""
        if not record.refunded_minor:
            return whole
        total_minor = record.covered_minor - record.discount_minor
        kept_minor = total_minor - record.refunded_minor
        kept = kept_facts(self._reader, record, past.facts)
        if kept is None:
            return whole * kept_minor // total_minor if total_minor else 0
        return points_kept(programme, evaluate(programme, kept), kept_minor)


def _stands(sale: Record) -> bool:
    """Whether *sale* was neither voided nor reversed as a whole."""
    return not sale.undone or sale.final_minor is not None


def _told(rules: str) -> set[str]:
    """The rules that a decision's trace names."""
    return {part.rpartition(" ")[0] for part in rules.split("; ")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerate:
    """Book some *lines* of a plan.

    Attributes:
        rule: Which was wrong.
        version: By which the sales stand from now on.
        programme: In force: points that are given last as those earned today.
        total: Points that the whole plan moves, given and taken; it decides whether a second person must
            have checked it.
    """

    lines: Sequence[Line]
    rule: str
    total: int
    version: str
    programme: Programme
    warrant: Warrant
    policy: CorrectionPolicy
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: how many were booked, what was given and taken, and how many had changed since the plan.

        Raises:
            LoyaltyError: The warrant does not suffice.
        """
        moved = sum(abs(line.difference) for line in self.lines)
        if moved:
            self.warrant.check(max(moved, self.total), self.policy)
        booking = Booking(worksheet, moment, self.sequence, self.version)
        told = {"booked": 0, "given": 0, "taken": 0, "changed": 0}
        for line in self.lines:
            sale = worksheet.by_seq(line.seq)
            if sale is None or not _stands(sale) or sale.earned - sale.clawed != line.stands:
                told["changed"] += 1  # somebody returned goods meanwhile, or it was booked before
                continue
            if line.difference:
                self._book(booking, sale, line)
                told["booked"] += 1
                told["given"] += max(line.difference, 0)
                told["taken"] += max(-line.difference, 0)
        return Change(result=told, outcomes=booking.outcomes)

    def _book(self, booking: Booking, sale: Record, line: Line) -> None:
        worksheet, points = booking.worksheet, line.difference
        said = self.warrant
        earlier = sum(
            entry is not None and entry.operation == RERATE
            for entry in (worksheet.by_seq(link.seq) for link in worksheet.links_to(sale.seq))
        )
        slip = booking.slip(
            RERATE, f"rerate|{sale.seq}|{earlier}", self.version, self.rule, line.whole, points,
            said.reason, said.by, said.checked_by,
        )  # fmt: skip
        assert slip.told is None  # the sale would stand otherwise
        book = None if sale.owner is None else worksheet.book(sale.owner)
        draft = _RerateDraft(slip.seq, book, booking.today, booking.moment.now)
        programme = self.programme.part(part_told(sale.rules)) or self.programme
        draft.value = programme.redemption.value
        postings = worksheet.postings(sale.seq)
        lots = [posting.lot for posting in postings if posting.reason in _EARNING]
        if points > 0:
            lot = worksheet.lots(lots[:1]).get(lots[0]) if lots else None
            draft.earn_again(points, lot, *programme.lot_dates(booking.today))
        else:
            absorb = programme.refund.shortfall is Shortfall.ABSORB
            draft.claw_back(-points, lots, absorb=absorb)
        partner = next((each.debit for each in postings if each.reason is PostingReason.PARTNER_FUNDS), None)
        if partner is not None:
            draft.fund(partner, points)
        told = {"sale": sale.rrn, "rule": self.rule, "points": points, "whole": line.whole, **said.told}
        booking.book(
            slip,
            told,
            card=None if sale.card_id is None else worksheet.card(sale.card_id),
            owner=sale.owner,
            drafts=[draft],
            amount=abs(points),
            earned=points,
            original=sale.seq,
            rules=f"{self.rule} {points:+}",
            links=(Link(seq=slip.seq, original=sale.seq, clawed=-points),),
        )


class _RerateDraft(Draft):
    """The postings of one line."""

    def fund(self, partner: AccountId, points: int) -> None:
        """The partner who bears the sale bears *points* more; negative: he has them again."""
        if points > 0:
            self._post(partner, _ISSUE, points, NO_LOT, PostingReason.PARTNER_FUNDS)
        else:
            self._post(_ISSUE, partner, -points, NO_LOT, PostingReason.PARTNER_FUNDS_BACK)
