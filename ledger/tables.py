"""The tables of the books, and the statements on them that are compiled to text once.

All but ``balance`` and ``open_hold`` are append-only: a correction is a new entry. ``guards`` gives the
triggers that keep them so, whoever opens the file. ``fact`` may lose rows, because what it holds of a
customer can be erased; nothing in it can change.

Instants are ISO 8601 in UTC, dates ISO 8601, truth values 0 and 1, points and money integers.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, and_
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.type_api import TypeEngine

from ledger.block import OF_THE_PROGRAMME, SIDES

metadata: Final = MetaData()

# SQLite's INTEGER has 64 bits, and only a column of exactly that type is the row's own number.
_Integer: Final = BigInteger().with_variant(Integer(), "sqlite")


def _column(name: str, kind: TypeEngine[Any], *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def _integer(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    return _column(name, _Integer, key=key, null=null)


def _text(name: str, *, null: bool = False) -> Column[Any]:
    return _column(name, Text(), null=null)


def _bytes(name: str, *, null: bool = False) -> Column[Any]:
    return _column(name, LargeBinary(), null=null)


# A decision, as ``switch.outcome.Record`` describes it. The order up to ``facts_hash`` is that of
# ``ledger.block``'s canonical form.
decision: Final = Table(
    "decision",
    metadata,
    _integer("seq", key=True),
    _text("key"),
    _bytes("content"),
    _bytes("identifier", null=True),
    _integer("card_id", null=True),
    _integer("member_id", null=True),
    _integer("owner", null=True),
    _text("operation"),
    _integer("is_advice"),
    _text("reason", null=True),
    _integer("effective"),
    _text("acquirer_id"),
    _text("terminal_id"),
    _text("merchant_id"),
    _text("message_class"),
    _text("stan"),
    _text("transmitted"),
    _text("rrn"),
    _text("at"),
    _text("as_of"),
    _text("business_date"),
    _integer("amount"),
    _integer("in_points"),
    _integer("covered_minor"),
    _integer("earned"),
    _integer("used"),
    _integer("value_minor"),
    _integer("discount_minor"),
    _text("ticket", null=True),
    _integer("original", null=True),
    _text("programme_version", null=True),
    _text("rules"),
    _text("exception", null=True),
    _text("answer"),
    _bytes("facts_hash", null=True),
    _integer("block"),
    _integer("rrn_sent"),  # the terminal brought its own DE 37; the switch's own names the sequence
    _bytes("digest"),
    sqlite_strict=True,
)

posting: Final = Table(
    "posting",
    metadata,
    _integer("seq", key=True),
    _integer("line", key=True),
    _integer("debit"),
    _integer("credit"),
    _integer("points"),
    _integer("lot"),
    _integer("reason"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

lot: Final = Table(
    "lot",
    metadata,
    _integer("lot", key=True),
    _integer("owner"),
    _integer("points"),
    _text("earned_on"),
    _text("available_from"),
    _text("expires_on"),
    _text("funder"),
    _integer("value_minor"),
    sqlite_strict=True,
)

link: Final = Table(
    "link",
    metadata,
    _integer("seq", key=True),
    _integer("original", key=True),
    _integer("refunded_minor"),
    _integer("clawed"),
    _integer("returned"),
    _integer("returned_minor"),
    _integer("undone"),
    _integer("final_minor", null=True),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# A certificate as it was made: *points* of *owner*, worth *value_minor* through *last_day*.
certificate: Final = Table(
    "certificate",
    metadata,
    _integer("seq", key=True),
    _integer("line", key=True),
    _text("code"),
    _integer("owner"),
    _integer("points"),
    _integer("value_minor"),
    _text("last_day"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# What became of one since: what is left of it is what it was made with plus the sums of these.
certificate_entry: Final = Table(
    "certificate_entry",
    metadata,
    _integer("seq", key=True),
    _integer("line", key=True),
    _text("code"),
    _integer("points"),
    _integer("value_minor"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# Whose history a decision belongs to besides its own owner's: everybody else whose accounts it changed. What
# the postings tell, the other way round; the chain does not cover it, and ``verify`` holds it against them.
party: Final = Table(
    "party",
    metadata,
    _integer("owner", key=True),
    _integer("seq", key=True),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

early_reversal: Final = Table(
    "early_reversal",
    metadata,
    _integer("seq", key=True),
    _text("acquirer_id"),
    _text("terminal_id"),
    _text("original_class", null=True),
    _text("original_stan", null=True),
    _text("original_transmitted", null=True),
    _text("original_acquirer_id", null=True),
    _text("original_rrn", null=True),
    _text("own_stan", null=True),
    _integer("card_id", null=True),
    _bytes("identifier", null=True),
    _text("at"),
    sqlite_strict=True,
)

fact: Final = Table(
    "fact",
    metadata,
    _integer("seq", key=True),
    _bytes("salt"),
    _text("facts"),
    sqlite_strict=True,
)

# What happened to cards, by decision (*seq*) or by administration (0); with the card 0 what was done to the
# programme, and by whom. Names no member.
card_entry: Final = Table(
    "card_entry",
    metadata,
    _column("block", _Integer, key=True),
    _column("line", _Integer, key=True),
    _integer("seq"),
    _integer("card_id"),
    _text("change"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# What a decision added to what programmes count, and what it came to: the last row of a measure, whose it is
# and a stretch of the calendar tells what is counted there.
tally: Final = Table(
    "tally",
    metadata,
    _integer("seq", key=True),
    _integer("line", key=True),
    _text("measure"),
    _text("whose"),
    _text("stretch"),
    _integer("change"),
    _integer("total"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# One group commit. *first_seq* and *last_seq* are null when it holds no decision.
block: Final = Table(
    "block",
    metadata,
    _integer("number", key=True),
    _integer("format"),
    _integer("first_seq", null=True),
    _integer("last_seq", null=True),
    _integer("decisions"),
    _integer("card_entries"),
    _text("committed_at"),
    _bytes("previous"),
    _bytes("hash"),
    sqlite_strict=True,
)

# Every number below the last row's *next_seq* may have been given out, also for answers that nobody stored.
sequence_lease: Final = Table(
    "sequence_lease",
    metadata,
    _integer("lease", key=True),
    _integer("next_seq"),
    sqlite_strict=True,
)

# What few decisions are looked up by: a batch's number, the end of one, a business day that was opened.
mark: Final = Table(
    "mark",
    metadata,
    _column("seq", _Integer, key=True),
    _column("line", _Integer, key=True),
    _text("kind"),
    _text("value"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# The texts of the programme that ever decided, in order. A decision names one by its version, which is the
# beginning of the text's own hash: that is how the chain covers them.
programme: Final = Table(
    "programme",
    metadata,
    _integer("number", key=True),
    _text("since"),
    _text("version"),
    _text("text"),
    sqlite_strict=True,
)

# The text of a large programme: packed, in parts of some characters each. It comes with the proposal of that
# programme or with its row in ``programme``, which has no text then.
programme_text: Final = Table(
    "programme_text",
    metadata,
    _column("version", Text(), key=True),
    _integer("part", key=True),
    _integer("size"),
    _bytes("packed"),
    sqlite_strict=True,
)

# What the postings add up to, credits less debits, of member accounts that are not empty. A cache.
balance: Final = Table(
    "balance",
    metadata,
    _integer("account", key=True),
    _integer("lot", key=True),
    _integer("points"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# A hold (``ledger.hold.Hold``), and what later decisions did to it. Its number is its decision's sequence.
hold: Final = Table(
    "hold",
    metadata,
    _integer("seq", key=True),
    _integer("line", key=True),
    _integer("owner"),
    _text("held_for"),
    _integer("points"),
    _text("kept_until"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

hold_step: Final = Table(
    "hold_step",
    metadata,
    _integer("seq", key=True),
    _integer("line", key=True),
    _integer("hold"),
    _integer("points"),
    _integer("ended"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# Holds that no step has ended. A cache, as ``balance`` is.
open_hold: Final = Table(
    "open_hold",
    metadata,
    _integer("owner", key=True),
    _integer("hold", key=True),
    _text("kept_until"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

_COVERING: Final = ("REDEEM", "PAY_CERTIFICATE")

Index("decision_key", decision.c.key, unique=True)
Index("decision_terminal", decision.c.terminal_id, decision.c.stan)
Index("decision_trace", decision.c.transmitted, decision.c.stan)
Index("decision_owner", decision.c.owner, decision.c.seq, sqlite_where=decision.c.owner.is_not(None))
Index("decision_rrn", decision.c.rrn, sqlite_where=decision.c.rrn_sent == 1)
Index(
    "decision_ticket",
    decision.c.ticket,
    sqlite_where=and_(decision.c.ticket.is_not(None), decision.c.operation.in_(_COVERING)),
)
Index("decision_exception", decision.c.seq, sqlite_where=decision.c.exception.is_not(None))
Index("decision_original", decision.c.original, sqlite_where=decision.c.original.is_not(None))
Index("link_original", link.c.original)
Index("tally_place", tally.c.measure, tally.c.whose, tally.c.stretch, tally.c.seq)
Index("hold_step_hold", hold_step.c.hold)
Index("open_hold_kept_until", open_hold.c.kept_until)
Index("certificate_code", certificate.c.code, unique=True)
Index("certificate_last_day", certificate.c.last_day)
Index("certificate_entry_code", certificate_entry.c.code)
Index(
    "card_entry_programme",
    card_entry.c.block,
    card_entry.c.line,
    sqlite_where=card_entry.c.card_id == OF_THE_PROGRAMME,
)
Index("mark_value", mark.c.kind, mark.c.value, mark.c.seq)

APPEND_ONLY: Final = (
    decision, posting, lot, link, party, early_reversal, fact, card_entry, block, sequence_lease,
    programme, programme_text, *(metadata.tables[name] for name in SIDES),
)  # fmt: skip
ERASABLE: Final = frozenset({fact})


def sql_of(statement: UpdateBase) -> str:
    """The text of *statement* for SQLite, with a question mark for each parameter."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))


def guards() -> dict[str, str]:
    """The triggers that keep the books append-only, by name.

    The one against INSERT is there for REPLACE, which deletes the row that is in its way without
    asking the trigger against DELETE unless ``recursive_triggers`` is on.
    """
    found: dict[str, str] = {}
    for table in APPEND_ONLY:
        name = table.name
        refusal = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        found[f"{name}_no_update"] = f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {refusal}"
        if table not in ERASABLE:
            found[f"{name}_no_delete"] = f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {refusal}"
        keys = [list(table.primary_key.columns)]
        keys += [list(index.columns) for index in table.indexes if index.unique]
        exists = " OR ".join(f"EXISTS (SELECT 1 FROM {name} WHERE {_same(columns)})" for columns in keys)
        found[f"{name}_no_replace"] = (
            f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {exists} {refusal}"
        )
    return found


def _same(columns: list[Column[Any]]) -> str:
    return " AND ".join(f"{column.name} = NEW.{column.name}" for column in columns)
