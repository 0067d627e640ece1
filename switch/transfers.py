"""TRANSFER: points go to another member, keeping their age; and the undoing of it."""

from ledger.account import AccountKind, PostingReason, kind_of
from ledger.entry import Lot
from loyalty.card import Identifier, MemberId
from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from members.card import Card
from rules.programme import Shortfall
from switch.allowed import may_only_earn, whole_points
from switch.case import Case
from switch.declining import guarded
from switch.family import is_above
from switch.moving import Move, MovingDraft, last_of, moves_of
from switch.outcome import Link, Outcome, Record


def transfer(case: Case) -> Outcome:
    """Move points to the card of tag 012."""
    transaction, moment = case.transaction, case.moment
    card, reason = case.find_card()
    if reason is not None:
        return case.refuse_or_accept(reason, card)
    assert card is not None
    receiver, reason = _destination(case)
    if reason is not None:
        return case.refuse_or_accept(reason, card)
    assert receiver is not None
    if may_only_earn(case) or receiver.owner == card.owner:  # a family has its points in common
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card)
    if (declined := guarded(case, card)) is not None:
        return declined
    points = whole_points(case, case.programme.redemption)
    assert points is not None
    if is_above(case, card, points):
        return case.refuse_or_accept(Reason.ABOVE_LIMIT, card)
    assert transaction.amount is not None
    sender = _draft(case, card.owner)
    book = sender.book
    if points > book.available(moment.business_date) - book.debt:
        return case.refuse_or_accept(Reason.NOT_SUFFICIENT_POINTS, card)
    lots = case.worksheet.lots([lot.lot for lot in book.lots])
    receiving = _draft(case, receiver.owner, sender)
    receiving.receive(sender.send(points, lots))
    value_minor = case.programme.redemption.value.of(points)
    decision = Approved(
        used=points,
        value_minor=value_minor,
        balance=case.balance(card, sender.book),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[sender, receiving],
        covered_minor=transaction.amount,
        used=points,
        value_minor=value_minor,
    )


def _destination(case: Case) -> tuple[Card | None, Reason | None]:
    """The card that receives, if it is known, and why it cannot be used, if so."""
    destination = case.transaction.destination
    if destination is None:
        return None, Reason.CARD_UNKNOWN
    if not case.is_in_range(destination):
        return None, Reason.NOT_PERMITTED if _is_of_another(case, destination) else Reason.CARD_UNKNOWN
    cards = case.worksheet.cards(destination.kind.value, case.token_of(destination))
    if not cards:
        return None, Reason.CARD_UNKNOWN
    return cards[0], cards[0].refusal(case.today)


def _is_of_another(case: Case, destination: Identifier) -> bool:
    """Whether *destination* is a card number of another programme of the switch."""
    programmes = case.programmes.seen_by("").current.all
    return any(
        card_range.holds(destination.value)
        for programme in programmes
        if programme.id != case.programme.id
        for card_range in programme.card_ranges
    )


def take_transfer_back(case: Case, record: Record, final: int | None = None) -> Outcome:
    """A transfer is undone: all that is left of it, or down to *final* of its amount.

    What the receiver has no longer he owes, or the programme bears it. Points that expired since would have
    expired with the sender too: they stay where they went.
    """
    value = case.programmes.version(record.programme_version).redemption.value
    kept = 0
    if final is not None:
        kept = final if record.in_points else -(-final * value.denominator // value.numerator)
    points = max(record.used - record.returned - kept, 0)
    moves = last_of(moves_of(case.worksheet.postings(record.seq)), points, record.returned)
    sender, receiver = _sides(case, record)
    absorb = case.programmes.version(record.programme_version).refund.shortfall is Shortfall.ABSORB
    alive = _alive(case, moves)
    had = sum(points for _, _, points in alive)
    receiver.hand_back(had, [target.lot for _, target, _ in alive], absorb=absorb)
    sender.take_back([(source, points) for source, _, points in alive])
    value_minor = min(value.of(points), record.value_minor - record.returned_minor)
    link = Link(
        seq=case.moment.seq,
        original=record.seq,
        returned=points,
        returned_minor=value_minor,
        undone=1,
        final_minor=final,
    )
    return _undone(case, record, sender, receiver, had, points, value_minor, (link,))


def transfer_again(case: Case, void: Record, record: Record) -> Outcome:
    """The *void* of the transfer *record* did not happen: the points move again."""
    worksheet = case.worksheet
    (link,) = worksheet.links_from(void.seq)
    before = record.returned - link.returned
    moves = last_of(moves_of(worksheet.postings(record.seq)), link.returned, before)
    sender, receiver = _sides(case, record)
    absorbed = sum(
        posting.points
        for posting in worksheet.postings(void.seq)
        if posting.reason is PostingReason.TRANSFER_BACK and kind_of(posting.debit) is AccountKind.ADJUST
    )
    alive = _alive(case, moves)
    moved = sum(points for _, _, points in alive)
    sender.send_again(moved)
    receiver.receive_again([(target, points) for _, target, points in alive], min(absorbed, moved))
    seq = case.moment.seq
    opposite = Link(
        seq=seq,
        original=record.seq,
        returned=-link.returned,
        returned_minor=-link.returned_minor,
        undone=-1,
    )
    done = Link(seq=seq, original=void.seq, undone=1)
    return _undone(case, void, sender, receiver, 0, -link.returned, -link.returned_minor, (opposite, done))


def _sides(case: Case, record: Record) -> tuple[MovingDraft, MovingDraft]:
    """Drafts of the sender and of the receiver of the transfer *record*."""
    assert record.owner is not None
    receiver = moves_of(case.worksheet.postings(record.seq))[0].receiver
    sender = _draft(case, record.owner)
    return sender, _draft(case, MemberId(receiver), sender)


def _draft(case: Case, owner: MemberId, beside: MovingDraft | None = None) -> MovingDraft:
    moment = case.moment
    book = case.worksheet.book(owner)
    return MovingDraft(moment.seq, book, moment.business_date, moment.now, case.grace, beside)


def _alive(case: Case, moves: list[Move]) -> list[tuple[Lot, Lot, int]]:
    """Source, target and points of the *moves* whose points did not expire since."""
    lots = case.worksheet.lots([lot for move in moves for lot in (move.source, move.target)])
    today = case.moment.business_date
    return [
        (lots[move.source], lots[move.target], move.points)
        for move in moves
        if lots[move.source].expires_on >= today
    ]


def _undone(
    case: Case,
    record: Record,
    sender: MovingDraft,
    receiver: MovingDraft,
    had: int,
    points: int,
    value_minor: int,
    links: tuple[Link, ...],
) -> Outcome:
    """An undoing of *record*, put down: *points* went back, of which the sender *had* so many again."""
    card = None if record.card_id is None else case.worksheet.card(record.card_id)
    decision = Approved(
        books=case.transaction.operation is not Operation.REVERSAL,
        used=had or None,
        value_minor=value_minor if had else None,
        left_to_pay_minor=0,
        balance=case.balance(card, sender.book),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        owner=record.owner,
        drafts=[receiver, sender],
        covered_minor=case.transaction.amount or 0,
        used=-points,
        value_minor=-value_minor,
        original=record.seq,
        links=links,
    )
