"""The mutants: what is broken, in words and in text, and which proofs have to notice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

MACHINE: Final = "tests/switch/test_decide_machine.py"
EVENTS: Final = "tests/switch/test_decide_events.py"
AGE: Final = "tests/switch/test_decide_age.py"
_WORLDS: Final = "tests/simulator/test_world.py::test_the_auditor_has_nothing_to_object_to"
WORLDS: Final = f"{_WORLDS}[0]"  # seeds 1 to 25
LATER_WORLDS: Final = f"{_WORLDS}[2]"  # seeds 51 to 75
LATE_WORLDS: Final = f"{_WORLDS}[4]"  # seeds 101 to 125
SEQUENCER: Final = "tests/switch/test_sequencer.py"
STORE: Final = "tests/switch/test_store.py"
AUDIT: Final = "tests/switch/test_audit.py::test_every_change_is_named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module.

    Attributes:
        about: What is wrong then, for people.
        old: Text that stands in the module once.
        proof: The test file or test that must fail.
    """

    about: str
    module: str
    old: str
    new: str
    proof: str

    @property
    def path(self) -> Path:
        return ROOT.joinpath(*self.module.split(".")).with_suffix(".py")

    def broken(self, text: str) -> str:
        """*text* of the module, broken."""
        assert text.count(self.old) == 1, f"{self.module} does not have once: {self.old}"
        return text.replace(self.old, self.new)


