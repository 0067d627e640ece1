"""Values to rows and back.

The rows of a decision have the columns and the order of ``ledger.block.COLUMNS``: what is stored is
what the chain covers.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from ledger.block import Row
from ledger.certificate import Certificate
from ledger.entry import Lot, Posting
from ledger.hold import Hold, HoldStep
from loyalty.card import CardId, MemberId
from loyalty.transaction import OriginalReference
from members.card import Card
from members.profile import MemberKind, Profile
from members.proof import ProofKind, Secret
from switch.block import ProgrammeAct
from switch.outcome import EarlyReversal, Link, Record


def instant_text(instant: datetime) -> str:
    """*instant* (UTC) as it is stored. Texts sort as instants do: ``+`` comes before ``.`` in ASCII."""
    return instant.isoformat()


def decision_row(record: Record, facts_hash: bytes | None) -> Row:
    """The row of *record*."""
    at = instant_text(record.at)
    return (
        record.seq,
        record.key,
        record.content,
        record.identifier,
        record.card_id,
        record.member_id,
        record.owner,
        record.operation,
        int(record.is_advice),
        record.reason,
        int(record.effective),
        record.acquirer_id,
        record.terminal_id,
        record.merchant_id,
        record.message_class,
        record.stan,
        record.transmitted,
        record.rrn,
        at,
        at if record.as_of is record.at else instant_text(record.as_of),
        record.business_date.isoformat(),
        record.amount,
        int(record.in_points),
        record.covered_minor,
        record.earned,
        record.used,
        record.value_minor,
        record.discount_minor,
        record.ticket,
        record.original,
        record.programme_version,
        record.rules,
        record.exception,
        record.answer,
        facts_hash,
    )


def record_of(row: tuple[Any, ...], links: Sequence[Link] = ()) -> Record:
    """The record of a decision's *row* (without its facts' hash), with the sums of its *links*."""
    final = None
    for link in links:
        if link.undone > 0:
            final = link.final_minor
    return Record(
        seq=row[0],
        key=row[1],
        content=row[2],
        identifier=row[3],
        card_id=row[4],
        member_id=row[5],
        owner=row[6],
        operation=row[7],
        is_advice=row[8] == 1,
        reason=row[9],
        effective=row[10] == 1,
        acquirer_id=row[11],
        terminal_id=row[12],
        merchant_id=row[13],
        message_class=row[14],
        stan=row[15],
        transmitted=row[16],
        rrn=row[17],
        at=datetime.fromisoformat(row[18]),
        as_of=datetime.fromisoformat(row[19]),
        business_date=date.fromisoformat(row[20]),
        amount=row[21],
        in_points=row[22] == 1,
        covered_minor=row[23],
        earned=row[24],
        used=row[25],
        value_minor=row[26],
        discount_minor=row[27],
        ticket=row[28],
        original=row[29],
        programme_version=row[30],
        rules=row[31],
        exception=row[32],
        answer=row[33],
        refunded_minor=sum(link.refunded_minor for link in links),
        clawed=sum(link.clawed for link in links),
        returned=sum(link.returned for link in links),
        returned_minor=sum(link.returned_minor for link in links),
        undone=sum(link.undone for link in links),
        final_minor=final,
    )


def posting_row(seq: int, line: int, posting: Posting) -> Row:
    """The row of a posting."""
    return seq, line, posting.debit, posting.credit, posting.points, posting.lot, int(posting.reason)


def lot_row(lot: Lot) -> Row:
    """The row of a lot."""
    return (
        lot.lot,
        lot.owner,
        lot.points,
        lot.earned_on.isoformat(),
        lot.available_from.isoformat(),
        lot.expires_on.isoformat(),
        lot.funder,
        lot.value_minor,
    )


def lot_of(row: tuple[Any, ...]) -> Lot:
    """The lot of a row."""
    return Lot(
        lot=row[0],
        owner=row[1],
        points=row[2],
        earned_on=date.fromisoformat(row[3]),
        available_from=date.fromisoformat(row[4]),
        expires_on=date.fromisoformat(row[5]),
        funder=row[6],
        value_minor=row[7],
    )


def certificate_of(row: tuple[Any, ...]) -> Certificate:
    """The certificate of a row, with what is left of it."""
    code, owner, points, value_minor, last_day, more, more_minor = row
    return Certificate(
        code=code,
        owner=owner,
        points=points,
        value_minor=value_minor,
        last_day=date.fromisoformat(last_day),
        left=points + more,
        left_minor=value_minor + more_minor,
    )


def link_row(link: Link) -> Row:
    """The row of a link."""
    return (
        link.seq,
        link.original,
        link.refunded_minor,
        link.clawed,
        link.returned,
        link.returned_minor,
        link.undone,
        link.final_minor,
    )


def link_of(row: tuple[Any, ...]) -> Link:
    """The link of a row."""
    return Link(
        seq=row[0],
        original=row[1],
        refunded_minor=row[2],
        clawed=row[3],
        returned=row[4],
        returned_minor=row[5],
        undone=row[6],
        final_minor=row[7],
    )


def hold_of(row: tuple[Any, ...]) -> Hold:
    """The hold of a row."""
    return Hold(
        hold=row[0],
        owner=row[2],
        held_for=row[3],
        points=row[4],
        kept_until=datetime.fromisoformat(row[5]),
    )


def hold_step_of(row: tuple[Any, ...]) -> HoldStep:
    """The step of a row."""
    return HoldStep(seq=row[0], hold=row[2], points=row[3], ended=row[4] == 1)


def early_reversal_row(early: EarlyReversal) -> Row:
    """The row of an early reversal."""
    named = early.reference
    return (
        early.seq,
        early.acquirer_id,
        early.terminal_id,
        named.message_class,
        named.stan,
        named.transmitted,
        named.acquirer_id,
        named.rrn,
        named.own_stan,
        early.card_id,
        early.identifier,
        instant_text(early.at),
    )


def early_reversal_of(row: tuple[Any, ...]) -> EarlyReversal:
    """The early reversal of a row."""
    return EarlyReversal(
        seq=row[0],
        acquirer_id=row[1],
        terminal_id=row[2],
        reference=OriginalReference(
            message_class=row[3],
            stan=row[4],
            transmitted=row[5],
            acquirer_id=row[6],
            rrn=row[7],
            own_stan=row[8],
        ),
        card_id=row[9],
        identifier=row[10],
        at=datetime.fromisoformat(row[11]),
    )


def secret_row(card_id: CardId, kind: ProofKind, secret: Secret) -> Row:
    """The row of a card's code or PIN."""
    expires_at = None if secret.expires_at is None else instant_text(secret.expires_at)
    return card_id, kind.value, secret.value, secret.salt, expires_at, secret.failures


