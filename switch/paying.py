"""The terms of what is no sale: redemptions, inquiries, exchanges, holds of points."""

from loyalty.transaction import BasketLine
from members.card import Card
from rules.redeem import redemption_in
from rules.redemption import Redemption
from switch.allowed import told
from switch.case import Case
from switch.declining import facts_asked, with_facts
from switch.outcome import Outcome
from switch.salefacts import sale_facts


def redemption_for(case: Case, card: Card | None) -> Redemption:
    """The terms that hold for the transaction, which *card* names."""
    if not case.programme.redemptions.size:
        return case.programme.redemption
    return redemption_in(case.programme, facts_asked(case, card))


def lines_to_cover(case: Case, redemption: Redemption) -> tuple[BasketLine, ...] | None:
    """The basket, where *redemption* looks at what is to be paid."""
    return None if redemption.covers is None else sale_facts(case, None, 0).lines


def traced(case: Case, outcome: Outcome, redemption: Redemption, card: Card | None) -> Outcome:
    """*outcome* with the terms that it went by and what the rules saw, where any rule looks at it."""
    if not case.programme.redemptions.size:
        return outcome
    return with_facts(outcome, facts_asked(case, card), told(redemption))
