"""Taking back: REFUND, VOID and REVERSAL of what was decided before.

An undoing links to what it undoes, and the sums of its links tell how much of it still stands. Undoing an
undoing posts the opposite and links with negative amounts.
"""

from collections.abc import Sequence
from typing import Final

from loyalty.card import IdentifierKind, MemberId
from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from rules.programme import Shortfall, WithoutOriginal
from switch.activation import activation_undone
from switch.case import Case
from switch.originals import OWN_STAN_REACH
from switch.outcome import CardChange, EarlyReversal, Link, Outcome, Record
from switch.postings import Draft
from switch.returns import (
    GivenBack,
    earned_lots,
    money_back,
    points_back,
    points_kept,
    returned_lines,
    spent_lots,
)
from switch.sales import facts_of

_UNDOINGS: Final = frozenset({Operation.REFUND.value, Operation.VOID.value})
_VOIDABLE: Final = frozenset({Operation.EARN.value, Operation.REDEEM.value, Operation.REFUND.value})


def refund(case: Case) -> Outcome:
    """Goods come back: points used come back first, then what was earned on them is taken back."""
    transaction = case.transaction
    if transaction.original is None:
        return _refund_without_original(case)
    owner = case.named_owner()
    if transaction.identifier is not None and owner is None:
        return _refused(case, Reason.ORIGINAL_NOT_FOUND)
    hits = [
        record
        for record in _search(case, at_terminal=False, owner=owner)
        if record.effective and owner in (None, record.owner)
    ]
    if len(hits) != 1:
        return _refused(case, Reason.ORIGINAL_NOT_FOUND)
    sale = hits[0]
    if sale.operation != Operation.EARN.value:
        return _refused(case, Reason.NOT_ALLOWED_NOW)
    if sale.undone and sale.final_minor is None:
        return _refused(case, Reason.ALREADY_REVERSED)
    amount_minor = transaction.amount or 0
    if sale.refunded_minor + amount_minor > sale.covered_minor - sale.discount_minor:
        return _refused(case, Reason.ABOVE_ORIGINAL)
    if _is_earn_only(case):
        return _refused(case, Reason.NOT_PERMITTED)
    return _take_back_part(case, sale, amount_minor)


def void(case: Case) -> Outcome:
    """The cashier cancels what this terminal did on the same business day."""
    hits = []
    if case.transaction.original is not None:
        hits = [record for record in _search(case, at_terminal=True) if record.effective]
    if len(hits) != 1:
        return _refused(case, Reason.ORIGINAL_NOT_FOUND)
    record = hits[0]
    if record.undone:
        return _refused(case, Reason.ALREADY_REVERSED)
    if record.operation not in _VOIDABLE or record.business_date != case.moment.business_date:
        return _refused(case, Reason.NOT_ALLOWED_NOW)
    if record.operation == Operation.EARN.value and record.refunded_minor:
        return _refused(case, Reason.NOT_ALLOWED_NOW)
    if _is_settled_otherwise(case, record):
        return _refused(case, Reason.ALREADY_REVERSED)
    return _take_back_all(case, record)


def reversal(case: Case) -> Outcome:
    """The terminal does not know how it ended, or it ended badly: it did not happen, or only in part."""
    transaction = case.transaction
    hits = _search(case, at_terminal=True)
    if len(hits) != 1:
        return _remember_early(case)
    record = hits[0]
    if record.operation == Operation.REVERSAL.value:
        return _refused(case, Reason.NOT_ALLOWED_NOW)
    if not record.effective or record.undone or _is_settled_otherwise(case, record):
        return case.accept(None)
    if transaction.final_amount is not None:
        if transaction.final_amount > record.covered_minor:
            return _refused(case, Reason.ABOVE_ORIGINAL)
        return _reverse_in_part(case, record, transaction.final_amount)
    return _take_back_all(case, record)


def _search(case: Case, *, at_terminal: bool, owner: MemberId | None = None) -> Sequence[Record]:
    """The decisions that the transaction's reference means, at its terminal or of a customer."""
    transaction, worksheet = case.transaction, case.worksheet
    reference, key = transaction.original, transaction.key
    assert reference is not None
    terminal = (key.acquirer_id, key.terminal_id)
    hits: Sequence[Record] = ()
    if reference.rrn is not None:
        hits = [
            record
            for record in worksheet.by_rrn(reference.rrn)
            if not at_terminal or terminal == (record.acquirer_id, record.terminal_id)
        ]
    elif reference.own_stan is None:
        hits = worksheet.by_reference(reference, terminal=terminal if at_terminal else None, member_id=owner)
    if not hits and reference.own_stan is not None:
        since = case.moment.now - OWN_STAN_REACH
        card = case.named_card()
        hits = [
            record
            for record in worksheet.by_own_stan(reference.own_stan, terminal, since)
            if (record.identifier is not None and record.identifier == case.token)
            or (card is not None and card.card_id == record.card_id)
        ]
    return hits


