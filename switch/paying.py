"""The terms of what is no sale: redemptions, inquiries, exchanges, holds of points."""

from msgspec import structs

from loyalty.transaction import BasketLine, Operation
from members.card import Card
from rules.facts import Facts
from rules.redemption import Redemption
from switch.allowed import terms_now, told
from switch.case import Case
from switch.coupons import NONE_TAKEN, take
from switch.outcome import Outcome
from switch.salefacts import sale_facts


def redemption_for(case: Case, card: Card | None) -> Redemption:
    """The terms that hold for the transaction, which *card* names."""
    if not case.programme.redemptions.size:
        return case.programme.redemption
    return terms_now(case, _facts(case, card))


def lines_to_cover(case: Case, redemption: Redemption) -> tuple[BasketLine, ...] | None:
    """The basket, where *redemption* looks at what is to be paid."""
    return None if redemption.covers is None else sale_facts(case, None, 0).lines


def traced(case: Case, outcome: Outcome, redemption: Redemption, card: Card | None) -> Outcome:
    """*outcome* with the terms that it went by and what the rules saw, where any rule looks at it."""
    record = outcome.record
    if record is None or not case.programme.redemptions.size:
        return outcome
    facts = _facts(case, card)
    terms_now(case, facts)
    rules = "; ".join(part for part in (record.rules, told(redemption)) if part)
    return structs.replace(outcome, record=record._replace(rules=rules), facts=facts.to_json())


def _facts(case: Case, card: Card | None) -> Facts:
    transaction = case.transaction
    is_sale = Operation.EARN in (transaction.operation, transaction.held_for)
    taken = take(case, card) if is_sale or transaction.operation is Operation.QUOTE else NONE_TAKEN
    return sale_facts(case, card, 0, taken)
