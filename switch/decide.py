"""The heart: what is answered to a transaction, as things stand on the worksheet.

It changes nothing and awaits nothing. The first check that fails decides; format, MAC and terminal were
checked when the message was read (steps 1 to 3), the rest is here, in order:

 4 operation            12      8 original             25, 12, 13
 5 amount, basket       13      9 card                 14, 41, 43, 62, 54, 78
 6 known key            the stored answer, or 94      10 proof        55, 75; permission  57
 7 reversed before      12     11, 12 limit and points 61, 51 or 10
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from loyalty.card import CardId
from loyalty.decision import Reason
from loyalty.transaction import Operation
from switch.activation import activate
from switch.batches import reconcile, told_by_upload, upload, uploaded_before
from switch.case import Case
from switch.coalition import shared
from switch.completion import complete, recognised
from switch.exchange import exchange, pay_certificate
from switch.holds import hold
from switch.originals import meant_by
from switch.outcome import Known, Outcome, Record
from switch.proving import proven
from switch.redemption import amount_fault, inquiry, redeem
from switch.sales import earn, quote
from switch.several import placed
from switch.transfers import transfer
from switch.undo import refund, reversal, void

_DECIDERS: Final[Mapping[Operation, Callable[[Case], Outcome]]] = MappingProxyType(
    {
        Operation.EARN: earn,
        Operation.REDEEM: redeem,
        Operation.QUOTE: quote,
        Operation.INQUIRY: inquiry,
        Operation.REFUND: refund,
        Operation.VOID: void,
        Operation.REVERSAL: reversal,
        Operation.TRANSFER: transfer,
        Operation.EXCHANGE: exchange,
        Operation.PAY_CERTIFICATE: pay_certificate,
        Operation.HOLD: hold,
        Operation.COMPLETE: complete,
        Operation.ACTIVATE: activate,
        Operation.RECONCILE: reconcile,
        Operation.UPLOAD: lambda case: upload(case, _decide_line),
    }
)
_TOLD_APART: Final = frozenset({Operation.REVERSAL, Operation.RECONCILE, Operation.UPLOAD})


def decide(case: Case) -> Outcome | Known:
    """Answer the transaction of *case*, or name the decision that answered it before."""
    transaction = case.transaction
    if transaction.held_for is not None and transaction.approval is not None:
        return _decided(recognised(case))
    return _decided(case)


def _decided(case: Case) -> Outcome | Known:
    transaction = case.transaction
    decider = _DECIDERS.get(transaction.operation)
    if decider is None:
        return case.refuse(Reason.OPERATION_NOT_SUPPORTED)
    fault = transaction.fault or amount_fault(case)
    if fault is not None and not transaction.is_advice:
        return _refused(case, fault)
    known = case.worksheet.by_key(transaction.key.text)
    if known is not None:
        if not _is_same(case, known):
            return case.refuse(Reason.KEY_CONFLICT)
        return Known(known, as_advice=transaction.is_advice and not known.is_advice)
    if transaction.operation is Operation.UPLOAD:
        told = told_by_upload(case)
        if told is not None:
            line, is_same = told
            return Known(line, as_advice=False) if is_same else case.refuse(Reason.KEY_CONFLICT)
    if case.moment.late:
        return case.refuse(Reason.TOO_LATE)
    if transaction.is_advice and transaction.operation not in _TOLD_APART:
        uploaded = uploaded_before(case)
        if uploaded is not None:
            return Known(uploaded, as_advice=False)
    return _decide_new(case, decider, fault)


def _decide_new(case: Case, decider: Callable[[Case], Outcome], fault: Reason | None) -> Outcome:
    """Decide on what nobody has told of before."""
    transaction = case.transaction
    if fault is not None:
        return case.accept(fault.name)
    if transaction.operation not in _TOLD_APART and _is_reversed_before(case):
        if transaction.is_advice:
            return case.accept(Reason.ALREADY_REVERSED.name)
        return case.decline(Reason.ALREADY_REVERSED)
    return _finished(case, decider(case))


def _finished(case: Case, outcome: Outcome) -> Outcome:
    """*outcome* with the part that partners have in it, if the proof that was shown allows it."""
    if outcome.links or case.programme.partners:
        outcome = shared(case, outcome)
    if case.transaction.proof is None and not case.programme.asks_proof:
        return outcome
    return proven(case, outcome)


def _refused(case: Case, fault: Reason) -> Outcome | Known:
    """The refusal of what can never be right; what was right when it was decided keeps its answer."""
    if case.transaction.fault is None:  # it is the programme that finds it wrong: now, or for him who asks
        known = case.worksheet.by_key(case.transaction.key.text)
        if known is not None and _is_same(case, known):
            return Known(known, as_advice=False)
    return case.refuse(fault)


def _decide_line(case: Case) -> Outcome:
    """Decide on a line that only an upload told of."""
    if case.programme.parts:
        case = placed(case)
    fault = case.transaction.fault or amount_fault(case)
    return _decide_new(case, _DECIDERS[case.transaction.operation], fault)


def _is_same(case: Case, known: Record) -> bool:
    """Whether the content is that of the decision with the same key; the same card may be named otherwise."""
    if known.content != case.transaction.content:
        return False
    if known.identifier == case.token:
        return True
    card = case.named_card()
    return card is not None and card.card_id == known.card_id


def _is_reversed_before(case: Case) -> bool:
    key = case.transaction.key
    terminal = key.acquirer_id, key.terminal_id
    early = case.worksheet.early_reversals(terminal, key.stan, case.transaction.rrn)
    if not early:
        return False
    card = case.named_card()
    card_id: CardId | None = None if card is None else card.card_id
    return any(meant_by(reversal, case.transaction, card_id, case.token) for reversal in early)
