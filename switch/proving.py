"""Step 10: whoever spends points from a certain worth on has to show that the card is his.

What is shown is a one-time code or a PIN. It is looked at after the decision was worked out and before it
counts: what fails at the card or earlier goes first, and whatever would have failed later is not told to
somebody who shows the wrong one. A right code is used up and a wrong one counted in the same commit, with
the answer that tells it; the message said again gets that answer and counts for nothing.

What books nothing (an inquiry, a quote) looks at no proof: its answers are not remembered, so codes could be
tried there for ever. Advices tell what has happened: they are asked for none, and use up a right one.
"""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import structs

from loyalty.amount import Rate
from loyalty.card import Identifier, IdentifierKind, Token
from loyalty.decision import Declined, Reason
from loyalty.transaction import Operation
from members.card import Card
from members.proof import ProofChange, ProofKind, Secret
from switch.case import Case
from switch.outcome import CardChange, Outcome
from switch.paying import redemption_for

_ASKED: Final = frozenset(
    {
        Operation.EARN, Operation.REDEEM, Operation.HOLD, Operation.TRANSFER, Operation.EXCHANGE,
        Operation.PAY_CERTIFICATE, Operation.ACTIVATE,
    }
)  # fmt: skip
_CODE: Final = ProofKind.CODE
_PRECEDENCE: Final = {reason: place for place, reason in enumerate(Reason)}


def value_of_code(token_of: Callable[[Identifier], Token], salt: bytes, code: str) -> bytes:
    """By what *code* is recognised: its keyed hash. No identifier has the sign that parts salt and code."""
    return token_of(Identifier(IdentifierKind.UUID, f"{salt.hex()}\x1f{code}"))


def proven(case: Case, outcome: Outcome) -> Outcome:
    """*outcome*, or the refusal in its place, with what becomes of the card's code and PIN."""
    transaction = case.transaction
    if outcome.record is None or transaction.operation not in _ASKED or _failed_before(outcome):
        return outcome
    card, reason = case.find_card()
    if card is None or reason is not None:
        return outcome
    shown = list(_shown(case, card))
    if transaction.is_advice:
        used = [
            _change(card, kind, "used", None) for kind, _, is_right in shown if is_right and kind is _CODE
        ]
        return _with(outcome, used)
    changes: list[CardChange] = []
    for kind, secret, is_right in shown:
        if secret.is_exhausted or not is_right:
            return _refusal(case, card, kind, secret, counts=is_right is not None)
        changes += _after_right(card, kind, secret)
    if not shown and _is_needed(case, card):
        return case.decline(Reason.PROOF_MISSING_OR_WRONG, card)
    return _with(outcome, changes)


def _refusal(case: Case, card: Card, kind: ProofKind, secret: Secret, *, counts: bool) -> Outcome:
    if secret.is_exhausted:
        return case.decline(Reason.PROOF_TRIES_EXCEEDED, card)
    refusal = case.decline(Reason.PROOF_MISSING_OR_WRONG, card)
    return _with(refusal, [_change(card, kind, "wrong", secret.failed())] if counts else [])


def _after_right(card: Card, kind: ProofKind, secret: Secret) -> list[CardChange]:
    if kind is _CODE:
        return [_change(card, kind, "used", None)]
    return [_change(card, kind, "right", secret.cleared())] if secret.failures else []


def _with(outcome: Outcome, changes: list[CardChange]) -> Outcome:
    return structs.replace(outcome, card_changes=(*outcome.card_changes, *changes)) if changes else outcome


def _failed_before(outcome: Outcome) -> bool:
    """Whether the decision fell at a step before the proof."""
    decision = outcome.decision
    return (
        isinstance(decision, Declined)
        and _PRECEDENCE[decision.reason] < _PRECEDENCE[Reason.PROOF_MISSING_OR_WRONG]
    )


def _shown(case: Case, card: Card) -> Iterator[tuple[ProofKind, Secret, bool | None]]:
    """What was shown and can be looked at, and whether it is right; ``None`` when it could not be read.

    Where the card has no PIN, or no code that holds, there is nothing to hold it to: it proves nothing, and
    it refuses nothing by itself.
    """
    proof = case.transaction.proof
    if proof is None:
        return
    if proof.pin_value is not None:
        pin = case.worksheet.secret(card.card_id, ProofKind.PIN)
        if pin is not None:
            yield ProofKind.PIN, pin, pin.is_right(proof.pin_value.encode()) if proof.pin_value else None
    if proof.code is not None:
        code = case.worksheet.secret(card.card_id, _CODE)
        if code is not None and code.holds_at(case.moment.now):
            yield _CODE, code, code.is_right(value_of_code(case.token_of, code.salt, proof.code))


def _is_needed(case: Case, card: Card) -> bool:
    """Whether the points that are to be spent are worth so much that a proof is asked for."""
    if not case.programme.asks_proof:
        return False
    redemption = redemption_for(case, card)
    from_minor = redemption.proof_from_minor
    if from_minor is None:
        return False
    worth_minor = _worth_minor(case, redemption.value)
    return worth_minor > 0 and worth_minor >= from_minor


def _worth_minor(case: Case, value: Rate) -> int:
    """Money value of the points that the transaction asks to spend, each worth *value*."""
    transaction = case.transaction
    if transaction.held_for is Operation.EARN:
        return value.of(transaction.points or 0)
    match transaction.operation:
        case Operation.EARN:
            return value.of(transaction.points or 0)
        case Operation.REDEEM | Operation.HOLD | Operation.TRANSFER | Operation.EXCHANGE:
            amount = transaction.amount or 0
            return value.of(amount) if transaction.in_points else amount
        case _:
            return 0


def _change(card: Card, kind: ProofKind, did: str, after: Secret | None) -> CardChange:
    return CardChange(card=card, proof=ProofChange(kind=kind, did=did, after=after))
