"""COMPLETE: a held sale or redemption takes place, at most at what was held, or does not.

What comes of it is a sale or a redemption, kept as such, that names its hold; so refunds, tickets and limits
know nothing of holds. It is decided by the version of the programme that promised the prices. What of a hold
is not needed is released; a hold is resolved once.

An advice has happened. When its hold is over or was never there, it is booked as the sale or the redemption
that it is, as far as it goes, and a person is told. One of nothing agrees with a hold that is over: it
resolves the hold, and nobody need look at it.
"""

from copy import copy
from dataclasses import replace
from typing import Final

from msgspec import structs

from ledger.hold import Hold, OpenHold
from loyalty.decision import Approved, Reason
from loyalty.sequence import base36
from loyalty.transaction import Operation
from members.card import Card
from rules.evaluate import evaluate
from rules.extras import extras
from rules.facts import PRICED, TAKES_DISCOUNTS, Facts
from rules.stock import FREE, FREE_WITHIN
from switch import funding
from switch.allowed import points_for, redemption_of, told
from switch.case import Case
from switch.counting import count_sale, counters_before, uncount_all
from switch.coupons import Taken, coupons_held
from switch.holds import discount_of, was_completed
from switch.kept import without
from switch.membership import as_read_before
from switch.outcome import Outcome, Record, completes
from switch.postings import Draft
from switch.prizes import complete_prize, is_of_prize
from switch.promised import scaled, taken_off
from switch.redemption import redeem
from switch.salefacts import sale_facts
from switch.sales import Sale, booked_sale, earn
from switch.tickets import paid_otherwise
from switch.undo import search

HOLD_OVER: Final = "HOLD_OVER"  # an exception: the hold was released before its completion was told


def recognised(case: Case) -> Case:
    """*case* as a COMPLETE when its DE 38 is that of an open hold of the card, or was so the first time."""
    transaction = case.transaction
    if transaction.operation is Operation.COMPLETE:
        return case
    known = case.worksheet.by_key(transaction.key.text)
    is_completion = completes(known) if known is not None else _approved_hold(case) is not None
    return case.under(Operation.COMPLETE) if is_completion else case


def _approved_hold(case: Case) -> Record | None:
    """The open hold that DE 38 names, among those of the card's owner."""
    owner = case.named_owner()
    if owner is None:
        return None
    for held in case.book(owner).holds:
        if base36(held.hold)[2:] == case.transaction.approval:
            return case.worksheet.by_seq(held.hold)
    return None


def complete(case: Case) -> Outcome:
    """The hold that the message names is resolved."""
    transaction = case.transaction
    assert transaction.amount is not None
    record = _named_hold(case)
    if record is None:
        return _without_hold(case) if transaction.is_advice else case.decline(Reason.ORIGINAL_NOT_FOUND)
    kept = case.worksheet.hold(record.seq)
    if kept is None or transaction.held_for is None or kept.held_for != transaction.held_for.value:
        return case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    case = case.under(transaction.held_for, case.programmes.version(record.programme_version))
    draft = case.draft(record.owner)
    assert draft.book is not None
    held = draft.book.hold(record.seq)
    reason = _refusal(case, record, held)
    if reason is not None:
        return case.refuse_or_accept(reason)
    if held is None:
        draft.resolve_late(record.seq)
    card = _card(case, record)
    if transaction.amount and is_of_prize(record):
        return complete_prize(case, card, record, draft, held, _exception)
    if transaction.held_for is Operation.REDEEM or transaction.amount == 0:
        return _complete_points(case, card, record, draft, held)
    return _complete_sale(case, card, record, kept, draft, held)


def _refusal(case: Case, record: Record, held: OpenHold | None) -> Reason | None:
    """Why the hold *record* cannot be completed, if so: what became of it, then the amount."""
    transaction = case.transaction
    assert transaction.amount is not None
    if held is None:
        if record.undone and record.final_minor is None:
            return Reason.ALREADY_REVERSED
        if not transaction.is_advice or was_completed(case, record):
            return Reason.NOT_ALLOWED_NOW
    if record.in_points is not transaction.in_points:
        return Reason.CURRENCY_NOT_ACCEPTED
    stands = record.covered_minor if record.final_minor is None else record.final_minor
    return Reason.ABOVE_ORIGINAL if transaction.amount > stands else None


def _card(case: Case, record: Record) -> Card:
    """The card that the message names, or that of the hold."""
    named = case.named_card()
    if named is not None and named.owner == record.owner:
        return named
    assert record.card_id is not None
    card = case.worksheet.card(record.card_id)
    assert card is not None
    return card


def _named_hold(case: Case) -> Record | None:
    """The decision that the message means; ``None`` when that is not exactly one, or another customer's."""
    transaction = case.transaction
    if transaction.original is None:
        return _approved_hold(case)
    owner = case.named_owner()
    if transaction.identifier is not None and owner is None:
        return None
    hits = [
        record
        for record in search(case, at_terminal=False, owner=owner)
        if record.effective and owner in (None, record.owner)
    ]
    return hits[0] if len(hits) == 1 else None


def _without_hold(case: Case) -> Outcome:
    """An advice whose hold is not known: the sale or the redemption that it tells of has happened."""
    transaction = case.transaction
    if not transaction.amount or transaction.held_for is None:
        return case.accept(Reason.ORIGINAL_NOT_FOUND.name)
    case = case.under(transaction.held_for)
    outcome = earn(case) if transaction.held_for is Operation.EARN else redeem(case)
    record = outcome.record
    assert record is not None
    told = record.exception or Reason.ORIGINAL_NOT_FOUND.name
    return structs.replace(outcome, record=record._replace(exception=told))


