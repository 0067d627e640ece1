"""Walks the chain from its first block and recomputes every hash, row by row.

It reads slices by sequence, each in a transaction of its own, up to the block that is the last when it
starts: the switch beside it goes on writing and checkpointing.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from ledger.account import CHART, AccountKind, PostingReason, account, kind_of, name_of
from ledger.block import (
    COLUMNS,
    FORMATS,
    GENESIS,
    SIDES,
    digest_of_card_entry,
    digest_of_decision,
    hash_of_block,
    hash_of_facts,
)
from ledger.entry import FURTHER_LOTS, LOTS_OF_SEQ, POINTS_MAX, decision_of
from ledger.finding import Findings
from ledger.parties import PartyCheck

SLICE_SIZE: Final = 4_000  # decisions; with what hangs on them below 10,000 rows of each table
_BLOCKS_READ: Final = 1_000

Row = tuple[Any, ...]

_CHILDREN: Final = ("posting", "link", "early_reversal")
_BLOCK: Final = len(COLUMNS["decision"])  # position of the columns that follow the chain's
_DIGEST: Final = _BLOCK + 1
_TRANSIT: Final = account(AccountKind.TRANSIT)


class ChainCheck:
    """Recomputes the chain of *database* and checks each row on the way."""

    def __init__(self, database: sqlite3.Connection, findings: Findings) -> None:
        self._database = database
        self._findings = findings
        self._previous = GENESIS
        self._number = 0
        self._last_seq = 0
        self.parties = PartyCheck(database, findings)
        last_lot: int = database.execute("SELECT coalesce(max(lot), 0) FROM lot").fetchone()[0]
        self._lot_pages = range(last_lot // FURTHER_LOTS + 1)

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Check all blocks; *progress* is told how many decisions are done, and of how many."""
        total = self._database.execute(
            "SELECT coalesce(sum(decisions), 0), max(number) FROM block"
        ).fetchone()
        done = 0
        for blocks in self._slices(total[1] or 0):
            done += self._check_slice(blocks)
            progress(done, total[0])
        self._find_strays()

    def _slices(self, last: int) -> Iterator[list[Row]]:
        """Blocks that have up to ``SLICE_SIZE`` decisions together, or one block."""
        columns = ", ".join(COLUMNS["block"])
        number = 0
        while blocks := self._database.execute(
            f"SELECT {columns}, previous, hash FROM block WHERE number > ? AND number <= ?"
            f" ORDER BY number LIMIT {_BLOCKS_READ}",
            (number, last),
        ).fetchall():
            number = blocks[-1][0]
            some: list[Row] = []
            size = 0
            for block in blocks:
                if some and size + block[4] > SLICE_SIZE:
                    yield some
                    some, size = [], 0
                some.append(block)
                size += block[4]
            yield some

    def _check_slice(self, blocks: list[Row]) -> int:
        """Check *blocks*, and give how many decisions they have."""
        first, last = self._last_seq, max((block[3] or 0 for block in blocks), default=0)
        last = max(first, last)
        rows = {name: self._by_seq(name, first, last) for name in _CHILDREN}
        rows["lot"] = self._lots_of(first, last)
        sides = {name: self._by_seq(name, first, last) for name in SIDES}
        facts = {
            seq: (salt, text)
            for seq, salt, text in self._database.execute(
                "SELECT seq, salt, facts FROM fact WHERE seq > ? AND seq <= ?", (first, last)
            )
        }
        columns = ", ".join((*COLUMNS["decision"], "block", "digest"))
        decisions = self._database.execute(
            f"SELECT {columns} FROM decision WHERE seq > ? AND seq <= ? ORDER BY seq", (first, last)
        ).fetchall()
        entries: dict[int, list[Row]] = defaultdict(list)
        for entry in self._select(
            "card_entry", "block BETWEEN ? AND ? ORDER BY block, line", (blocks[0][0], blocks[-1][0])
        ):
            entries[entry[0]].append(entry)
        at = 0
        for block in blocks:
            mine: list[Row] = []
            while at < len(decisions) and decisions[at][0] <= (block[3] or 0):
                mine.append(decisions[at])
                at += 1
            self._check_block(block, mine, entries[block[0]], rows, sides, facts)
        known = {decision[0] for decision in decisions}
        for name, of_seq in (rows | sides).items():
            for seq in of_seq.keys() - known:
                self._findings.add("I26", f"{name} of decision {seq}", "there is no such decision")
        for seq in facts.keys() - known:
            self._findings.add("I26", f"fact of decision {seq}", "there is no such decision")
        self._last_seq = last
        return len(decisions)

    def _check_block(
        self,
        block: Row,
        decisions: list[Row],
        entries: list[Row],
        rows: dict[str, dict[int, list[Row]]],
        sides: dict[str, dict[int, list[Row]]],
        facts: dict[int, tuple[bytes, str]],
    ) -> None:
        findings = self._findings
        noted = len(findings.found)
        header, previous, stored = block[:-2], block[-2], block[-1]
        number, form, first, last, counted, counted_entries = header[:6]
        where = f"block {number}"
        if number != self._number + 1:
            findings.add("I17", where, f"follows block {self._number}: some are missing")
        elif previous != self._previous:
            findings.add("I18", where, "does not follow the hash of the block before")
        if form not in FORMATS:
            findings.add("I18", where, f"has format {form}, which this program does not know")
        digests = []
        for decision in decisions:
            if decision[0] < first or decision[_BLOCK] != number:
                findings.add("I17", f"decision {decision[0]}", f"lies in {where} and belongs to another")
            digests.append(self._check_decision(decision, rows, sides, facts))
        if (counted, first, last) != (
            len(decisions),
            decisions[0][0] if decisions else None,
            decisions[-1][0] if decisions else None,
        ):
            found = f"{len(decisions)} decisions are there and {counted} were written, {first} to {last}"
            findings.add("I17", where, found)
        if counted_entries != len(entries):
            found = f"{len(entries)} changes of cards are there and {counted_entries} were written"
            findings.add("I17", where, found)
        digests += map(digest_of_card_entry, entries)
        # What was noted about its rows explains a wrong hash.
        if noted == len(findings.found) and hash_of_block(header, previous, digests) != stored:
            findings.add("I18", where, "its rows do not have the hash that was written")
        self._number, self._previous = number, stored

    def _check_decision(
        self,
        decision: Row,
        rows: dict[str, dict[int, list[Row]]],
        sides: dict[str, dict[int, list[Row]]],
        facts: dict[int, tuple[bytes, str]],
    ) -> bytes:
        """Check a decision with its rows, and give its digest."""
        findings = self._findings
        row, seq = decision[:_BLOCK], decision[0]
        where = f"decision {seq}"
        postings = rows["posting"].get(seq, [])
        digest = digest_of_decision(
            row,
            postings,
            rows["lot"].get(seq, ()),
            rows["link"].get(seq, ()),
            rows["early_reversal"].get(seq, ()),
            {name: of_seq[seq] for name, of_seq in sides.items() if seq in of_seq},
        )
        if digest != decision[_DIGEST]:
            findings.add("I18", where, "it, or a row that came with it, was changed")
        fact = facts.get(seq)
        if fact is not None and hash_of_facts(*fact) != row[-1]:
            findings.add("I18", where, "the facts that it saw were changed")
        if postings and not row[10]:
            findings.add("I16", where, "had no effect and has postings")
        self.parties.take(seq, row[6], postings)
        in_transit = 0
        for posting in postings:
            self._check_posting(where, posting)
            if posting[2] == _TRANSIT:
                in_transit -= posting[4]
            elif posting[3] == _TRANSIT:
                in_transit += posting[4]
        if in_transit:
            findings.add("I1", where, f"leaves {in_transit} points in transit")
        return digest

    def _check_posting(self, where: str, posting: Row) -> None:
        _, line, debit, credit, points, _, reason = posting
        place = f"{where}, posting {line}"
        try:
            allowed = (kind_of(debit), kind_of(credit), PostingReason(reason)) in CHART
        except ValueError:
            self._findings.add("I16", place, "names an account or a reason that does not exist")
            return
        if not allowed:
            moved = f"{PostingReason(reason).name} from {name_of(debit)} to {name_of(credit)}"
            self._findings.add("I16", place, f"{moved} is not in the chart")
        if not 0 < points <= POINTS_MAX:
            self._findings.add("I16", place, f"moves {points} points")

    def _find_strays(self) -> None:
        """Rows outside of all blocks; one statement sees one state, so a running switch does not disturb."""
        last = "(SELECT coalesce(max(last_seq), 0) FROM block)"
        for name in ("decision", *_CHILDREN, *SIDES, "fact"):
            self._find_stray(name, "seq", "1", last, f"{name} {{}}", "is in no block")
        last_lot = f"({last} + 1) * {LOTS_OF_SEQ} - 1"
        for page in self._lot_pages:
            base = page * FURTHER_LOTS
            page_ends = f"lot >= {base} AND lot < {base + FURTHER_LOTS}"
            self._find_stray(
                "lot",
                "lot",
                str(base + LOTS_OF_SEQ),
                f"{base} + {last_lot}",
                "lot {}",
                "is in no block",
                page_ends,
            )
        last_block = "(SELECT coalesce(max(number), 0) FROM block)"
        where = "card entry of block {}"
        self._find_stray("card_entry", "block", "1", last_block, where, "there is no such block")

    def _find_stray(
        self, name: str, column: str, first: str, last: str, where: str, what: str, among: str = "1"
    ) -> None:
        """Find a row of *name*, *among* some, whose *column* is not between *first* and *last*."""
        for outside in (f"{column} < {first}", f"{column} > {last}"):  # each reads one end of an index
            found = self._database.execute(
                f"SELECT min({column}) FROM {name} WHERE {outside} AND {among}"
            ).fetchone()[0]
            if found is not None:
                self._findings.add("I17", where.format(found), what)

    def _lots_of(self, first: int, last: int) -> dict[int, list[Row]]:
        """The lots of the decisions after *first* up to *last*, by decision and in order."""
        found: dict[int, list[Row]] = defaultdict(list)
        for page in self._lot_pages:
            least = page * FURTHER_LOTS + (first + 1) * LOTS_OF_SEQ
            bounds = least, least + (last - first) * LOTS_OF_SEQ
            for lot in self._select("lot", "lot >= ? AND lot < ? ORDER BY lot", bounds):
                found[decision_of(lot[0])].append(lot)
        return found

    def _by_seq(self, name: str, first: int, last: int) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        # By its primary key, whose first column is the sequence; an order over all of it is the key's own.
        order = {"link": "seq, original", "early_reversal": "seq"}.get(name, "seq, line")
        for row in self._select(name, f"seq > ? AND seq <= ? ORDER BY {order}", (first, last)):
            found[row[0]].append(row)
        return found

    def _select(self, name: str, where: str, parameters: tuple[int, int]) -> list[Row]:
        columns = ", ".join(COLUMNS[name] if name in COLUMNS else SIDES[name])
        return self._database.execute(f"SELECT {columns} FROM {name} WHERE {where}", parameters).fetchall()
