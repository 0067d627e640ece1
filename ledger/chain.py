"""Walks the chain from its first block and recomputes every hash, row by row.

It reads up to the block that is the last when it starts, beside a switch that goes on writing.
"""

import hmac
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from ledger.block import (
    COLUMNS,
    FORMAT_KEYED,
    FORMATS,
    GENESIS,
    SIDES,
    digest_of_card_entry,
    digest_of_decision,
    hash_of_block,
    hash_of_facts,
)
from ledger.entry import FURTHER_LOTS, LOTS_OF_SEQ
from ledger.finding import Findings
from ledger.order import TimeCheck
from ledger.parties import PartyCheck
from ledger.postingcheck import PostingCheck, is_plain
from ledger.slices import Row, Slice, lot_pages, slices
from ledger.sums import SumCheck
from loyalty.sequence import SEQ_END, base36

_BLOCK: Final = len(COLUMNS["decision"])  # position of the columns that follow the chain's
_DIGEST: Final = _BLOCK + 1
_RRN_SENT: Final = _BLOCK + 2
_OWNER, _EFFECTIVE, _FACTS_HASH, _AT, _DAY, _VERSION, _RRN = (
    COLUMNS["decision"].index(name)
    for name in ("owner", "effective", "facts_hash", "at", "business_date", "programme_version", "rrn")
)
_CERTIFICATES: Final = ("certificate", "certificate_entry")


class ChainCheck:
    """Recomputes the chain of *database* and checks each row on the way."""

    def __init__(
        self,
        database: sqlite3.Connection,
        findings: Findings,
        chain_key: bytes | None = None,
        *,
        sums: SumCheck,
        also: Sequence[Callable[[Slice], None]] = (),
    ) -> None:
        """Check *database*; *sums* takes in all decisions, and *also* is called with every slice."""
        self._database = database
        self._sums = sums
        self._also = also
        self._findings = findings
        self._chain_key = chain_key
        self._is_keyed = False
        self.unchecked = 0  # keyed blocks that could not be checked for want of the key
        self._previous = GENESIS
        self._number = 0
        self.parties = PartyCheck(database, findings)
        self._times = TimeCheck(database, findings)
        self._postings = PostingCheck(findings, self.parties)
        self._lot_pages = lot_pages(database)

    def run(self, progress: Callable[[int], None]) -> None:
        """Check all blocks; *progress* is told how many decisions are done."""
        done = 0
        for some in slices(self._database):
            self._check_slice(some)
            for also in self._also:
                also(some)
            done += len(some.decisions)
            progress(done)
        self._find_strays()

    def _check_slice(self, some: Slice) -> None:
        decisions = some.decisions
        at = 0
        for block in some.blocks:
            mine: list[Row] = []
            while at < len(decisions) and decisions[at][0] <= (block[3] or 0):
                mine.append(decisions[at])
                at += 1
            self._check_block(block, mine, some)
        known = {decision[0] for decision in decisions}
        hanging = {name: of_seq.keys() for name, of_seq in some.children.items()}
        for name, seqs in {**hanging, "fact": some.facts.keys()}.items():
            for seq in seqs - known:
                self._findings.add("I26", f"{name} of decision {seq}", "there is no such decision")

    def _check_block(self, block: Row, decisions: list[Row], some: Slice) -> None:
        entries = some.entries.get(block[0], [])
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
            digests.append(self._check_decision(decision, some))
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
        key = self._key_for(form, where)
        if form == FORMAT_KEYED and key is None:
            self.unchecked += 1
        # What was noted about its rows explains a wrong hash.
        elif noted == len(findings.found) and hash_of_block(header, previous, digests, key) != stored:
            findings.add("I18", where, "its rows do not have the hash that was written")
        self._number, self._previous = number, stored

    def _key_for(self, form: int, where: str) -> bytes | None:
        """The key of a block of this format."""
        if form == FORMAT_KEYED:
            self._is_keyed = True
            return self._chain_key
        if self._is_keyed:
            self._findings.add("I18", where, "has no key, and a block before it has one")
        return None

    def _check_decision(self, decision: Row, some: Slice) -> bytes:
        """Check a decision with its rows, and give its digest."""
        findings = self._findings
        seq, owner = decision[0], decision[_OWNER]
        postings = some.children["posting"].get(seq, ())
        digest = digest_of(decision, some)
        if digest != decision[_DIGEST]:
            findings.add("I18", f"decision {seq}", "it, or a row that came with it, was changed")
        # The mark is not in the chain, but a DE 37 of the switch names its decision.
        if not decision[_RRN_SENT] and (seq >= SEQ_END or decision[_RRN][4:] != base36(seq)):
            findings.add("I18", f"decision {seq}", "has a DE 37 of its terminal, marked as the switch's")
        fact = some.facts.get(seq)
        if fact is not None and hash_of_facts(*fact) != decision[_FACTS_HASH]:
            findings.add("I18", f"decision {seq}", "the facts that it saw were changed")
        if postings and not decision[_EFFECTIVE]:
            findings.add("I16", f"decision {seq}", "had no effect and has postings")
        self._times.take(seq, decision[_AT], decision[_DAY], decision[_VERSION])
        self._sums.take(seq, decision[_DAY], postings, some.children["lot"].get(seq, ()))
        is_rare = seq in some.rare
        if is_rare or not is_plain(postings, owner):
            sides = {name: some.children[name].get(seq, ()) for name in _CERTIFICATES} if is_rare else {}
            self._postings.check(seq, owner, postings, sides)
        return digest

    def _find_strays(self) -> None:
        """Rows outside of all blocks; one statement sees one state, so a running switch does not disturb."""
        last = "(SELECT coalesce(max(last_seq), 0) FROM block)"
        for name in ("decision", "posting", "link", "early_reversal", *SIDES, "fact"):
            self._find_stray(name, "seq", "1", last, f"{name} {{}}", "is in no block")
        last_lot = f"({last} + 1) * {LOTS_OF_SEQ} - 1"
        for page in self._lot_pages:
            base = page * FURTHER_LOTS
            page_ends = f"lot BETWEEN {base or -(2**63)} AND {base + FURTHER_LOTS - 1}"
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


def digest_of(decision: Row, some: Slice) -> bytes:
    """The digest of a decision over the rows that came with it."""
    seq, children = decision[0], some.children
    postings, lots = children["posting"].get(seq, ()), children["lot"].get(seq, ())
    if seq not in some.rare:
        return digest_of_decision(decision[:_BLOCK], postings, lots)
    sides = {name: children[name][seq] for name in SIDES if seq in children[name]}
    return digest_of_decision(
        decision[:_BLOCK],
        postings,
        lots,
        children["link"].get(seq, ()),
        children["early_reversal"].get(seq, ()),
        sides,
    )


def is_keyed_with(chain_key: bytes | None, some: Slice) -> bool:
    """Whether the last block of a slice has the hash that *chain_key* gives it."""
    block = some.blocks[-1]
    *header, previous, stored = block
    mine = [decision for decision in some.decisions if decision[_BLOCK] == block[0]]
    digests = [digest_of(decision, some) for decision in mine]
    digests += map(digest_of_card_entry, some.entries.get(block[0], ()))
    return hmac.compare_digest(hash_of_block(header, previous, digests, chain_key), stored)
