"""Cards, and what is known of their members, written into the transaction that the store has opened."""

from collections.abc import Iterable, Iterator, Sequence

from members.card import CardStatus
from members.profile import Profile
from members.tables import EVERY_CARD
from switch import statements as sql
from switch.block import Enrolment
from switch.database import Connection
from switch.outcome import CardChange
from switch.rows import card_row, profile_row, secret_row


def write_enrolments(connection: Connection, enrolments: Sequence[Enrolment]) -> None:
    """Write new cards and what came with them, table by table: cards are taken in by the hundred."""
    cards = [each.card for each in enrolments]
    connection.executemany(
        sql.UPSERT_MEMBER,
        [(card.member_id, card.operator_id, card.owner, card.tier, card.language) for card in cards],
    )
    connection.executemany(
        sql.JOIN_PROGRAMME, [(card.member_id, card.programme) for card in cards if card.programme]
    )
    connection.executemany(sql.INSERT_CARD, [card_row(each.card, each.token) for each in enrolments])
    connection.executemany(sql.UPSERT_PERSON, list(_persons(enrolments)))
    connection.executemany(
        sql.UPSERT_PROFILE,
        [
            profile_row(each.card.member_id, Profile(joined_on=each.joined_on))
            for each in enrolments
            if each.joined_on is not None
        ],
    )
    connection.executemany(
        sql.LINK_IDENTIFIER,
        [
            (kind, token, each.card.member_id, EVERY_CARD)
            for each in enrolments
            for kind, token in each.identifiers
        ],
    )
    connection.executemany(
        sql.SET_CARD_REPLACED,
        [
            (CardStatus.REPLACED.value, each.card.card_id, each.replaces)
            for each in enrolments
            if each.replaces is not None
        ],
    )


def _persons(enrolments: Iterable[Enrolment]) -> Iterator[tuple[int | str | None, ...]]:
    for each in enrolments:
        person = each.person
        if person is not None:
            birthday = None if person.birthday is None else person.birthday.isoformat()
            yield each.card.member_id, person.name, person.phone, person.mail, birthday


def write_card_change(connection: Connection, change: CardChange) -> None:
    """Write what *change* makes of a card."""
    card = change.card
    if change.status is not None:
        connection.execute(sql.SET_CARD_STATUS, (change.status.value, card.card_id))
    if change.type is not None:
        connection.execute(sql.SET_CARD_TYPE, (change.type, card.card_id))
    if change.link is not None:
        connection.execute(sql.LINK_IDENTIFIER, (*change.link, card.member_id, card.card_id))
    if change.unlink is not None:
        connection.execute(sql.UNLINK_IDENTIFIER, (*change.unlink, card.member_id, card.card_id))
    if change.proof is not None:
        kind, secret = change.proof.kind, change.proof.after
        if secret is None:
            connection.execute(sql.FORGET_SECRET, (card.card_id, kind.value))
        else:
            connection.execute(sql.UPSERT_SECRET, secret_row(card.card_id, kind, secret))
