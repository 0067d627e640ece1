"""Sales: EARN and QUOTE.

What the customer owes is the ticket less discounts less the money value of points used for it. Points are
earned on that, less what points and certificates paid by messages of their own on the same ticket.

Discounts come off the price before a tender is looked at, and only where the till can still take them off: on
requests and quotes. What an advice tells of was paid at the till's own prices.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import msgspec
from msgspec import structs

from ledger.book import MemberBook
from loyalty.decision import Approved, Discount, Instrument, Reason
from loyalty.transaction import BasketLine, Operation
from members.card import Card, CardStatus
from rules.evaluate import Award, evaluate, price
from rules.extras import NOTHING, Extras, extras
from rules.facts import TAKES_DISCOUNTS, Facts
from rules.redeem import redemption_in
from rules.redemption import Redemption
from rules.stock import FREE, FREE_WITHIN
from switch import funding
from switch.activation import activated_by_purchase, is_activated
from switch.allowed import (
    allowed_points,
    may_only_earn,
    redeemable,
    told,
)
from switch.case import Case
from switch.counting import count_sale
from switch.coupons import NONE_TAKEN, Taken, take, use_and_issue
from switch.declining import Refusal, by_guard, facts_asked
from switch.gifts import hand_out, told_of
from switch.outcome import CardChange, Outcome, Side
from switch.pointsoff import comes_off, points_off
from switch.postings import Draft
from switch.salefacts import sale_facts
from switch.tickets import paid_otherwise
from switch.tiering import tier_after


class Sale(msgspec.Struct):
    """A sale worked out, not yet booked.

    Attributes:
        discount_minor: What *discounts* add up to.
        facts: Lines and ticket are net of *discounts*, and there are no further ones.
        coupons: The codes that brought something, and why others were not taken.
        redemption: The terms under which points pay, where any are asked for; QUOTE always asks.
        limit_minor: What points may pay of the ticket under these.
    """

    discounts: tuple[Discount, ...]
    discount_minor: int
    points: int
    value_minor: int
    left_to_pay_minor: int
    facts: Facts
    award: Award
    partial: bool
    coupons: Taken = NONE_TAKEN
    extras: Extras = NOTHING
    redemption: Redemption | None = None
    limit_minor: int = 0


def earn(case: Case) -> Outcome:
    """A sale, perhaps paid in part with points (tag 020)."""
    transaction = case.transaction
    card, reason = case.find_card()
    if reason is not None and not is_activated(case, reason):
        return _earn_without_card(case, card, reason) if transaction.is_advice else case.decline(reason, card)
    assert card is not None
    if transaction.points and may_only_earn(case):
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card)
    draft = case.draft(card.owner)
    sale = work_out(case, card, draft.book)
    if isinstance(sale, Refusal):
        return sale.outcome(case, card)
    short = draft.redeem(sale.points) if sale.points else 0
    programme, dates = case.programme, case.programme.lot_dates(case.today)
    if programme.borne_by:
        funding.earn(draft, programme, sale.award, *dates)
    else:
        draft.earn(sale.award.points, *dates)
    counts = programme.counting is not None or sale.extras.tiers or programme.borne_by
    sides = count_sale(case, card, sale.facts, sale.award, draft, sale.extras) if counts else ()
    return booked_sale(case, card, sale, draft, short, sides)


def quote(case: Case) -> Outcome:
    """What a sale would bring. Nothing is booked."""
    card, reason = case.find_card()
    if reason is not None and not is_activated(case, reason):
        return case.refuse(reason)
    assert card is not None
    book = case.book(card.owner)
    sale = work_out(case, card, book)
    if isinstance(sale, Refusal):
        return case.refuse(sale.reason, name=sale.name)
    assert sale.redemption is not None
    return case.tell(
        Approved(
            partial=sale.partial,
            books=False,
            earned=sale.award.points,
            used=sale.points or None,
            value_minor=sale.value_minor or None,
            discount_minor=sale.discount_minor,
            left_to_pay_minor=sale.left_to_pay_minor,
            balance=case.balance(card, book),
            redeemable=redeemable(case, sale.redemption, book, card, sale.limit_minor),
            discounts=sale.discounts,
            coupons_refused=sale.coupons.refused,
            near_miss=sale.award.near_miss,
            messages=() if sale.extras is NOTHING else told_of(sale.extras),
            programme_version=case.programme.version,
        )
    )


def work_out(case: Case, card: Card | None, book: MemberBook | None) -> Sale | Refusal:
    """Discounts, points used, what is left to pay, and what it earns."""
    transaction = case.transaction
    price_minor = transaction.amount
    assert price_minor is not None
    net: Facts | None = None
    discounts: tuple[Discount, ...] = ()
    discount_minor = 0
    taken = take(case, card) if transaction.coupons else NONE_TAKEN
    if case.programme.guards:
        refusal = by_guard(case, sale_facts(case, card, price_minor, taken))
        if refusal is not None:
            return refusal
    if _may_be_discounted(case):
        net, discounts = _price(case, card, price_minor, taken)
        discount_minor = sum([discount.amount_minor for discount in discounts])
        price_minor -= discount_minor
    asked = transaction.points or 0
    points = value_minor = limit_minor = 0
    redemption: Redemption | None = None
    seen: Facts | None = None
    if asked or transaction.operation is Operation.QUOTE:
        redemption, seen = _redemption(case, card)
        lines = _lines(case, card, net) if redemption.covers is not None else None
        limit_minor = redemption.limit_minor(price_minor, lines)
    if asked:
        assert redemption is not None
        if redemption.refused:
            return Refusal(Reason.NOT_PERMITTED, redemption.refused, seen, told(redemption))
        allowed = allowed_points(case, redemption, asked, limit_minor, book, card)
        if isinstance(allowed, Reason):
            return Refusal(allowed, None, seen, told(redemption))
        points = allowed
        value_minor = min(redemption.value.of(points), price_minor)
        if comes_off(case, redemption):
            net = sale_facts(case, card, price_minor, taken) if net is None else net
            off = points_off(case, redemption, net, value_minor)
            net, discounts = net.after(off), (*discounts, *off)
            discount_minor += value_minor
            price_minor -= value_minor
            value_minor = 0
    left_to_pay_minor = price_minor - value_minor
    base_minor = max(left_to_pay_minor - paid_otherwise(case, value_minor), 0)
    facts = sale_facts(case, card, base_minor, taken) if net is None else replace(net, base_minor=base_minor)
    award = evaluate(case.programme, facts)
    has_extras = case.programme.has_extras and card is not None
    extra = extras(case.programme, facts, award.counted) if has_extras else NOTHING
    if taken.codes:
        taken = taken.needed_by(case, _given_by(award, discounts, extra, redemption if points else None))
    return Sale(
        discounts=discounts,
        discount_minor=discount_minor,
        points=points,
        value_minor=value_minor,
        left_to_pay_minor=left_to_pay_minor,
        facts=facts,
        award=award,
        partial=points < asked,
        coupons=taken,
        extras=extra,
        redemption=redemption,
        limit_minor=limit_minor,
    )


def _with_stamps(net: Facts, discounts: tuple[Discount, ...]) -> Facts:
    """*net* with what stamps paid for: units by rule, and those on lines that cost something still."""
    assert net.lines is not None
    used: Counter[str] = Counter()
    for discount in discounts:
        if discount.units:
            used[FREE + discount.promotion] += discount.units
            if net.lines[discount.line - 1].amount_minor:
                used[FREE_WITHIN + discount.promotion] += discount.units
    return replace(net, counters=(*net.counters, *sorted(used.items()))) if used else net


def _redemption(case: Case, card: Card | None) -> tuple[Redemption, Facts | None]:
    """The terms under which points pay a part of the sale, and what rules on them saw, if there are any."""
    if not case.programme.redemptions.size:
        return case.programme.redemption, None
    seen = facts_asked(case, card)
    return redemption_in(case.programme, seen), seen


def _lines(case: Case, card: Card | None, net: Facts | None) -> tuple[BasketLine, ...] | None:
    """The basket at the prices that points may pay."""
    return (sale_facts(case, card, 0) if net is None else net).lines


def _given_by(
    award: Award, discounts: tuple[Discount, ...], extra: Extras, redemption: Redemption | None
) -> Iterator[str]:
    """The rules that gave something."""
    if redemption is not None:
        yield redemption.rule
    yield from (rule for rule, _ in award.parts)
    yield from (discount.promotion for discount in discounts)
    yield from extra.rules


def _may_be_discounted(case: Case) -> bool:
    """Whether there is any rule on prices and the till takes discounts; else no facts are made for them."""
    transaction = case.transaction
    return (
        case.programme.prices.size > 0
        and TAKES_DISCOUNTS in transaction.can
        and transaction.lines is not None
    )


def _price(
    case: Case, card: Card | None, ticket_minor: int, taken: Taken
) -> tuple[Facts, tuple[Discount, ...]]:
    """The sale with its discounts taken off, and these."""
    facts = sale_facts(case, card, ticket_minor, taken)
    discounts = price(case.programme, facts)
    net = facts.after(discounts)
    return (_with_stamps(net, discounts) if case.programme.free_for_stamps else net), discounts


def _trace(sale: Sale, tier: str | None) -> str:
    """What each rule gave, the arms of the member, whose terms points had, the tier that he came to.

    ``base +19; coffee +40; summer/A; redemption vip; tier gold``.
    """
    parts = [f"{rule} {points:+}" for rule, points in sale.award.parts]
    if sale.facts.arms:
        parts += sorted(sale.facts.arms)
    if sale.redemption is not None and sale.redemption.rule:
        parts.append(told(sale.redemption))
    return "; ".join(parts if tier is None else [*parts, f"tier {tier}"])


def booked_sale(
    case: Case,
    card: Card,
    sale: Sale,
    draft: Draft,
    short: int,
    sides: tuple[Side, ...],
    *,
    original: int | None = None,
    exception: str | None = None,
) -> Outcome:
    """A sale put down, with what *draft* posted; the member lacked *short* of its points."""
    assert draft.book is not None
    balance = case.balance(card, draft.book)
    tier = tier_after(case.programme, balance.tier, sides) if sides else None
    if tier is not None:
        balance = structs.replace(balance, tier=tier)
    has_points = sale.points > 0 or bool(case.transaction.points)
    is_off = sale.points > 0 and not sale.value_minor  # it stands among the discounts
    # What the member lacked is not told as paid with points; only an advice can lack any.
    paid_minor = sale.value_minor
    if short:
        assert sale.redemption is not None
        paid_minor = sale.redemption.value.of(sale.points - short)
    instruments: tuple[Instrument, ...] = ()
    if sale.coupons.codes or sale.extras.coupons:
        more, instruments = use_and_issue(case, card, sale.coupons, sale.extras)
        sides += more
    if sale.extras.gifts:
        more, gifts = hand_out(case, card, draft, sale.extras)
        sides += more
        instruments += gifts
    changes: tuple[CardChange, ...] = ()
    if card.status is CardStatus.ISSUED:
        changes, more = activated_by_purchase(case, card)
        sides += more
    decision = Approved(
        partial=sale.partial,
        earned=sale.award.points,
        used=sale.points - short if has_points else None,
        value_minor=paid_minor if has_points and not is_off else None,
        discount_minor=sale.discount_minor,
        left_to_pay_minor=sale.left_to_pay_minor + sale.value_minor - paid_minor,
        balance=balance,
        discounts=sale.discounts,
        coupons_refused=sale.coupons.refused,
        near_miss=sale.award.near_miss,
        instruments=instruments,
        messages=() if sale.extras is NOTHING else told_of(sale.extras),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        reason=Reason.PARTIAL.name if sale.partial else None,
        covered_minor=case.transaction.amount or 0,
        earned=sale.award.points,
        used=sale.points,
        value_minor=sale.value_minor,
        discount_minor=sale.discount_minor,
        original=original,
        exception=Reason.NOT_SUFFICIENT_POINTS.name if short else exception,
        rules=_trace(sale, tier),
        facts=sale.facts.to_json(),
        card_changes=changes,
        sides=sides,
    )


def _earn_without_card(case: Case, card: Card | None, reason: Reason) -> Outcome:
    """A sale that happened with a card that is unknown or cannot be used: its points wait on suspense."""
    sale = work_out(case, card, None)
    if isinstance(sale, Refusal):
        return sale.outcome(case, card)
    draft = case.draft(None)
    if sale.points:
        draft.redeem(sale.points)
    draft.earn(sale.award.points, *case.programme.lot_dates(case.today))
    sides = count_sale(case, None, sale.facts, sale.award, draft)
    if sale.coupons.codes:
        more, _ = use_and_issue(case, None, sale.coupons, sale.extras)
        sides += more
    decision = Approved(
        earned=0,
        value_minor=sale.value_minor if sale.points else None,
        left_to_pay_minor=sale.left_to_pay_minor,
        balance=None if card is None else case.balance(card, case.book(card.owner)),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        earned=sale.award.points,
        used=sale.points,
        value_minor=sale.value_minor,
        exception=reason.name,
        rules=_trace(sale, None),
        facts=sale.facts.to_json(),
        sides=sides,
    )