def secret_of(row: tuple[Any, ...]) -> Secret:
    """The code or PIN of a row, card and kind apart."""
    value, salt, expires_at, failures = row
    return Secret(
        value=value,
        salt=salt,
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        failures=failures,
    )


def card_row(card: Card, token: bytes) -> Row:
    """The row of a new card."""
    expires_on = None if card.expires_on is None else card.expires_on.isoformat()
    return card.card_id, token, card.last4, card.member_id, card.status.value, expires_on, None, card.type


def act_of(change: str) -> ProgrammeAct:
    """What was done to the programme, as an entry of the journal tells it."""
    told = json.loads(change)
    return ProgrammeAct(
        act=told["act"],
        version=told["version"],
        by=told["by"],
        at=datetime.fromisoformat(told["at"]),
        entry=told.get("entry", 0),
        about=told.get("about", ""),
        is_own=told.get("own", False),
    )


def profile_row(member_id: MemberId, profile: Profile) -> Row:
    """The row of what rules may ask of a member; his birthday has a place of its own."""
    joined_on = None if profile.joined_on is None else profile.joined_on.isoformat()
    return member_id, " ".join(sorted(profile.segments)), profile.category, joined_on, profile.kind.value


def profile_of(row: tuple[Any, ...]) -> Profile:
    """What rules may ask of a member, of a row with his birthday at the end."""
    segments, category, joined_on, kind, birthday = row
    return Profile(
        segments=frozenset((segments or "").split()),
        category=category or "",
        joined_on=None if joined_on is None else date.fromisoformat(joined_on),
        kind=MemberKind(kind or MemberKind.PERSON.value),
        birthday=None if birthday is None else date.fromisoformat(birthday),
    )
