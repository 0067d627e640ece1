"""Undoing EXCHANGE and PAY_CERTIFICATE, and undoing that."""

from ledger.account import AccountKind, PostingReason, kind_of
from ledger.certificate import Certificate
from loyalty.decision import Approved
from loyalty.transaction import Operation
from switch.allowed import redemption_of
from switch.case import Case
from switch.certificates import changed
from switch.exchange import LAPSED, USED, draft_for
from switch.outcome import Link, Outcome, Record, Side
from switch.returns import spent_lots
from switch.vouchers import VoucherDraft


def is_untouched(case: Case, record: Record) -> bool:
    """Whether nothing was spent yet of the certificate that *record* made, and it can be spent still."""
    certificate = certificate_of(case, record)
    is_whole = certificate.left_minor == certificate.value_minor  # a payment may have taken no whole point
    return is_whole and certificate.last_day >= case.moment.business_date


def certificate_of(case: Case, record: Record) -> Certificate:
    """The certificate that *record* made or paid with."""
    (code,) = case.worksheet.certificate_codes(record.seq)
    certificate = case.worksheet.certificate(code)
    assert certificate is not None
    return certificate


def take_exchange_back(case: Case, record: Record, final: int | None = None) -> Outcome:
    """Points return from the certificate that *record* made, as far as something is left of it.

    With *final* only so much of the exchange's amount stands, and of the certificate.
    """
    certificate = certificate_of(case, record)
    value = redemption_of(case, record).value
    kept = 0
    if final is not None:
        kept = final if record.in_points else -(-final * value.denominator // value.numerator)
    asked = max(record.used - record.returned - kept, 0)
    lives = certificate.last_day >= case.moment.business_date
    has = min(certificate.left, certificate.left_minor * value.denominator // value.numerator)
    points = min(asked, has) if lives else 0
    value_minor = certificate.left_minor
    if points < certificate.left:
        value_minor = certificate.left_minor * points // certificate.left
    draft = draft_for(case, record.owner)
    parts = spent_lots(case, record, points)
    had = draft.exchange_back([(lot, part) for lot, part in parts if lot is not None])
    link = Link(
        seq=case.moment.seq,
        original=record.seq,
        returned=points,
        returned_minor=value_minor,
        undone=1,
        final_minor=final,
    )
    return _undone(
        case,
        record,
        draft,
        had=had,
        used=-points,
        value_minor=-value_minor,
        left=certificate.left - points,
        links=(link,),
        side=changed(certificate.code, -points, -value_minor),
        exception=None if points == asked else USED if lives else LAPSED,
    )


def exchange_again(case: Case, void: Record, record: Record) -> Outcome:
    """The *void* of the exchange *record* did not happen: the certificate is worth what it was."""
    (link,) = case.worksheet.links_from(void.seq)
    certificate = certificate_of(case, record)
    expired = [
        (posting.lot, posting.points)
        for posting in case.worksheet.postings(void.seq)
        if posting.reason is PostingReason.EXCHANGE_BACK and kind_of(posting.credit) is AccountKind.EXPIRED
    ]
    draft = draft_for(case, record.owner)
    draft.exchange_again(link.returned, expired)
    return _undone(
        case,
        void,
        draft,
        used=link.returned,
        value_minor=link.returned_minor,
        left=certificate.left + link.returned,
        links=_opposite(case, void, link),
        side=changed(certificate.code, link.returned, link.returned_minor),
    )


def take_payment_back(case: Case, record: Record, final: int | None = None) -> Outcome:
    """The certificate that paid has its value again, or all but *final* of it."""
    certificate = certificate_of(case, record)
    paid_minor = record.value_minor - record.returned_minor
    value_minor = max(paid_minor - (final or 0), 0)
    points = _points_paid(case, record)
    if value_minor < paid_minor:
        points = points * value_minor // paid_minor
    fits, fits_minor = points, value_minor
    if not certificate.is_purse:  # which has room for whatever was in it
        fits = min(points, certificate.points - certificate.left)
        fits_minor = min(value_minor, certificate.value_minor - certificate.left_minor)
    draft = draft_for(case, None)
    draft.pay_back(fits, over=points - fits)
    link = Link(
        seq=case.moment.seq,
        original=record.seq,
        returned_minor=value_minor,
        undone=1,
        final_minor=final,
    )
    return _undone(
        case,
        record,
        draft,
        value_minor=-value_minor,
        left=certificate.left + fits,
        links=(link,),
        side=changed(certificate.code, fits, fits_minor),
    )


def pay_again(case: Case, void: Record, record: Record) -> Outcome:
    """The *void* of the payment *record* did not happen: the certificate pays again what it has still."""
    (link,) = case.worksheet.links_from(void.seq)
    certificate = certificate_of(case, record)
    points = _points_paid(case, record)
    has, has_minor = min(points, certificate.left), min(link.returned_minor, certificate.left_minor)
    draft = draft_for(case, None)
    draft.pay(has, short=points - has)
    return _undone(
        case,
        void,
        draft,
        value_minor=link.returned_minor,
        left=certificate.left - has,
        links=_opposite(case, void, link),
        side=changed(certificate.code, -has, -has_minor),
        exception=USED if has_minor < link.returned_minor else None,
    )


def _points_paid(case: Case, payment: Record) -> int:
    return sum(
        posting.points
        for posting in case.worksheet.postings(payment.seq)
        if posting.reason is PostingReason.PAY_CERTIFICATE
    )


def _opposite(case: Case, void: Record, link: Link) -> tuple[Link, ...]:
    """What undoes *link* of *void*, and *void* itself."""
    seq = case.moment.seq
    again = Link(
        seq=seq,
        original=link.original,
        returned=-link.returned,
        returned_minor=-link.returned_minor,
        undone=-link.undone,
    )
    return again, Link(seq=seq, original=void.seq, undone=1)


def _undone(
    case: Case,
    record: Record,
    draft: VoucherDraft,
    *,
    had: int = 0,
    used: int = 0,
    value_minor: int,
    left: int,
    links: tuple[Link, ...],
    side: Side,
    exception: str | None = None,
) -> Outcome:
    """An undoing of *record*, put down: the member *had* so many points again, the certificate has *left*."""
    card = None if record.card_id is None else case.worksheet.card(record.card_id)
    assert record.owner is not None
    decision = Approved(
        books=case.transaction.operation is not Operation.REVERSAL,
        used=had or None,
        value_minor=-value_minor if value_minor < 0 else None,
        left_to_pay_minor=0,
        balance=case.balance(card, draft.book or case.book(record.owner)),
        certificate=left,
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        owner=record.owner,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=used,
        value_minor=value_minor,
        original=record.seq,
        links=links,
        sides=(side,),
        exception=exception,
    )