MUTANTS: Final = {
    # Points
    "double-earn": Mutant(
        about="a sale earns twice",
        module="switch.sales",
        old="    short = draft.redeem(sale.points) if sale.points else 0\n",
        new="    short = draft.redeem(sale.points) if sale.points else 0\n"
        "    draft.earn(sale.award.points, *case.programme.lot_dates(case.today))\n",
        proof=MACHINE,
    ),
    "wrong-rounding": Mutant(
        about="a started unit earns a point",
        module="rules.settle",
        old="    total = summed = numerator // denominator\n",
        new="    total = summed = -(-numerator // denominator)\n",
        proof=MACHINE,
    ),
    "late-completion-untold": Mutant(
        about="what is completed behind the end of its hold is no exception",
        module="switch.completion",
        old="    return HOLD_OVER if held is None else None\n",
        new="    return None\n",
        proof=LATE_WORLDS,
    ),
    "floor-ignored": Mutant(
        about="points are spent that nobody has",
        module="switch.allowed",
        old="    return redemption.usable(max(book.available(case.moment.business_date) - book.debt, 0))\n",
        new="    return redemption.usable(10**9)\n",
        proof=WORLDS,
    ),
    "debt-spent": Mutant(
        about="what is owed can be spent all the same",
        module="switch.allowed",
        old="max(book.available(case.moment.business_date) - book.debt, 0)",
        new="book.available(case.moment.business_date)",
        proof=AGE,
    ),
    "debt-not-netted": Mutant(
        about="an earning does not pay what is owed",
        module="switch.postings",
        old="        paid = min(points, self.book.debt)\n",
        new="        paid = 0\n",
        proof=AGE,
    ),
    "skipped-lot": Mutant(
        about="the first lot is passed over when points are taken",
        module="switch.postings",
        old="        for lot in lots:\n            if points == 0:\n",
        new="        for lot in tuple(lots)[1:]:\n            if points == 0:\n",
        proof=MACHINE,
    ),
    "expiry-reversed": Mutant(
        about="what expires last is spent first",
        module="ledger.book",
        old="        return tuple(lot for lot in self.lots if",
        new="        return tuple(lot for lot in self.lots[::-1] if",
        proof=MACHINE,
    ),
    "never-expires": Mutant(
        about="the last day of a lot is not looked at",
        module="ledger.book",
        old="sum([lot.points for lot in self.lots if lot.available_from <= today <= lot.expires_on])",
        new="sum([lot.points for lot in self.lots if lot.available_from <= today])",
        proof=LATER_WORLDS,
    ),
    "age-lost": Mutant(
        about="points that come back are as good as new",
        module="switch.postings",
        old="self._restore(_REDEEMED, lot, points, PostingReason.GIVE_BACK)",
        new="self._new_lot(_REDEEMED, points, self._today, date.max, PostingReason.GIVE_BACK)",
        proof=MACHINE,
    ),
    # Undoing
    "refund-rounding": Mutant(
        about="the kept part of a refunded sale is rounded up",
        module="switch.returns",
        old="points = earned * kept_minor // total_minor if",
        new="points = -(-earned * kept_minor // total_minor) if",
        proof=MACHINE,
    ),
    "refund-above-original": Mutant(
        about="more is refunded than was bought",
        module="switch.undo",
        old="    if sale.refunded_minor + amount_minor > sale.covered_minor - sale.discount_minor:\n",
        new="    if amount_minor > sale.covered_minor - sale.discount_minor:\n",
        proof=MACHINE,
    ),
    "first-taken-first-back": Mutant(
        about="points come back to the lots that they were taken from first",
        module="switch.returns",
        old="    for lot, had in reversed(taken):\n",
        new="    for lot, had in taken:\n",
        proof=AGE,
    ),
    "lost-reversal": Mutant(
        about="a reversal is accepted and does nothing",
        module="switch.undo",
        old="    if record.undone or _never_took_place(record) or _is_settled_otherwise(case, record):\n",
        new="    if True:\n",
        proof=WORLDS,
    ),
    "reversed-twice": Mutant(
        about="what is undone can be undone again",
        module="switch.undo",
        old="    if record.undone or _never_took_place(record) or _is_settled_otherwise(case, record):\n",
        new="    if _never_took_place(record):\n",
        proof=MACHINE,
    ),
    "late-void": Mutant(
        about="a void is taken on another day",
        module="switch.undo",
        old=" or record.business_date != case.moment.business_date:\n",
        new=":\n",
        proof=MACHINE,
    ),
    # Holds, certificates, transfers
    "hold-completed-twice": Mutant(
        about="what was completed can be completed again",
        module="switch.completion",
        old="        if not transaction.is_advice or was_completed(case, record):\n",
        new="        if False:\n",
        proof=EVENTS,
    ),
    "hold-kept-beside": Mutant(
        about="a completion leaves what was reserved where it is",
        module="switch.completion",
        old="        draft.capture(held, points)\n    assert draft.book is not None\n",
        new="        draft.redeem(points)\n    assert draft.book is not None\n",
        proof=WORLDS,
    ),
    "hold-for-ever": Mutant(
        about="points stay reserved when the time of their hold is over",
        module="switch.postings",
        old="    def _end_holds(self, now: datetime) -> None:\n",
        new="    def _end_holds(self, now: datetime) -> None:\n        return\n",
        proof=EVENTS,
    ),
    "certificate-paid-twice": Mutant(
        about="a certificate is worth what it was, whatever it paid",
        module="switch.exchange",
        old="        sides=(changed(certificate.code, -points, -covered_minor),),\n",
        new="",
        proof=WORLDS,
    ),
    "transfer-one-sided": Mutant(
        about="what is transferred never arrives",
        module="switch.transfers",
        old="    receiving.receive(sender.send(points, lots))\n",
        new="    sender.send(points, lots)\n",
        proof=MACHINE,
    ),
    # What time brings, and people
    "sweep-forgets-a-lot": Mutant(
        about="a sweep passes over the first balance of every slice",
        module="switch.duereader",
        old="        for account_id, lot, expires_on, available_from in rows:\n",
        new="        for account_id, lot, expires_on, available_from in rows[1:]:\n",
        proof="tests/switch/test_sweep.py",
    ),
    "adjustment-unchecked": Mutant(
        about="a large correction needs nobody to check it",
        module="switch.corrections",
        old="        if abs(points) > policy.checker_above and self.checked_by is None:\n",
        new="        if False:\n",
        proof=WORLDS,
    ),
    "adjustment-unborne": Mutant(
        about="what a person takes beyond what there is, nobody owes",
        module="switch.corrections",
        old="            draft.charge(short)\n",
        new="            pass\n",
        proof=EVENTS,
    ),
    # Batches
    "declined-is-counted": Mutant(
        about="a batch counts what was declined",
        module="switch.batchtotals",
        old="    if record.reason is not None and record.reason != Reason.PARTIAL.name:\n",
        new="    if False:\n",
        proof=EVENTS,
    ),
    "line-booked-twice": Mutant(
        about="a request that comes after its upload is booked once more",
        module="switch.batches",
        old="record._replace(exception=record.exception or UPLOADED)",
        new="record._replace(exception=record.exception or UPLOADED, key=transaction.key.text)",
        proof=EVENTS,
    ),
    "undoing-is-not-counted": Mutant(
        about="a batch does not count what was undone",
        module="switch.batchtotals",
        old="        return _undone(books, record)\n    if record.exception",
        new="        return NOTHING\n    if record.exception",
        proof=EVENTS,
    ),
    "always-in-balance": Mutant(
        about="every batch is accepted, whatever the till counted",
        module="switch.batches",
        old="    agrees = transaction.claim.agrees(ours)\n",
        new="    agrees = True\n",
        proof=WORLDS,
    ),
    # The same again
    "repeat-decided-again": Mutant(
        about="a repeat is decided like a new message",
        module="switch.decide",
        old="    known = case.worksheet.by_key(transaction.key.text)\n",
        new="    known = None if transaction.is_repeat else case.worksheet.by_key(transaction.key.text)\n",
        proof=MACHINE,
    ),
    "conflict-accepted": Mutant(
        about="another message with a known key gets the known answer",
        module="switch.decide",
        old="        if not _is_same(case, known):\n",
        new="        if False:\n",
        proof=MACHINE,
    ),
    "tombstone-ignored": Mutant(
        about="what was reversed before it came is booked",
        module="switch.decide",
        old="    if transaction.operation not in _TOLD_APART and _is_reversed_before(case):\n",
        new="    if False:\n",
        proof=MACHINE,
    ),
    "tombstone-forgotten": Mutant(
        about="after a restart nobody knows what was reversed before it came",
        module="switch.recall",
        old="        for row in database.execute(lookups.EARLY):\n",
        new="        for row in ():\n",
        proof=f"{STORE}::test_what_is_reloaded_is_what_was_in_memory",
    ),
    "key-cached-too-long": Mutant(
        about="that a key was unknown is believed after the commit that made it known",
        module="switch.recall",
        old="            self._prefetched.pop(outcome.record.key, None)\n",
        new="",
        proof="tests/switch/test_recall.py::test_what_was_looked_up_ahead_is_right_until_and_after_the_commit",
    ),
    # Commits
    "answer-before-commit": Mutant(
        about="answers leave before what they tell is durable",
        module="switch.sequencer",
        old="                result = await self._store.commit(",
        new="                for work in batch.works:\n"
        "                    work.connection.answered(work.data)\n"
        "                    work.connection.flush()\n"
        "                batch.works.clear()\n"
        "                result = await self._store.commit(",
        proof=WORLDS,
    ),
    "sheet-kept": Mutant(
        about="what could not be written is decided upon all the same",
        module="switch.sequencer",
        old="upper = self._open\n        self._open = Batch(Worksheet(self._store.reader",
        new="upper = self._open\n        self._open = Batch(Worksheet(self._store.reader, batch.worksheet",
        proof=SEQUENCER,
    ),
    "failure-called-durable": Mutant(
        about="a commit that was rolled back is told as done",
        module="switch.store",
        old="            return self._undo(CommitResult.UNWRITTEN, error)\n        if lease",
        new="            return self._undo(CommitResult.DURABLE, error)\n        if lease",
        proof=WORLDS,
    ),
    "doubt-called-failure": Mutant(
        about="a commit of which nobody knows is told as not done",
        module="switch.store",
        old="            if _name_of(error) not in _NEVER_DURABLE:\n",
        new="            if False:\n",
        proof=WORLDS,
    ),
    "deadline-forgotten": Mutant(
        about="nobody looks at the deadline any more",
        module="switch.sequencer",
        old="        self._deadline_s = deadline_s\n",
        new="        self._deadline_s = deadline_s * 10_000\n",
        proof=SEQUENCER,
    ),
    "half-synchronous": Mutant(
        about="a commit returns before it is on the disk",
        module="switch.database",
        old='    "synchronous = FULL",',
        new='    "synchronous = NORMAL",',
        proof="tests/switch/test_database.py::test_the_file_syncs_every_commit_and_is_private",
    ),
    # Books
    "links-not-written": Mutant(
        about="what undid what is not in the books",
        module="switch.store",
        old="        (sql.INSERT_LINK, rows.links),\n",
        new="",
        proof=WORLDS,
    ),
    "chain-without-postings": Mutant(
        about="the chain does not cover the postings",
        module="ledger.block",
        old="    told = (decision, postings, lots, links, early_reversals)\n",
        new="    told = (decision, lots, links, early_reversals)\n",
        proof=AUDIT,
    ),
    "numbers-used-again": Mutant(
        about="after a restart numbers are given out that answers had before",
        module="switch.store",
        old="    sequence = Sequence(lease, max(next_seq, last_seq + 1))\n",
        new="    sequence = Sequence(lease, last_seq + 1)\n",
        proof=f"{STORE}::test_no_number_is_given_twice",
    ),
}
