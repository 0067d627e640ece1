"""HOLD: points are reserved, and prices promised, until a COMPLETE tells what became of it; and its release.

A hold of a sale reserves the points that it is to be paid with (tag 020) and earns nothing: what a sale earns
is decided when it is completed. A hold whose time is over releases itself. A coupon of a held sale is used
from the hold on; when somebody releases the hold it may be used again.
"""

from ledger.hold import OpenHold
from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from members.card import Card
from rules.extras import NOTHING
from rules.facts import Facts
from rules.redemption import Redemption
from switch.allowed import allowed_points, may_only_earn, points_for, redemption_of, told
from switch.case import Case
from switch.counting import count_held, uncount_all, uncount_held
from switch.coupons import use_and_issue
from switch.declining import Refusal, guarded
from switch.gifts import stamps_left
from switch.outcome import Link, Outcome, Record, Side, completes
from switch.paying import lines_to_cover, redemption_for, traced
from switch.postings import Draft
from switch.prizes import hold_prize
from switch.promised import at_price
from switch.sales import work_out


def hold(case: Case) -> Outcome:
    """Reserve what a sale or a redemption will need."""
    card, reason = case.find_card()
    if reason is not None:
        return case.decline(reason, card)
    assert card is not None
    if may_only_earn(case):
        return case.decline(Reason.NOT_PERMITTED, card)
    if case.transaction.held_for is Operation.REDEEM:
        if (declined := guarded(case, card)) is not None:
            return declined
        if case.transaction.prize is not None:
            return hold_prize(case, card)
        redemption = redemption_for(case, card)
        return traced(case, _hold_points(case, card, redemption), redemption, card)
    return _hold_sale(case, card)


def _hold_sale(case: Case, card: Card) -> Outcome:
    transaction = case.transaction
    draft = case.draft(card.owner)
    sale = work_out(case, card, draft.book)
    if isinstance(sale, Refusal):
        return sale.outcome(case, card)
    kept_until = case.moment.now.replace(microsecond=0) + case.programme.hold_kept
    draft.hold(sale.points, Operation.EARN.value, kept_until)
    assert draft.book is not None
    has_points = sale.points > 0 or bool(transaction.points)
    used, _ = use_and_issue(case, card, sale.coupons, NOTHING)
    decision = Approved(
        partial=sale.partial,
        used=sale.points if has_points else None,
        value_minor=sale.value_minor if has_points else None,
        discount_minor=sale.discount_minor,
        left_to_pay_minor=sale.left_to_pay_minor,
        balance=case.balance(card, draft.book),
        discounts=sale.discounts,
        coupons_refused=sale.coupons.refused,
        near_miss=sale.award.near_miss,
        hold_until=kept_until,
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        reason=Reason.PARTIAL.name if sale.partial else None,
        covered_minor=transaction.amount or 0,
        discount_minor=sale.discount_minor,
        rules=told(sale.redemption),
        facts=sale.facts.to_json(),
        sides=count_held(case, card, sale.facts, sale.award, used, draft),
    )


def _hold_points(case: Case, card: Card, redemption: Redemption) -> Outcome:
    transaction = case.transaction
    if redemption.refused:
        return case.decline(Reason.NOT_PERMITTED, card, name=redemption.refused)
    asked = points_for(case, redemption)
    assert asked is not None
    assert transaction.amount is not None
    draft = case.draft(card.owner)
    assert draft.book is not None
    limit_minor = redemption.limit_minor(redemption.value.of(asked), lines_to_cover(case, redemption))
    points = allowed_points(case, redemption, asked, limit_minor, draft.book, card)
    if isinstance(points, Reason):
        return case.decline(points, card)
    kept_until = case.moment.now.replace(microsecond=0) + case.programme.hold_kept
    draft.hold(points, Operation.REDEEM.value, kept_until)
    partial = points < asked
    value_minor = redemption.value.of(points)
    covered = transaction.amount
    if partial:
        covered = points if transaction.in_points else value_minor
    decision = Approved(
        partial=partial,
        amount=covered if partial else None,
        used=points,
        value_minor=value_minor,
        left_to_pay_minor=0 if transaction.in_points else transaction.amount - value_minor,
        balance=case.balance(card, draft.book),
        hold_until=kept_until,
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        reason=Reason.PARTIAL.name if partial else None,
        covered_minor=covered,
    )


def was_completed(case: Case, record: Record) -> bool:
    """Whether a COMPLETE resolved the hold *record*, if only to release it or behind its end."""
    for step in case.worksheet.hold_steps(record.seq):
        by = case.worksheet.by_seq(step.seq)
        if by is not None and completes(by) and by.original == record.seq:
            return True
    return False


def release(case: Case, record: Record, final: int | None = None) -> Outcome | None:
    """A VOID or REVERSAL of the hold *record*: it is released, or reserves only what *final* needs.

    One whose time is over has nothing to release; a REVERSAL of it still holds for an advice that completes
    it later. Gives ``None`` when there is nothing to do.
    """
    draft = case.draft(record.owner)
    assert draft.book is not None
    held = draft.book.hold(record.seq)
    points = 0
    if held is None:
        if case.transaction.operation is not Operation.REVERSAL or was_completed(case, record):
            return None
    elif final is None:
        points = held.points
        draft.capture(held, 0)
    else:
        points = max(held.points - _needed(case, record, held, final), 0)
        if points:
            draft.release(held, points)
    redemption = redemption_of(case, record)
    card = None if record.card_id is None else case.worksheet.card(record.card_id)
    sides = uncount_all(case, record, draft) if final is None else _not_needed(case, record, final, draft)
    decision = Approved(
        books=case.transaction.operation is not Operation.REVERSAL,
        used=points or None,
        value_minor=redemption.value.of(points) or None,
        left_to_pay_minor=0,
        balance=case.balance(card, draft.book),
        messages=stamps_left(case, sides) if sides else (),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        owner=record.owner,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        original=record.seq,
        links=(Link(seq=case.moment.seq, original=record.seq, undone=1, final_minor=final),),
        sides=sides,
    )


def _needed(case: Case, record: Record, held: OpenHold, final: int) -> int:
    """Points that the hold *record* needs when only *final* of its amount stands."""
    redemption = redemption_of(case, record)
    kept = case.worksheet.hold(record.seq)
    assert kept is not None
    if record.in_points:
        return final
    if kept.held_for == Operation.REDEEM.value:
        return -(-final * redemption.value.denominator // redemption.value.numerator)
    price_minor = final - discount_of(record, final)
    return min(held.points, redemption.most_points(redemption.share.of(price_minor)))


def _not_needed(case: Case, record: Record, final: int, draft: Draft) -> tuple[Side, ...]:
    """What the hold *record* of a sale keeps no more of limits and budgets when only *final* of it stands."""
    text = case.worksheet.facts(record.seq)
    if text is None or final >= record.covered_minor:
        return ()
    promised = Facts.from_json(text)
    discount_minor = discount_of(record, final)
    price_minor = final - discount_minor
    base_minor = min(promised.base_minor, price_minor)  # points may come to pay less of it
    return uncount_held(case, record, at_price(promised, price_minor, discount_minor, base_minor), draft)


def discount_of(record: Record, amount_minor: int) -> int:
    """What of the discount of a held sale belongs to *amount_minor* of it."""
    return record.discount_minor * amount_minor // record.amount if record.amount else 0
