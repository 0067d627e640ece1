"""The tables of cards and the people behind them. They may change, and a person can be erased.

Numbers of cards, phones and mails as identifiers are here as keyed hashes only. ``person`` has what the
operator told of a member in clear; nothing else names him.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata: Final = MetaData()

_Integer: Final = BigInteger().with_variant(Integer(), "sqlite")

EVERY_CARD: Final = 0  # ``identifier.card_id`` of what stands for a member and not for one of his cards

member: Final = Table(
    "member",
    metadata,
    Column("member_id", _Integer, primary_key=True, autoincrement=False),
    Column("operator_id", Text, nullable=False),
    Column("owner", _Integer, nullable=False),  # whose accounts hold his points: himself or his family's head
    Column("tier", Text),
    Column("language", Text),
    sqlite_strict=True,
)

person: Final = Table(
    "person",
    metadata,
    Column("member_id", _Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("mail", Text, nullable=False),
    Column("birthday", Text),
    sqlite_strict=True,
)

# What rules may ask of a member. *segments* are names with a space between, ascending.
profile: Final = Table(
    "profile",
    metadata,
    Column("member_id", _Integer, primary_key=True, autoincrement=False),
    Column("segments", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("joined_on", Text),
    Column("kind", Text, nullable=False, server_default="person"),
    sqlite_strict=True,
)

# Members of programmes beside the deployment's own; nobody ever moves to another.
membership: Final = Table(
    "membership",
    metadata,
    Column("member_id", _Integer, primary_key=True, autoincrement=False),
    Column("programme", Text, nullable=False),
    sqlite_strict=True,
)

card: Final = Table(
    "card",
    metadata,
    Column("card_id", _Integer, primary_key=True, autoincrement=False),
    Column("token", LargeBinary, nullable=False),
    Column("last4", Text, nullable=False),
    Column("member_id", _Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("expires_on", Text),
    Column("replaced_by", _Integer),
    Column("type", Text, nullable=False, server_default=""),
    sqlite_strict=True,
)

identifier: Final = Table(
    "identifier",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Column("member_id", _Integer, primary_key=True, autoincrement=False),
    Column("card_id", _Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# A card's one-time code and its PIN, as what they are recognised by (``members.proof``).
proof: Final = Table(
    "proof",
    metadata,
    Column("card_id", _Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("expires_at", Text),
    Column("failures", _Integer, nullable=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

Index("member_operator_id", member.c.operator_id, unique=True)
Index("card_token", card.c.token, unique=True)
Index("card_member", card.c.member_id)
Index("identifier_member", identifier.c.member_id)
