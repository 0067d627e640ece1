"""EXCHANGE and PAY_CERTIFICATE: points become a certificate, and a certificate pays.

A certificate belongs to whoever brings it. It pays as often as something is left of it, until its last day.
"""

from datetime import date
from typing import Final

from ledger.certificate import Certificate
from loyalty.card import MemberId
from loyalty.decision import Approved, Instrument, Reason
from members.card import Card
from rules.redemption import Redemption
from switch.allowed import may_only_earn, whole_points
from switch.case import Case
from switch.certificates import changed, code_for, made
from switch.declining import guarded
from switch.family import is_above
from switch.outcome import Outcome
from switch.paying import redemption_for, traced
from switch.vouchers import VoucherDraft

KIND: Final = "CERT"

# Why a certificate is not taken: names under NOT_PERMITTED.
UNKNOWN: Final = "CERTIFICATE_UNKNOWN"
USED: Final = "CERTIFICATE_USED"
LAPSED: Final = "CERTIFICATE_LAPSED"


def exchange(case: Case) -> Outcome:
    """Points become a certificate, whose code the answer tells."""
    card, reason = case.find_card()
    if reason is not None:
        return case.refuse_or_accept(reason, card)
    assert card is not None
    if may_only_earn(case):
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card)
    if (declined := guarded(case, card)) is not None:
        return declined
    redemption = redemption_for(case, card)
    return traced(case, _exchanged(case, card, redemption), redemption, card)


def _exchanged(case: Case, card: Card, redemption: Redemption) -> Outcome:
    if redemption.refused:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=redemption.refused)
    if "redeem" in case.programme.stopped:
        return case.refuse_or_accept(Reason.REDEMPTION_PAUSED, card)
    points = whole_points(case, redemption)
    assert points is not None
    if is_above(case, card, points):
        return case.refuse_or_accept(Reason.ABOVE_LIMIT, card)
    today = case.moment.business_date
    draft = draft_for(case, card.owner)
    assert draft.book is not None
    if points > draft.book.available(today) - draft.book.debt:
        return case.refuse_or_accept(Reason.NOT_SUFFICIENT_POINTS, card)
    value_minor = redemption.value.of(points)
    certificate = Certificate(
        code=code_for(case.transaction.key.text, case.token_of),
        owner=card.owner,
        points=points,
        value_minor=value_minor,
        last_day=case.programme.certificates.last.after(today),
        left=points,
        left_minor=value_minor,
    )
    draft.exchange(points)
    assert draft.book is not None
    decision = Approved(
        used=points,
        value_minor=value_minor,
        balance=case.balance(card, draft.book),
        certificate=points,
        instruments=(Instrument(KIND, value_minor, certificate.last_day, certificate.code),),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=points,
        value_minor=value_minor,
        sides=(made(certificate),),
    )


def pay_certificate(case: Case) -> Outcome:
    """A certificate pays a part of the ticket; with ``P`` also when it is worth less than was asked."""
    transaction = case.transaction
    card, reason = case.find_card()
    if reason is not None:
        return case.refuse_or_accept(reason, card)
    assert card is not None
    if may_only_earn(case):
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card)
    if (declined := guarded(case, card)) is not None:
        return declined
    certificate = (
        case.worksheet.certificate(transaction.coupons[0]) if len(transaction.coupons) == 1 else None
    )
    name = _refusal(certificate, case.today)
    if certificate is not None and case.programmes.seen_by("").current.parts:
        its = case.worksheet.membership(MemberId(certificate.owner))
        name = UNKNOWN if its != case.programme.id else name
    if name is not None:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=name)
    assert certificate is not None
    assert transaction.amount is not None
    covered_minor = min(transaction.amount, certificate.left_minor)
    partial = covered_minor < transaction.amount
    if partial and ("P" not in transaction.can or transaction.is_advice):
        return case.refuse_or_accept(Reason.NOT_SUFFICIENT_POINTS, card)
    points = certificate.points_for(covered_minor)
    draft = draft_for(case, None)
    draft.pay(points)
    decision = Approved(
        partial=partial,
        amount=covered_minor if partial else None,
        value_minor=covered_minor,
        left_to_pay_minor=transaction.amount - covered_minor,
        balance=case.balance(card, case.book(card.owner)),
        certificate=certificate.left - points,
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        reason=Reason.PARTIAL.name if partial else None,
        covered_minor=covered_minor,
        value_minor=covered_minor,
        sides=(changed(certificate.code, -points, -covered_minor),),
    )


def draft_for(case: Case, owner: MemberId | None) -> VoucherDraft:
    """A new entry on the account of certificates and those of *owner*, if there is one."""
    moment = case.moment
    book = None if owner is None else case.worksheet.book(owner)
    return VoucherDraft(moment.seq, book, moment.business_date, moment.now, case.grace)


def _refusal(certificate: Certificate | None, today: date) -> str | None:
    """Why a certificate does not pay on *today*; ``None`` when it does."""
    if certificate is None:
        return UNKNOWN
    if certificate.left_minor == 0:
        return USED
    return LAPSED if certificate.last_day < today else None
