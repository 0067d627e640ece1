"""What the rules see of a sale: the transaction, its terminal, its member, and what was before it."""

from loyalty.transaction import Operation
from members.card import Card
from rules.experiment import arms_of
from rules.facts import TAKES_DISCOUNTS, Facts
from rules.names import categorised
from switch.case import Case
from switch.counting import counters_before
from switch.coupons import NONE_TAKEN, Taken
from switch.membership import TRAITS, tell_of_holdings, tell_of_member, tell_traits
from switch.tiering import tier_of


def sale_facts(case: Case, card: Card | None, base_minor: int, taken: Taken = NONE_TAKEN) -> Facts:
    """What the rules see of the sale, and of what was before it where they look there."""
    facts = facts_of(case, card, base_minor)
    if taken.codes:
        facts.coupons = taken.coupons
    programme = case.programme
    asks = programme.asks
    if asks:
        if not asks.isdisjoint(TRAITS):
            tell_traits(facts, asks, case.transaction, card, programme.terms)
        if card is not None:
            tell_of_member(facts, asks, case.worksheet.profile(card.member_id), card.type)
            if "holdings" in asks:
                tell_of_holdings(facts, asks, case.book(card.owner), case.moment.business_date)
            if "arms" in asks:
                facts.arms = arms_of(programme, card.member_id)
    if programme.categories and facts.lines is not None:
        facts.lines = categorised(facts.lines, programme.categories)
    if programme.counting is not None:
        facts.counters = counters_before(case, programme.counting, card)
    return facts


def facts_of(case: Case, card: Card | None, base_minor: int) -> Facts:
    """What the rules see of the sale."""
    transaction = case.transaction
    terminal = transaction.terminal
    zone = terminal.zone or case.programme.terms.zone
    return Facts(
        operation=Operation.EARN.value,
        base_minor=base_minor,
        ticket_minor=transaction.amount or 0,
        local_at=transaction.as_of.astimezone(zone).replace(tzinfo=None),
        lines=transaction.lines,
        terminal_id=terminal.terminal_id,
        merchant_id=terminal.merchant_id,
        acquirer_id=terminal.acquirer_id,
        store=terminal.store,
        partner=terminal.partner,
        mcc=terminal.mcc,
        channel=transaction.channel,
        tier=member_tier(case, card),
        card_status="" if card is None else card.status.value,
        language="" if card is None or card.language is None else card.language,
        cashier=transaction.cashier,
        currency=case.programme.terms.currency,
        can=transaction.can.replace(TAKES_DISCOUNTS, "") if transaction.is_advice else transaction.can,
        tenders=transaction.tenders,
    )


def member_tier(case: Case, card: Card | None) -> str:
    """The tier of the card's member: the lowest when he came to none; empty without tiers."""
    if card is None:
        return ""
    tiers = case.programme.tiers
    day = case.moment.business_date
    return tier_of(case.worksheet, case.programme, card, day) or (tiers[0] if tiers else "")