def _refused(case: Case, reason: Reason) -> Outcome:
    """Declined; an advice is accepted without effect instead."""
    if case.transaction.is_advice:
        return case.accept(reason.name)
    return case.decline(reason)


def _remember_early(case: Case) -> Outcome:
    """Nothing to reverse yet: whatever comes later under this name has no effect."""
    transaction = case.transaction
    reference, key = transaction.original, transaction.key
    assert reference is not None
    card = case.named_card()
    early = EarlyReversal(
        seq=case.moment.seq,
        acquirer_id=key.acquirer_id,
        terminal_id=key.terminal_id,
        reference=reference,
        card_id=None if card is None else card.card_id,
        identifier=case.token,
        at=case.moment.now,
    )
    return case.accept(Reason.ORIGINAL_NOT_FOUND.name, card, early)


def _is_earn_only(case: Case) -> bool:
    identifier = case.transaction.identifier
    return identifier is not None and identifier.kind in (IdentifierKind.PHONE, IdentifierKind.MAIL)


def _is_settled_otherwise(case: Case, record: Record) -> bool:
    """Whether *record* is a refund of a sale that was itself reversed since: nothing of either stands."""
    if record.operation != Operation.REFUND.value or record.original is None:
        return False
    sale = case.worksheet.by_seq(record.original)
    return sale is not None and sale.undone > 0 and sale.final_minor is None


def _absorbs(case: Case, sale: Record) -> bool:
    policy = case.programmes.version(sale.programme_version).refund
    return policy.shortfall is Shortfall.ABSORB


def _draft_for(case: Case, owner: MemberId | None) -> Draft:
    book = None if owner is None else case.worksheet.book(owner)
    return Draft(case.moment.seq, book, case.moment.business_date)


def _give_back(case: Case, draft: Draft, given: Sequence[GivenBack]) -> int:
    """Post what comes back, and return how many points the member has again."""
    return sum(draft.give_back(spent_lots(case, back.source, back.points)) for back in given if back.points)


def _booked(
    case: Case,
    record: Record,
    draft: Draft,
    *,
    earned: int,
    had: int,
    given: Sequence[GivenBack],
    money_minor: int,
    links: tuple[Link, ...],
    facts: str | None = None,
    card_changes: tuple[CardChange, ...] = (),
) -> Outcome:
    """An undoing of *record*, put down: *earned* points (negative: taken), *had* points given back."""
    card = None if record.card_id is None else case.worksheet.card(record.card_id)
    value_minor = sum(back.value_minor for back in given)
    decision = Approved(
        books=case.transaction.operation is not Operation.REVERSAL,
        earned=earned or None,
        used=had or None,
        value_minor=value_minor or None,
        left_to_pay_minor=money_minor,
        balance=None if draft.book is None else case.balance(card, draft.book),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        owner=record.owner,
        draft=draft,
        covered_minor=case.transaction.amount or 0,
        earned=earned,
        used=-sum(back.points for back in given),
        value_minor=-value_minor,
        original=record.seq,
        links=links,
        facts=facts,
        card_changes=card_changes,
    )


def _links_of(case: Case, record: Record, given: Sequence[GivenBack], **own: int) -> tuple[Link, ...]:
    """One link to *record* and one to each other source that points came back to."""
    seq = case.moment.seq
    mine = [back for back in given if back.source.seq == record.seq]
    first = Link(
        seq=seq,
        original=record.seq,
        returned=sum(back.points for back in mine),
        returned_minor=sum(back.value_minor for back in mine),
        **own,
    )
    others = (
        Link(
            seq=seq,
            original=back.source.seq,
            returned=back.points,
            returned_minor=back.value_minor,
        )
        for back in given
        if back.source.seq != record.seq
    )
    return (first, *others)


def _take_back_part(case: Case, sale: Record, amount_minor: int, **own: int) -> Outcome:
    """*amount_minor* of a sale is returned."""
    given = points_back(case, sale, amount_minor)
    kept = points_kept(case, sale, amount_minor, given)
    if kept is None:
        return _refused(case, Reason.ABOVE_ORIGINAL)
    clawed = max(sale.earned - kept - sale.clawed, 0)
    draft = _draft_for(case, sale.owner)
    had = _give_back(case, draft, given)
    draft.claw_back(clawed, earned_lots(case, sale), absorb=_absorbs(case, sale))
    return _booked(
        case,
        sale,
        draft,
        earned=-clawed,
        had=had,
        given=given,
        money_minor=amount_minor - sum(back.value_minor for back in given),
        links=_links_of(case, sale, given, refunded_minor=amount_minor, clawed=clawed, **own),
        facts=facts_of(case, None, 0).to_json() if returned_lines(case) is not None else None,
    )


