"""Looks through all books and tells what is wrong with them. It only reads, also beside a running switch.

Whether the file is a whole database is looked at apart (``ledger.filecheck``): that may be at the same time.
"""

import sqlite3
from collections.abc import Callable, Sequence

from ledger.certificates import check_certificates
from ledger.chain import ChainCheck
from ledger.finding import Enough, Finding, Findings
from ledger.holdcheck import check_holds
from ledger.order import check_early_reversals
from ledger.slices import Slice
from ledger.sums import SumCheck
from ledger.tables import APPEND_ONLY, guards
from ledger.tallies import check_tallies


def verify(
    database: sqlite3.Connection,
    progress: Callable[[int, int], None],
    chain_key: bytes | None = None,
    note: Callable[[str], None] = lambda _: None,
    also: Sequence[Callable[[Slice], None]] = (),
) -> list[Finding]:
    """What is wrong with the books in *database*, in the order of the checks; empty when all is well.

    Args:
        database: A connection that reads, outside of a transaction.
        progress: Told how many decisions are checked, and of how many.
        chain_key: The key of a keyed chain.
        note: Told what could not be checked.
        also: Called with all rows of the chain, slice by slice.
    """
    findings = Findings()
    try:
        _check_guards(database, findings)
        total: int = database.execute("SELECT coalesce(sum(decisions), 0) FROM block").fetchone()[0]
        with SumCheck(database, findings, total) as sums:
            chain = ChainCheck(database, findings, chain_key, sums=sums, also=also)
            chain.run(lambda done: progress(done, total))
            if chain.unchecked:
                note(f"{chain.unchecked} blocks are keyed: without the key their hashes were not checked")
            sums.check()
        chain.parties.tell()
        check_tallies(database, findings)
        check_holds(database, findings)
        check_certificates(database, findings)
        _check_links(database, findings)
        check_early_reversals(database, findings)
        _check_sequence(database, findings)
    except sqlite3.DatabaseError as error:
        findings.found.append(Finding("I26", "the file", f"cannot be read: {error}"))
    except Enough:
        pass
    return findings.found


def _check_guards(database: sqlite3.Connection, findings: Findings) -> None:
    """Exactly the triggers that the schema has: a further one could undo what they do."""
    names = ", ".join(f"'{table.name}'" for table in APPEND_ONLY)
    present = dict(
        database.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({names})"
        )
    )
    for name, sql in guards().items():
        if name not in present:
            findings.add("guard", f"trigger {name}", "is missing")
        elif present.pop(name) != sql:
            findings.add("guard", f"trigger {name}", "is not what it should be")
    for name in present:
        findings.add("guard", f"trigger {name}", "does not belong there")


def _check_links(database: sqlite3.Connection, findings: Findings) -> None:
    """Undoings name an earlier decision, and together take back no more than there was."""
    after = 0
    while rows := database.execute(
        "SELECT link.original, min(link.seq), sum(link.refunded_minor), sum(link.clawed), sum(link.returned),"
        " sum(link.undone), decision.seq, decision.amount, decision.earned, decision.used,"
        " sum(CASE WHEN undoing.operation = 'RERATE' THEN link.clawed ELSE 0 END)"
        " FROM link LEFT JOIN decision ON decision.seq = link.original"
        " LEFT JOIN decision AS undoing ON undoing.seq = link.seq"
        " WHERE link.original > ? GROUP BY link.original ORDER BY link.original LIMIT 5000",
        (after,),
    ).fetchall():
        for original, first, refunded, clawed, returned, undone, seq, amount, earned, used, rerated in rows:
            where = f"decision {original}"
            if seq is None:
                findings.add("I26", where, f"is named by decision {first} and is not there")
                continue
            if first <= original:
                findings.add("I12", where, f"is undone by decision {first}, which came before it")
            for name, total, bound in (
                ("of its amount", refunded, amount),
                ("of its earned points", clawed - rerated, max(earned, 0) - rerated),
                ("of its used points", returned, max(used, 0)),
                ("times in whole", undone, 1),
            ):
                if not 0 <= total <= bound:
                    findings.add("I12", where, f"{total} {name} is undone, and there was {bound}")
        after = rows[-1][0]


def _check_sequence(database: sqlite3.Connection, findings: Findings) -> None:
    last, leased = database.execute(
        "SELECT (SELECT max(seq) FROM decision),"
        " (SELECT next_seq FROM sequence_lease ORDER BY lease DESC LIMIT 1)"
    ).fetchone()
    if last is not None and (leased is None or last >= leased):
        findings.add("I17", f"decision {last}", "has a number that was never reserved")