def _complete_points(case: Case, card: Card, record: Record, draft: Draft, held: OpenHold | None) -> Outcome:
    """A redemption of at most what was held; or nothing of a hold is needed."""
    transaction, redemption = case.transaction, redemption_of(case, record)
    amount, value = transaction.amount or 0, redemption.value
    points = (points_for(case, redemption) if amount else 0) or 0
    if amount and not points:  # the value of a point was another when they were held
        return case.refuse_or_accept(Reason.AMOUNT_NOT_ALLOWED)
    short = 0
    if held is None:
        short = draft.redeem(points)
    else:
        points = min(points, held.points)
        draft.capture(held, points)
    assert draft.book is not None
    paid_minor = value.of(points - short)
    decision = Approved(
        earned=0 if transaction.held_for is Operation.EARN else None,
        used=points - short,
        value_minor=paid_minor,
        left_to_pay_minor=0 if transaction.in_points else amount - paid_minor,
        balance=case.balance(card, draft.book),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        covered_minor=amount,
        used=points,
        value_minor=value.of(points),
        original=record.seq,
        rules=told(redemption) if amount else "",
        exception=_exception(held, short) if amount else None,
        sides=() if amount else uncount_all(case, record, draft),
    )


def _complete_sale(
    case: Case, card: Card, record: Record, kept: Hold, draft: Draft, held: OpenHold | None
) -> Outcome:
    """A sale at the prices that were promised, paid with at most the points that were held."""
    redemption, promised = redemption_of(case, record), _promised(case, record)
    case = _as_promised(case, promised)
    transaction = case.transaction
    assert transaction.amount is not None
    discount_minor = discount_of(record, transaction.amount)
    price_minor = transaction.amount - discount_minor
    coupons = coupons_held(case, record.seq)
    facts = _facts(case, card, record, promised, discount_minor)
    facts.coupons = tuple(sorted(set(coupons.values())))
    asked = kept.points if held is None else held.points
    if transaction.points is not None:
        asked = min(asked, transaction.points)
    points = min(asked, redemption.most_points(redemption.limit_minor(price_minor, facts.lines)))
    value_minor = min(redemption.value.of(points), price_minor)
    left_minor = price_minor - value_minor
    facts.base_minor = max(left_minor - paid_otherwise(case, value_minor), 0)
    award = evaluate(case.programme, facts)
    extra = extras(case.programme, facts, award.counted)
    gave = {*dict(award.parts), *extra.rules, *(rule for _, _, rule in facts.off)}
    spare = Taken(coupons).needed_by(case, {*gave, redemption.rule} if points else gave).refused
    short = 0
    if held is not None:
        draft.capture(held, points)
    elif points:
        short = draft.redeem(points)
    funding.earn(draft, case.programme, award, *case.programme.lot_dates(case.today))
    sale = Sale(
        discounts=(),
        discount_minor=discount_minor,
        points=points,
        value_minor=value_minor,
        left_to_pay_minor=left_minor,
        facts=facts,
        award=award,
        partial=False,
        coupons=Taken({}, spare),
        extras=extra,
        redemption=redemption if asked else None,
    )
    spared = [code for _, code in spare]
    sides = count_sale(case, card, facts, award, draft, extra, record, spared)
    exception = _exception(held, short)
    return booked_sale(case, card, sale, draft, short, sides, original=record.seq, exception=exception)


def _exception(held: OpenHold | None, short: int) -> str | None:
    if short:
        return Reason.NOT_SUFFICIENT_POINTS.name
    return HOLD_OVER if held is None else None


def _promised(case: Case, record: Record) -> Facts | None:
    """What the rules saw when they promised; ``None`` when that was erased."""
    text = case.worksheet.facts(record.seq)
    return None if text is None else Facts.from_json(text)


def _as_promised(case: Case, promised: Facts | None) -> Case:
    """*case* with what its message does not say again: who stands at the till, and how it is paid."""
    if promised is None:
        return case
    case, transaction = copy(case), case.transaction
    case.transaction = replace(
        transaction,
        cashier=transaction.cashier or promised.cashier,
        tenders=transaction.tenders or promised.tenders,
    )
    return case


def _facts(case: Case, card: Card, record: Record, promised: Facts | None, discount_minor: int) -> Facts:
    """What the rules see: the completion, with what only the hold told of the basket and the time.

    A completion without a basket has that of its hold; at another price each line in proportion. Its prices
    are those of the hold: nothing more is taken off.
    """
    facts = sale_facts(case, card, 0)
    counting = case.programme.counting
    if counting is not None:
        facts.counters = counters_before(case, counting, card, without(case.worksheet, record.seq))
    if case.programme.prices.size:
        is_priced = discount_minor > 0 or (promised is not None and PRICED in promised.can)
        facts.can = facts.can.replace(TAKES_DISCOUNTS, PRICED if is_priced else "")
    if promised is None:
        return facts
    lines = facts.lines or promised.lines
    price_minor = facts.ticket_minor - discount_minor
    free = [counter for counter in promised.counters if counter[0].startswith((FREE, FREE_WITHIN))]
    return replace(
        facts,
        counters=(*facts.counters, *free),
        lines=None if lines is None else scaled(lines, price_minor),
        ticket_minor=price_minor,
        off=taken_off(promised, facts.lines, discount_minor),
        local_at=promised.local_at,
        channel=promised.channel,
        traits=as_read_before(facts.traits, promised.traits),
    )
