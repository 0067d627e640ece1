"""Taking back: which decision a REFUND, VOID or REVERSAL means, and whether it may be undone."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from loyalty.card import IdentifierKind, MemberId
from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from rules.programme import Shortfall, WithoutOriginal
from switch.batchtotals import counted_minor
from switch.case import Case
from switch.exchange_back import (
    exchange_again,
    is_untouched,
    pay_again,
    take_exchange_back,
    take_payment_back,
)
from switch.holds import release, was_completed
from switch.originals import OWN_STAN_REACH
from switch.outcome import EarlyReversal, Link, Outcome, Record
from switch.takeback import reverse_in_part, take_back_all, take_back_part
from switch.transfers import take_transfer_back, transfer_again
from switch.unrefund import reverse_refund

_UNDOINGS: Final = frozenset({Operation.REFUND.value, Operation.VOID.value})
_VOIDABLE: Final = frozenset(
    {
        Operation.HOLD.value,
        Operation.EARN.value,
        Operation.REDEEM.value,
        Operation.REFUND.value,
        Operation.TRANSFER.value,
        Operation.EXCHANGE.value,
        Operation.PAY_CERTIFICATE.value,
    }
)

# What is undone in a way of its own, and how the voiding of it is undone.
_BACK: Final[Mapping[str, Callable[[Case, Record, int | None], Outcome]]] = MappingProxyType(
    {
        Operation.TRANSFER.value: take_transfer_back,
        Operation.EXCHANGE.value: take_exchange_back,
        Operation.PAY_CERTIFICATE.value: take_payment_back,
    }
)
_AGAIN: Final[Mapping[str, Callable[[Case, Record, Record], Outcome]]] = MappingProxyType(
    {
        Operation.TRANSFER.value: transfer_again,
        Operation.EXCHANGE.value: exchange_again,
        Operation.PAY_CERTIFICATE.value: pay_again,
    }
)


def refund(case: Case) -> Outcome:
    """Goods come back: points used come back first, then what was earned on them is taken back."""
    transaction = case.transaction
    if transaction.original is None:
        return _refund_without_original(case)
    owner = case.named_owner()
    if transaction.identifier is not None and owner is None:
        return case.refuse_or_accept(Reason.ORIGINAL_NOT_FOUND)
    hits = [
        record
        for record in search(case, at_terminal=False, owner=owner)
        if record.effective and owner in (None, record.owner)
    ]
    if len(hits) != 1:
        return case.refuse_or_accept(Reason.ORIGINAL_NOT_FOUND)
    sale = hits[0]
    if sale.operation != Operation.EARN.value:
        return case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    if sale.undone and sale.final_minor is None:
        return case.refuse_or_accept(Reason.ALREADY_REVERSED)
    amount_minor = transaction.amount or 0
    if sale.refunded_minor + amount_minor > sale.covered_minor - sale.discount_minor:
        return case.refuse_or_accept(Reason.ABOVE_ORIGINAL)
    if _is_earn_only(case):
        return case.refuse_or_accept(Reason.NOT_PERMITTED)
    return take_back_part(case, sale, amount_minor)


def void(case: Case) -> Outcome:
    """The cashier cancels what this terminal did on the same business day."""
    hits = []
    if case.transaction.original is not None:
        hits = [record for record in search(case, at_terminal=True) if record.effective]
    if len(hits) != 1:
        return case.refuse_or_accept(Reason.ORIGINAL_NOT_FOUND)
    record = hits[0]
    if record.undone:
        return case.refuse_or_accept(Reason.ALREADY_REVERSED)
    if record.operation not in _VOIDABLE or record.business_date != case.moment.business_date:
        return case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    if record.operation == Operation.EARN.value and record.refunded_minor:
        return case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    if record.operation == Operation.EXCHANGE.value and not is_untouched(case, record):
        return case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    if _is_settled_otherwise(case, record):
        return case.refuse_or_accept(Reason.ALREADY_REVERSED)
    if record.operation == Operation.HOLD.value:
        return release(case, record) or case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    return _take_back(case, record)


def reversal(case: Case) -> Outcome:
    """The terminal does not know how it ended, or it ended badly: it did not happen, or only in part."""
    transaction = case.transaction
    hits = search(case, at_terminal=True)
    if len(hits) != 1:
        return _remember_early(case)
    record = hits[0]
    if record.operation == Operation.REVERSAL.value:
        return case.refuse_or_accept(Reason.NOT_ALLOWED_NOW)
    if record.undone or _never_took_place(record) or _is_settled_otherwise(case, record):
        return case.accept(None)
    final = transaction.final_amount
    if final is not None and final > counted_minor(record):
        return case.refuse_or_accept(Reason.ABOVE_ORIGINAL)
    if not record.effective:
        return _take_out_of_batch(case, record, final)
    return _take_back(case, record, final)


def _never_took_place(record: Record) -> bool:
    """Whether *record* was declined, or told of what had been reversed before."""
    return not record.effective and (
        record.reason is not None or record.exception == Reason.ALREADY_REVERSED.name
    )


def _take_out_of_batch(case: Case, advice: Record, final: int | None) -> Outcome:
    """*advice* booked nothing, but its till counted it, and counts this reversal of it: once."""
    undone = Link(seq=case.moment.seq, original=advice.seq, undone=1, final_minor=final)
    return case.accept(None, original=advice.seq, links=(undone,))


def _take_back(case: Case, record: Record, final: int | None = None) -> Outcome:
    """*record* is undone, or made to stand at *final* of its amount."""
    if record.operation == Operation.HOLD.value:
        told = Reason.NOT_ALLOWED_NOW.name if was_completed(case, record) else None
        return release(case, record, final) or case.accept(told)
    back = _BACK.get(record.operation)
    if back is not None:
        return back(case, record, final)
    voided = _voided(case, record)
    if voided is not None:
        again = _AGAIN.get(voided.operation)
        if again is not None:
            return again(case, record, voided)
        if voided.operation == Operation.REFUND.value and _has_no_room(case, record, voided):
            return case.accept(Reason.ABOVE_ORIGINAL.name)
    if final is not None and record.operation == Operation.REFUND.value:
        return reverse_refund(case, record, final)
    if final is not None:
        return reverse_in_part(case, record, final)
    return take_back_all(case, record)


def search(case: Case, *, at_terminal: bool, owner: MemberId | None = None) -> Sequence[Record]:
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
    """Whether *record* is a refund, or the void of one, of a sale that was reversed since: nothing stands."""
    refund = _voided(case, record) or record
    if refund.operation != Operation.REFUND.value or refund.original is None:
        return False
    sale = case.worksheet.by_seq(refund.original)
    return sale is not None and sale.undone > 0 and sale.final_minor is None


def _voided(case: Case, record: Record) -> Record | None:
    """What *record* voided, if it is a void."""
    if record.operation != Operation.VOID.value or record.original is None:
        return None
    return case.worksheet.by_seq(record.original)


def _has_no_room(case: Case, void: Record, refund: Record) -> bool:
    """Whether the sale of *refund* was refunded otherwise since its *void*: both together are above it."""
    sale = None if refund.original is None else case.worksheet.by_seq(refund.original)
    if sale is None:
        return False
    if sale.refunded_minor + refund.covered_minor > sale.covered_minor - sale.discount_minor:
        return True
    for link in case.worksheet.links_from(void.seq):
        source = case.worksheet.by_seq(link.original)
        assert source is not None
        if link.returned < 0 and source.returned - link.returned > source.used:
            return True
    return False


def _refund_without_original(case: Case) -> Outcome:
    """Goods come back without a receipt: the base rate of their price is taken back, or nothing is."""
    card, reason = case.find_card()
    if card is None:
        return case.refuse_or_accept(reason or Reason.CARD_UNKNOWN)
    policy = case.programme.refund
    if policy.without_original is WithoutOriginal.REFUSE or _is_earn_only(case):
        return case.refuse_or_accept(Reason.NOT_PERMITTED)
    base = case.programme.base
    amount_minor = case.transaction.amount or 0
    clawed = base.rate.of(amount_minor, base.rounding)
    draft = case.draft(card.owner)
    draft.claw_back(clawed, (), absorb=policy.shortfall is Shortfall.ABSORB)
    assert draft.book is not None
    decision = Approved(
        earned=-clawed or None,
        left_to_pay_minor=amount_minor,
        balance=case.balance(card, draft.book),
        programme_version=case.programme.version,
    )
    return case.remember(decision, card=card, drafts=[draft], covered_minor=amount_minor, earned=-clawed)
