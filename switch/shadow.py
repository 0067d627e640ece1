"""A programme that decides beside the one in force: nothing is booked, the difference is counted."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from loyalty.card import CardId, MemberId
from loyalty.transaction import Operation
from members.card import Card
from members.profile import Profile
from messages.link import TransactionReceived
from rules.award import Award
from rules.backtest import Backtest
from rules.evaluate import evaluate
from rules.experiment import arms_of
from rules.facts import Facts
from rules.names import categorised
from rules.programme import Programme
from rules.replay import declining
from switch.membership import OF_MEMBER, tell_of_member, tell_traits
from switch.outcome import Outcome, Record
from switch.programmes import part_told
from switch.work import Work

LATEST_MAX: Final = 20  # sales with a difference that are told one by one
_SALE: Final = Operation.EARN.value


class Shadow:
    """Rates sales that were decided, after their answers have left.

    Args:
        profile: What is known of a member, for what nobody asked of him when the sale was decided.
        card: The card with an id, for the same.
    """

    def __init__(
        self,
        profile: Callable[[MemberId], Profile] = lambda _: Profile(),
        card: Callable[[CardId], Card | None] = lambda _: None,
    ) -> None:
        self._profile = profile
        self._card = card
        self._test: Backtest | None = None
        self._latest: deque[Mapping[str, object]] = deque(maxlen=LATEST_MAX)

    def cast(self, candidate: Programme | None) -> list[Programme]:
        """Rate by *candidate* from now on, or by none, and give what is used no more."""
        former = [] if self._test is None else [self._test.candidate]
        self._test = None if candidate is None else Backtest(candidate)
        self._latest.clear()
        return former

    def see(self, works: Sequence[Work]) -> None:
        """Rate what was sold in *works*, which are answered."""
        test = self._test
        if test is None:
            return
        for work in works:
            outcome = work.outcome
            if not isinstance(outcome, Outcome) or outcome.record is None or outcome.facts is None:
                continue
            record = outcome.record
            if record.operation != _SALE or not record.effective:
                continue
            facts = Facts.from_json(outcome.facts)
            candidate = test.candidate.part(part_told(record.rules))
            if candidate is None:
                continue
            self._ask(candidate, facts, record, work)
            declined_by = declining(candidate, facts)
            award = evaluate(candidate, facts) if declined_by is None else Award(0)
            if declined_by is not None:
                test.declined[declined_by] += 1
            test.add(record.owner, facts, record.business_date, record.earned, award)
            if award.points != record.earned:
                told = {"rrn": record.rrn, "earned": record.earned, "would_earn": award.points}
                self._latest.append(told)

    def _ask(self, candidate: Programme, facts: Facts, record: Record, work: Work) -> None:
        """Put among *facts* what *candidate* asks, and the programme in force perhaps did not."""
        asks, member = candidate.asks, record.member_id
        if asks and isinstance(work.event, TransactionReceived):
            whose = None if member is None else record
            tell_traits(facts, asks, work.event.transaction, whose, candidate.terms)
        if member is not None and not asks.isdisjoint(OF_MEMBER):
            card = None
            if "card_type" in asks and record.card_id is not None:
                card = self._card(record.card_id)
            tell_of_member(facts, asks, self._profile(member), "" if card is None else card.type)
        if "arms" in asks:
            facts.arms = arms_of(candidate, member) if member else frozenset()
        if candidate.categories and facts.lines is not None:
            facts.lines = categorised(facts.lines, candidate.categories)

    def told(self) -> Mapping[str, Any]:
        """What was rated so far."""
        test = self._test
        if test is None:
            return {"version": None}
        return {
            "version": test.candidate.version,
            **test.report(has_money=False),
            "latest": list(self._latest),
        }