def _take_back_all(case: Case, record: Record) -> Outcome:
    """What is left of *record* is undone."""
    if record.operation in _UNDOINGS:
        return _undo_undoing(case, record)
    if record.operation == Operation.ACTIVATE.value:
        return _undo_activation(case, record)
    left = record.used - record.returned
    given = [GivenBack(record, left, record.value_minor - record.returned_minor)] if left else []
    clawed = record.earned - record.clawed
    is_sale = record.operation == Operation.EARN.value
    money_minor = money_back(case, record) if is_sale else 0
    draft = _draft_for(case, record.owner)
    had = _give_back(case, draft, given)
    draft.claw_back(clawed, earned_lots(case, record), absorb=_absorbs(case, record))
    return _booked(
        case,
        record,
        draft,
        earned=-clawed,
        had=had,
        given=given,
        money_minor=money_minor,
        links=_links_of(case, record, given, clawed=clawed, undone=1),
    )


def _reverse_in_part(case: Case, record: Record, final: int) -> Outcome:
    """Only *final* of the amount stands."""
    if record.operation == Operation.EARN.value:
        standing_minor = record.covered_minor - record.discount_minor - record.refunded_minor
        part_minor = min(record.covered_minor - final, standing_minor)
        return _take_back_part(case, record, part_minor, undone=1, final_minor=final)
    if record.operation != Operation.REDEEM.value:
        return _take_back_all(case, record)
    value = case.programmes.version(record.programme_version).redemption.value
    kept = final if record.in_points else -(-final * value.denominator // value.numerator)
    back = max(record.used - record.returned - kept, 0)
    value_minor = min(value.of(back), record.value_minor - record.returned_minor)
    given = [GivenBack(record, back, value_minor)] if back else []
    draft = _draft_for(case, record.owner)
    had = _give_back(case, draft, given)
    return _booked(
        case,
        record,
        draft,
        earned=0,
        had=had,
        given=given,
        money_minor=0,
        links=_links_of(case, record, given, undone=1, final_minor=final),
    )


def _undo_undoing(case: Case, undoing: Record) -> Outcome:
    """A refund or a void did not happen: what it took is given again, what it gave is taken again.

    A void of a refund had itself done that to the refund, so here the signs may be either way.
    """
    worksheet = case.worksheet
    links = worksheet.links_from(undoing.seq)
    earned = -undoing.earned
    used = sum(link.returned for link in links)
    draft = _draft_for(case, undoing.owner)
    lots = _lots_behind(case, undoing)
    had = 0
    if used < 0:
        had = sum(
            draft.give_back(spent_lots(case, source, -link.returned))
            for link in links
            if link.returned and (source := worksheet.by_seq(link.original)) is not None
        )
    given, taken = draft.undo_elsewhere(worksheet.postings(undoing.seq))
    if earned > 0:
        lot = worksheet.lots(lots[:1]).get(lots[0]) if lots else None
        draft.earn_again(earned - taken, lot, *case.programme.lot_dates(case.today))
    else:
        draft.claw_back(-earned, lots, absorb=_absorbs(case, undoing))
    if used > 0:
        draft.redeem_again(used - given)
    opposite = tuple(
        Link(
            seq=case.moment.seq,
            original=link.original,
            refunded_minor=-link.refunded_minor,
            clawed=-link.clawed,
            returned=-link.returned,
            returned_minor=-link.returned_minor,
            undone=-link.undone,
        )
        for link in links
    )
    done = Link(seq=case.moment.seq, original=undoing.seq, undone=1)
    return _booked(
        case,
        undoing,
        draft,
        earned=earned,
        had=had,
        given=(),
        money_minor=0,
        links=(*opposite, done),
    )


def _lots_behind(case: Case, undoing: Record) -> list[int]:
    """Lots of the sale that *undoing*, or what it undid, was about."""
    about: Record | None = undoing
    while about is not None and about.operation in _UNDOINGS:
        about = None if about.original is None else case.worksheet.by_seq(about.original)
    return [] if about is None else earned_lots(case, about)


def _undo_activation(case: Case, activation: Record) -> Outcome:
    """The card was not activated; what was linked to it is linked no longer."""
    changes = activation_undone(case, activation)
    return _booked(
        case,
        activation,
        _draft_for(case, activation.owner),
        earned=0,
        had=0,
        given=(),
        money_minor=0,
        links=(Link(seq=case.moment.seq, original=activation.seq, undone=1),),
        card_changes=changes,
    )


def _refund_without_original(case: Case) -> Outcome:
    """Goods come back without a receipt: the base rate of their price is taken back, or nothing is."""
    card, reason = case.find_card()
    if card is None:
        return _refused(case, reason or Reason.CARD_UNKNOWN)
    policy = case.programme.refund
    if policy.without_original is WithoutOriginal.REFUSE or _is_earn_only(case):
        return _refused(case, Reason.NOT_PERMITTED)
    base = case.programme.base
    amount_minor = case.transaction.amount or 0
    clawed = base.rate.of(amount_minor, base.rounding)
    draft = _draft_for(case, card.owner)
    draft.claw_back(clawed, (), absorb=policy.shortfall is Shortfall.ABSORB)
    assert draft.book is not None
    decision = Approved(
        earned=-clawed or None,
        left_to_pay_minor=amount_minor,
        balance=case.balance(card, draft.book),
        programme_version=case.programme.version,
    )
    return case.remember(decision, card=card, draft=draft, covered_minor=amount_minor, earned=-clawed)
