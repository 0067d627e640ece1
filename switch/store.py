"""The only owner of database transactions: it makes a batch durable, or says for certain that it did not.

A commit has three ends and no fourth. ``DURABLE``: the block is on the disk and the reader tells it.
``UNWRITTEN`` and ``LATE``: nothing of it is, and nothing ever will be. When neither can be proved, for
an error of COMMIT leaves open whether the block is durable, ``CommitUnknown`` ends the process: the
next start finds the truth in the file.
"""

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import structlog

from ledger.anchor import Anchor
from ledger.block import GENESIS
from ledger.entry import NO_LOT
from loyalty.errors import LoyaltyError
from switch import statements as sql
from switch.block import Block, CommitResult, CommitUnknown
from switch.blockrows import BlockRows, rows_of
from switch.database import (
    Connection,
    ThreadedConnection,
    open_for_reading,
    open_for_writing,
    unusable,
)
from switch.enrolling import write_card_change, write_enrolments
from switch.lock import ProcessLock
from switch.numbers import LEASE_SIZE, Numbers, Sequence
from switch.recall import Recall
from switch.rows import instant_text, profile_row
from switch.safeguards import Safeguards, hold_to

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Head:
    """The last durable block; number 0 before there is one."""

    number: int = 0
    hash: bytes = GENESIS
    last_seq: int = 0


UNGUARDED: Final = Safeguards()

Connect = Callable[[sqlite3.Connection], Awaitable[Connection]]


