"""Makes books from the lines that ``switch.archive`` wrote: the same chain, the same balances.

They are made in a file beside and verified as a whole before they get their name, so that there is never half
of them. What the entries tell (balances, parties, statuses of cards) is worked out again and not believed.
"""

import os
import sqlite3
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.block import COLUMNS, SIDES
from ledger.caches import CACHES, put_right
from ledger.finding import Finding
from loyalty.errors import LoyaltyError
from switch.archive import BESIDE, NAME, PERSONAL, VERSION
from switch.audit import verify
from switch.database import open_for_reading, open_for_writing, unusable
from switch.lock import ProcessLock
from switch.statements import BYTES_OF, DEFAULTS, INSERT_INTO

_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode

_FLUSH_SIZE: Final = 5_000  # rows of one transaction

_OF_DECISION: Final = tuple(
    name for name in (*COLUMNS, *SIDES) if name not in ("decision", "block", "card_entry")
)

# Owners of accounts that a decision changed besides its own, as the store notes them.
_PARTIES: Final = """
    INSERT OR IGNORE INTO party (owner, seq)
    SELECT side % 1099511627776, seq FROM (
      SELECT seq, debit AS side FROM posting UNION SELECT seq, credit FROM posting
    ) JOIN decision USING (seq)
    WHERE side >= 2000 * 1099511627776 AND side < 2031 * 1099511627776
      AND side % 1099511627776 IS NOT decision.owner
"""


def import_books(lines: Iterable[bytes], path: Path, chain_key: bytes | None = None) -> list[Finding]:
    """Make the books at *path* from *lines*, and give what is wrong with them; then there are none.

    Raises:
        LoyaltyError: There are books already, a process writes them, or *lines* are no such lines.
    """
    with ProcessLock(path.parent / "puntual.lock"):
        _refuse_books(path)
        made = path.with_name(path.name + ".import")
        _remove(made)
        try:
            with closing(open_for_writing(made)) as database:
                _take(database, lines)
            findings = verify(made, chain_key=chain_key)
            if not findings:
                _remove(path)
                made.rename(path)
                _sync_folder(path.parent)
        except sqlite3.Error as error:
            raise unusable(made, error) from error
        finally:
            _remove(made)
    return findings


def _refuse_books(path: Path) -> None:
    if path.exists():
        with closing(open_for_reading(path)) as database:
            if database.execute("SELECT 1 FROM block UNION ALL SELECT 1 FROM programme").fetchone():
                hint = "import into a new deployment: puntual init DIR"
                raise LoyaltyError("there are books already", where=str(path), hint=hint)


def _take(database: sqlite3.Connection, lines: Iterable[bytes]) -> None:
    """Put all *lines* into the new books of *database*."""
    taking = _Taking(database)
    number = 0
    for number, line in enumerate(lines, 1):
        where = f"line {number}"
        try:
            taking.line(msgspec.json.decode(line))
        except sqlite3.OperationalError:
            raise  # the disk's
        except (msgspec.DecodeError, sqlite3.Error, KeyError, TypeError, ValueError, AttributeError) as error:
            hint = "give a file that `puntual ledger export` wrote, unchanged"
            raise LoyaltyError("is no line of exported books", where=where, hint=hint) from error
    if not taking.is_over:
        hint = "export the books again"
        raise LoyaltyError("ends before its last line", where=f"line {number}", hint=hint)
    taking.finish()


class _Taking:
    """Takes lines one after the other and gathers their rows.

    Attributes:
        is_over: The last line was taken.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self.is_over = False
        self._database = database
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._size = 0
        self._is_begun = False
        self._blocks = self._decisions = 0
        self._last = ""  # the hash of the last block

    def line(self, told: dict[str, Any]) -> None:
        """Take what a line tells."""
        if not self._is_begun:
            if (told["puntual"], told["version"]) != (NAME, VERSION):
                raise ValueError
            self._is_begun = True
        elif self.is_over:
            raise ValueError
        elif "block" in told:
            self._block(told)
        elif "end" in told:
            end = told["end"]
            if (end["blocks"], end["decisions"], end["hash"]) != (self._blocks, self._decisions, self._last):
                raise ValueError
            self.is_over = True
        else:
            ((table, row),) = told.items()
            if table not in (*BESIDE, *PERSONAL):
                raise ValueError
            self._add(table, row)
        if self._size >= _FLUSH_SIZE:
            self._flush()

    def finish(self) -> None:
        """Write what is left, and work out what the entries tell."""
        self._flush()
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        database.execute(_PARTIES)
        for differences in CACHES.values():
            for some in differences(database):
                put_right(database, some)
        _set_statuses(database)
        database.execute("COMMIT")

    def _block(self, told: dict[str, Any]) -> None:
        header = told["block"]
        for entry in told.get("card_entries", ()):
            self._add("card_entry", entry)
        for decision in told.get("decisions", ()):
            self._decision(decision, header[0])
        row = (*header, bytes.fromhex(told["previous"]), bytes.fromhex(told["hash"]))
        self._rows.setdefault("block", []).append(row)
        self._blocks += 1
        self._decisions += len(told.get("decisions", ()))
        self._last = told["hash"]

    def _decision(self, told: dict[str, Any], block: int) -> None:
        seq = told["decision"][0]
        self._add("decision", [*told["decision"], block, told["rrn_sent"], told["digest"]])
        if "fact" in told:
            self._add("fact", [seq, *told["fact"]])
        for table in _OF_DECISION:
            for row in told.get(table, ()):
                self._add(table, row)

    def _add(self, table: str, row: list[Any]) -> None:
        """Take in a *row*; one of an earlier release lacks the columns that came later."""
        row += [default for default in DEFAULTS[table][len(row) :] if default is not None]
        for at in BYTES_OF[table]:
            if row[at] is not None:
                row[at] = b64decode(row[at], validate=True)
        self._rows.setdefault(table, []).append(tuple(row))
        self._size += 1

    def _flush(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        for table, rows in self._rows.items():
            self._database.executemany(INSERT_INTO[table], rows)
        self._database.execute("COMMIT")
        self._rows.clear()
        self._size = 0


def _set_statuses(database: sqlite3.Connection) -> None:
    """Cards get the status and type that their journal ends with; those that it does not know are newer."""
    rows = [
        (told.get("status"), told.get("replaced_by"), told.get("type", ""), card_id)
        for card_id, told in _journal_ends(
            database.execute(
                "SELECT card_id, change FROM card_entry WHERE card_id <> 0 ORDER BY card_id, block, line"
            )
        )
    ]
    database.executemany("UPDATE card SET status = ?, replaced_by = ?, type = ? WHERE card_id = ?", rows)
    database.execute("DELETE FROM card WHERE card_id NOT IN (SELECT card_id FROM card_entry)")


def _remove(path: Path) -> None:
    """Remove a database with what lies beside it."""
    for name in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _journal_ends(rows: sqlite3.Cursor) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the entries of each card end with, all changes put on one another."""
    card_id = 0
    told: dict[str, Any] = {}
    for entry_card, change in rows:
        if entry_card != card_id and told:
            yield card_id, told
            told = {}
        card_id = entry_card
        told |= _decode(change)
    if told:
        yield card_id, told
