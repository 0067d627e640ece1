"""Declines by rules of the programme, and what is kept of them so that they can be explained.

A rule of the guard lane stands before whatever earns or spends: sales, redemptions, transfers, exchanges,
payments with certificates, and the holds and quotes of these. What takes back is never declined by one.
"""

from dataclasses import dataclass

from msgspec import structs

from loyalty.decision import Reason
from loyalty.transaction import Operation
from members.card import Card
from rules.effects import Decline
from rules.extras import declined_by
from rules.facts import Facts
from switch.case import Case
from switch.coupons import NONE_TAKEN, take
from switch.outcome import Outcome
from switch.salefacts import sale_facts


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done.

    Attributes:
        name: The programme's own name for it, which terminals see in tag 059.
        facts: What the rules saw, where one of them had a part in it.
        rules: By whose terms points would have paid.
    """

    reason: Reason
    name: str | None = None
    facts: Facts | None = None
    rules: str = ""

    def outcome(self, case: Case, card: Card | None) -> Outcome:
        """Declined and remembered; an advice, which has happened, is accepted without effect instead."""
        outcome = case.refuse_or_accept(self.reason, card, name=self.name)
        return outcome if self.facts is None else with_facts(outcome, self.facts, self.rules)


def with_facts(outcome: Outcome, facts: Facts, rules: str = "") -> Outcome:
    """*outcome* with what the *rules* saw, and with what it says of itself."""
    record = outcome.record
    if record is None:
        return outcome
    told = "; ".join(part for part in (record.rules, rules) if part)
    return structs.replace(outcome, record=record._replace(rules=told), facts=facts.to_json())


def by_guard(case: Case, facts: Facts) -> Refusal | None:
    """The first rule that declines what *facts* tell of, if one does: nothing of the ticket is paid yet."""
    rule = declined_by(case.programme, facts.as_rung_up())
    if rule is None:
        return None
    assert isinstance(rule.effect, Decline)
    return Refusal(Reason.NOT_PERMITTED, rule.effect.name, facts)


def guarded(case: Case, card: Card | None) -> Outcome | None:
    """What a rule that declines makes of what is no sale; ``None`` when none does."""
    if not case.programme.guards:
        return None
    refusal = by_guard(case, facts_asked(case, card))
    return None if refusal is None else refusal.outcome(case, card)


def facts_asked(case: Case, card: Card | None) -> Facts:
    """What the rules see before anything is worked out: the whole of what is asked, in money."""
    transaction = case.transaction
    is_sale = Operation.EARN in (transaction.operation, transaction.held_for)
    taken = take(case, card) if is_sale or transaction.operation is Operation.QUOTE else NONE_TAKEN
    facts = sale_facts(case, card, 0, taken)
    amount_minor = transaction.amount or 0
    if transaction.in_points:
        amount_minor = case.programme.redemption.value.of(amount_minor)
    facts.operation = transaction.operation.value
    facts.base_minor = facts.ticket_minor = amount_minor
    return facts