class SqliteStore:
    """The store in one SQLite file *path*, with one process that writes it. Made by ``open``."""

    def __init__(
        self,
        *,
        path: Path,
        lock: ProcessLock,
        connection: Connection,
        recall: Recall,
        head: Head,
        sequence: Sequence,
        numbers: Numbers,
        random_bytes: Callable[[int], bytes],
        safeguards: Safeguards,
    ) -> None:
        self.path = path
        self.sequence = sequence
        self.numbers = numbers
        self._lock = lock
        self._connection = connection
        self._recall = recall
        self._head = head
        self._random_bytes = random_bytes
        self._safeguards = safeguards
        self._anchored = head.number  # the last block of which an anchor may be kept
        self._is_usable = True  # no commit is under way, and none ended without being known

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        connect: Connect = ThreadedConnection.start,
        random_bytes: Callable[[int], bytes] = os.urandom,
        safeguards: Safeguards = UNGUARDED,
    ) -> Self:
        """Lock and open the books at *path*, made when there are none.

        Args:
            path: ``puntual.db``; the lock lies beside it.
            connect: Takes over the connection that writes.
            random_bytes: For the salts of facts.
            safeguards: What the books are held against before anything is written.

        Raises:
            LoyaltyError: Another process writes them, they cannot be used, or are an older copy.
        """
        async with AsyncExitStack() as opened:
            lock = opened.enter_context(ProcessLock(path.parent / "puntual.lock"))
            anchors = safeguards.anchors(path)
            database = opened.enter_context(closing(open_for_writing(path)))
            try:
                hold_to(anchors, database, path)
                safeguards.hold_key(database, path)
                head, sequence, numbers = _load(database)
                recall = Recall(opened.enter_context(closing(open_for_reading(path))))
            except sqlite3.Error as error:
                raise unusable(path, error) from error
            safeguards.keep(Anchor(head.number, head.hash), anchors[-1].number if anchors else None)
            store = cls(
                path=path,
                lock=lock,
                connection=await connect(database),
                recall=recall,
                head=head,
                sequence=sequence,
                numbers=numbers,
                random_bytes=random_bytes,
                safeguards=safeguards,
            )
            opened.pop_all()  # they are the store's now
        return store

    @property
    def reader(self) -> Recall:
        """Durable state, as of the last commit."""
        return self._recall

    def last_committed_at(self) -> datetime | None:
        """When the last block was written, by the clock of then; ``None`` before there is one."""
        return self._recall.last_committed_at()

    @property
    def head(self) -> Head:
        """The last durable block."""
        return self._head

    def prefetch(self, keys: Iterable[str]) -> None:
        """Look *keys* up together; ``reader.by_key`` then knows them until the next commit."""
        self._recall.prefetch(keys)

    async def commit(self, block: Block, in_time: Callable[[], bool]) -> CommitResult:
        """Make *block* durable, all of it or nothing. One at a time.

        Args:
            block: Follows ``head``.
            in_time: Asked just before COMMIT; when it is false, nothing is written.

        Raises:
            CommitUnknown: It cannot be proved whether *block* is durable.
        """
        assert self._is_usable
        self._is_usable = False
        result = await self._commit(block, in_time)
        self._is_usable = True
        return result

    async def close(self) -> None:
        """Give back the numbers that were reserved and not used, and let another process have the books."""
        connection = self._connection
        self._recall.close()
        try:
            if self._is_usable:  # nothing is written behind a commit that failed
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(sql.INSERT_LEASE, self.sequence.row(0))
                await connection.commit()
        except sqlite3.Error as error:
            # They stay reserved: the next start begins behind them.
            log.warning("sequence.kept", error=_name_of(error))
        finally:
            await connection.close()
            self._anchor()
            self._lock.release()

    def _anchor(self) -> None:
        """Anchor the last block that is known to be durable."""
        try:
            self._safeguards.keep(Anchor(self._head.number, self._head.hash), self._anchored)
        except LoyaltyError as error:
            # The next start does it; until then the anchors before hold.
            log.warning("anchor.failed", error=str(error))

    async def _commit(self, block: Block, in_time: Callable[[], bool]) -> CommitResult:
        lease = self.sequence.row(LEASE_SIZE) if self.sequence.is_running_low else None
        connection = self._connection
        try:
            key = self._safeguards.chain_key
            rows = rows_of(block, self._head.number + 1, self._head.hash, self._random_bytes, key)
            is_empty = not (rows.decisions or rows.card_entries)
            if is_empty and lease is None and not block.is_unchained:
                return CommitResult.DURABLE
            connection.execute("BEGIN IMMEDIATE")
            if lease is not None:
                connection.execute(sql.INSERT_LEASE, lease)
            _write_unchained(connection, block)
            if not is_empty:
                _write(connection, block, rows, self._head.hash)
        except Exception as error:  # noqa: BLE001  (the disk's, or a mistake of ours; either way nothing is there)
            return self._undo(CommitResult.UNWRITTEN, error)
        if not in_time():
            return self._undo(CommitResult.LATE, None)
        try:
            await connection.commit()
        except sqlite3.Error as error:
            if _name_of(error) not in _NEVER_DURABLE:
                raise CommitUnknown(f"COMMIT failed with {_name_of(error)}") from error
            return self._undo(CommitResult.UNWRITTEN, error)
        if lease is not None:
            self.sequence.reserved(lease)
        if not is_empty:
            number, _, _, last_seq, *_ = rows.header
            assert isinstance(number, int)
            self._head = Head(
                number, rows.hash, last_seq if isinstance(last_seq, int) else self._head.last_seq
            )
        self._recall.fold(block)
        return CommitResult.DURABLE

    def _undo(self, result: CommitResult, error: Exception | None) -> CommitResult:
        """Take back what was written of a block, and give *result*."""
        try:
            self._connection.rollback()
        except sqlite3.Error as failure:
            raise CommitUnknown(f"ROLLBACK failed with {_name_of(failure)}") from failure
        assert not self._connection.in_transaction
        if error is not None:
            log.error("batch.unwritten", block=self._head.number + 1, error=_name_of(error))
        return result


