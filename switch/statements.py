"""The statements on the books and the cards: compiled to text once, from the tables.

Values are always bound. Rows of the books have the order of ``ledger.block.COLUMNS``.
"""

from typing import Any, Final

from sqlalchemy import (
    Column,
    DefaultClause,
    LargeBinary,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

from ledger import tables as books
from ledger.block import COLUMNS, SIDES
from ledger.tables import sql_of
from members import tables as cards


def _default_of(column: Column[Any]) -> str | None:
    default = column.server_default
    return str(default.arg) if isinstance(default, DefaultClause) else None


INSERT_DECISION: Final = sql_of(insert(books.decision))
INSERT_POSTING: Final = sql_of(insert(books.posting))
INSERT_LOT: Final = sql_of(insert(books.lot))
INSERT_PARTY: Final = sql_of(insert(books.party))
INSERT_LINK: Final = sql_of(insert(books.link))
INSERT_EARLY_REVERSAL: Final = sql_of(insert(books.early_reversal))
INSERT_FACT: Final = sql_of(insert(books.fact))
INSERT_CARD_ENTRY: Final = sql_of(insert(books.card_entry))
INSERT_SIDE: Final = {name: sql_of(insert(books.metadata.tables[name])) for name in SIDES}
# For whoever takes all tables alike.
TABLES: Final = {**books.metadata.tables, **cards.metadata.tables}
INSERT_INTO: Final = {name: sql_of(insert(table)) for name, table in TABLES.items()}
BYTES_OF: Final = {
    name: [at for at, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]
    for name, table in TABLES.items()
}
# What stands in the columns, in their order, where nothing was said: those that came later have something.
DEFAULTS: Final = {name: [_default_of(column) for column in table.columns] for name, table in TABLES.items()}

INSERT_BLOCK: Final = sql_of(insert(books.block))
INSERT_LEASE: Final = sql_of(insert(books.sequence_lease))
INSERT_PROGRAMME: Final = sql_of(insert(books.programme))
INSERT_PROGRAMME_TEXT: Final = sql_of(insert(books.programme_text))

_added: Final = sqlite.insert(books.balance)
ADD_TO_BALANCE: Final = sql_of(
    _added.on_conflict_do_update(
        index_elements=["account", "lot"],
        set_={"points": books.balance.c.points + _added.excluded.points},
    )
)
FORGET_EMPTY_BALANCE: Final = sql_of(
    delete(books.balance).where(
        books.balance.c.account == bindparam("account"),
        books.balance.c.lot == bindparam("lot"),
        books.balance.c.points == literal_column("0"),
    )
)

OPEN_HOLD: Final = sql_of(insert(books.open_hold))
_owner_of_hold: Final = select(books.hold.c.owner).where(books.hold.c.seq == bindparam("seq"))
END_HOLD: Final = sql_of(
    delete(books.open_hold).where(
        books.open_hold.c.owner == _owner_of_hold.scalar_subquery(),
        books.open_hold.c.hold == bindparam("hold"),
    )
)

_member: Final = sqlite.insert(cards.member)
UPSERT_MEMBER: Final = sql_of(
    _member.on_conflict_do_update(
        index_elements=["member_id"],
        set_={name: _member.excluded[name] for name in ("operator_id", "owner", "tier", "language")},
    )
)
JOIN_PROGRAMME: Final = sql_of(sqlite.insert(cards.membership).on_conflict_do_nothing())
_person: Final = sqlite.insert(cards.person)
UPSERT_PERSON: Final = sql_of(
    _person.on_conflict_do_update(
        index_elements=["member_id"],
        set_={name: _person.excluded[name] for name in ("name", "phone", "mail", "birthday")},
    )
)
_profile: Final = sqlite.insert(cards.profile)
UPSERT_PROFILE: Final = sql_of(
    _profile.on_conflict_do_update(
        index_elements=["member_id"],
        set_={name: _profile.excluded[name] for name in ("segments", "category", "joined_on", "kind")},
    )
)
INSERT_CARD: Final = sql_of(insert(cards.card))
LINK_IDENTIFIER: Final = sql_of(sqlite.insert(cards.identifier).on_conflict_do_nothing())
UNLINK_IDENTIFIER: Final = sql_of(
    delete(cards.identifier).where(
        cards.identifier.c.kind == bindparam("kind"),
        cards.identifier.c.token == bindparam("token"),
        cards.identifier.c.member_id == bindparam("member"),
        cards.identifier.c.card_id == bindparam("card"),
    )
)
SET_CARD_STATUS: Final = sql_of(
    update(cards.card).values(status=bindparam("status_")).where(cards.card.c.card_id == bindparam("card"))
)
SET_CARD_TYPE: Final = sql_of(
    update(cards.card).values(type=bindparam("type_")).where(cards.card.c.card_id == bindparam("card"))
)
SET_CARD_REPLACED: Final = sql_of(
    update(cards.card)
    .values(status=bindparam("status_"), replaced_by=bindparam("replaced_by_"))
    .where(cards.card.c.card_id == bindparam("card"))
)

_proof: Final = sqlite.insert(cards.proof)
UPSERT_SECRET: Final = sql_of(
    _proof.on_conflict_do_update(
        index_elements=["card_id", "kind"],
        set_={name: _proof.excluded[name] for name in ("value", "salt", "expires_at", "failures")},
    )
)
FORGET_SECRET: Final = sql_of(
    delete(cards.proof).where(
        cards.proof.c.card_id == bindparam("card"), cards.proof.c.kind == bindparam("kind_")
    )
)

SELECT_RECORD: Final = f"SELECT {', '.join(COLUMNS['decision'][:-1])} FROM decision"
_LINK: Final = f"SELECT {', '.join(COLUMNS['link'])} FROM link"
SELECT_LINKS_TO: Final = f"{_LINK} WHERE original = ? ORDER BY seq"
SELECT_LINKS_FROM: Final = f"{_LINK} WHERE seq = ? ORDER BY original"
