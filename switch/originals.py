"""Which decision a message means when it names an original, and which message an early reversal meant."""

from datetime import timedelta
from typing import Final

from loyalty.card import CardId, Token
from loyalty.transaction import OriginalReference, Transaction
from switch.outcome import EarlyReversal, Record

OWN_STAN_REACH: Final = timedelta(hours=24)  # a reversal that repeats its original's DE 11
# A reversal, the acknowledgement of an upload, a reconciliation, and what a command booked.
_NEVER_MEANT: Final = ("4", "3", "5", "")


def named_by(reference: OriginalReference, record: Record) -> bool:
    """Whether the parts of a DE 90 match *record*; those that are ``None`` match anything.

    A reversal is only meant where its class is named; what moved nothing at the till's word never is.
    """
    if reference.message_class is None:
        if record.message_class in _NEVER_MEANT:
            return False
    elif reference.message_class != record.message_class:
        return False
    return (
        reference.stan in (None, record.stan)
        and reference.transmitted in (None, record.transmitted)
        and reference.acquirer_id in (None, record.acquirer_id)
    )


def meant_by(
    early: EarlyReversal, transaction: Transaction, card_id: CardId | None, token: Token | None
) -> bool:
    """Whether *early*, a reversal that found nothing, meant *transaction*, which came after it."""
    reference, key = early.reference, transaction.key
    if reference.rrn is not None:
        if transaction.rrn == reference.rrn:
            return True
    elif reference.own_stan is None:
        # A reversal that names nothing must not silence its terminal for ever: the trace number has to agree.
        return (
            reference.message_class in (None, key.message_class)
            and reference.stan == key.stan
            and reference.transmitted in (None, transaction.transmitted)
            and reference.acquirer_id in (None, key.acquirer_id)
        )
    return (
        reference.own_stan == key.stan
        and transaction.received_at - early.at <= OWN_STAN_REACH
        and (
            (early.card_id is not None and early.card_id == card_id)
            or (early.identifier is not None and early.identifier == token)
        )
    )