# The WAL takes a commit's frames before it is synced: when there is no room for them, or somebody else holds
# the lock, the last one, which makes them count, is not there. Any other error may come behind it.
_NEVER_DURABLE: Final = frozenset({"SQLITE_FULL", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"})


def _name_of(error: Exception) -> str:
    """SQLite's name of *error*. Its text is left out: it could quote what was to be written."""
    return getattr(error, "sqlite_errorname", type(error).__name__)


def _load(database: sqlite3.Connection) -> tuple[Head, Sequence, Numbers]:
    """The state with which the store goes on, with the first numbers reserved."""
    last_block = "SELECT number, hash FROM block ORDER BY number DESC LIMIT 1"
    last_seq = database.execute("SELECT coalesce(max(seq), 0) FROM decision").fetchone()[0]
    number, hash_ = database.execute(last_block).fetchone() or (0, GENESIS)
    last_lease = "SELECT lease, next_seq FROM sequence_lease ORDER BY lease DESC LIMIT 1"
    lease, next_seq = database.execute(last_lease).fetchone() or (0, 1)
    sequence = Sequence(lease, max(next_seq, last_seq + 1))
    row = sequence.row(LEASE_SIZE)
    database.execute(sql.INSERT_LEASE, row)
    sequence.reserved(row)
    member_id = database.execute("SELECT coalesce(max(member_id), 0) FROM member").fetchone()[0]
    card_id = database.execute("SELECT coalesce(max(card_id), 0) FROM card").fetchone()[0]
    return Head(number, hash_, last_seq), sequence, Numbers(member_id, card_id)


def _write_unchained(connection: Connection, block: Block) -> None:
    """Write what no block's hash covers."""
    for change in block.profiles:
        connection.execute(sql.UPSERT_PROFILE, profile_row(change.member_id, change.profile))
    for text in block.texts:
        parts = [(text.version, part, *packed) for part, packed in enumerate(text.parts)]
        connection.executemany(sql.INSERT_PROGRAMME_TEXT, parts)
    for entry in block.programmes:
        row = entry.number, instant_text(entry.since), entry.version, entry.text
        connection.execute(sql.INSERT_PROGRAMME, row)


def _write(connection: Connection, block: Block, rows: BlockRows, previous: bytes) -> None:
    """Write all rows of *block* into the open transaction."""
    for statement, of_table in (
        (sql.INSERT_DECISION, rows.decisions),
        (sql.INSERT_POSTING, rows.postings),
        (sql.INSERT_LOT, rows.lots),
        (sql.INSERT_PARTY, rows.parties),
        (sql.INSERT_FACT, rows.facts),
        (sql.INSERT_LINK, rows.links),
        (sql.INSERT_EARLY_REVERSAL, rows.early_reversals),
        (sql.INSERT_CARD_ENTRY, rows.card_entries),
    ):
        if of_table:
            connection.executemany(statement, of_table)
    if rows.sides:
        _write_sides(connection, rows)
    if rows.balances:
        changed = [(account, lot, points) for (account, lot), points in rows.balances.items() if points]
        connection.executemany(sql.ADD_TO_BALANCE, changed)
        # Points of a lot go down to nothing, and a debt comes up to it.
        emptied = [(account, lot) for account, lot, points in changed if points < 0 or lot == NO_LOT]
        if emptied:
            connection.executemany(sql.FORGET_EMPTY_BALANCE, emptied)
    if block.enrolments:
        write_enrolments(connection, block.enrolments)
    for outcome in block.outcomes:
        for change in outcome.card_changes:
            write_card_change(connection, change)
    for change in block.card_changes:
        write_card_change(connection, change)
    connection.execute(sql.INSERT_BLOCK, (*rows.header, previous, rows.hash))


def _write_sides(connection: Connection, rows: BlockRows) -> None:
    """Write what few decisions have, and keep the list of open holds."""
    for name, of_side in rows.sides.items():
        connection.executemany(sql.INSERT_SIDE[name], of_side)
    for seq, _, owner, _, _, kept_until in rows.sides.get("hold", ()):
        connection.execute(sql.OPEN_HOLD, (owner, seq, kept_until))
    for _, _, hold, _, ended in rows.sides.get("hold_step", ()):
        if ended:
            connection.execute(sql.END_HOLD, (hold, hold))
