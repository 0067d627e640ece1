"""Verifies a deployment's file: that it is one, the books, and that the cards are as their journal says."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from ledger.anchor import Anchor, broken
from ledger.filecheck import check_file
from ledger.finding import FINDINGS_MAX, Enough, Finding, Findings
from ledger.tables import APPEND_ONLY
from ledger.verify import verify as verify_books
from loyalty.errors import LoyaltyError
from rules.parse import version_of
from rules.text import Text
from switch.cardcheck import CardCheck
from switch.collector import without_collector
from switch.database import migrate, open_for_reading, read_through
from switch.lock import is_held
from switch.lookups import TEXT_PARTS
from switch.membercheck import MemberCheck

_PROPOSED: Final = (  # without its text
    "SELECT block, json_extract(change, '$.version') FROM card_entry WHERE card_id = 0 AND"
    " CASE json_valid(change) WHEN 1 THEN json_extract(change, '$.act') = 'proposed'"
    " AND json_extract(change, '$.text') IS NULL END ORDER BY block, line"
)

_IN_FORCE: Final = (
    "SELECT json_extract(change, '$.in_force'), json_extract(change, '$.version'),"
    " json_extract(change, '$.since') FROM card_entry WHERE card_id = 0 AND"
    " CASE json_valid(change) WHEN 1 THEN json_type(change, '$.in_force') = 'integer' END"
)


def verify(
    path: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    anchors: Sequence[Anchor] = (),
    chain_key: bytes | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """What is wrong with the books at *path*; empty when all is well.

    Bounded in memory, and no reason for a running switch to wait: every read is short. Where none runs a
    second processor is used, and pages that belong to no table are looked at, too.

    Args:
        path: The file.
        progress: Told how many decisions are checked, and of how many.
        anchors: Blocks that must be there as they were.
        chain_key: The key of a keyed chain.
        note: Told what could not be checked.
    """
    try:
        database = open_for_reading(path)
    except LoyaltyError as error:
        return [Finding("I26", error.where, error.what)]
    is_beside = is_held(path.parent / "puntual.lock")
    with closing(database), _checked_file(path, is_beside=is_beside) as of_file, without_collector():
        read_through(database)
        found = _found_by("the anchors", lambda findings: _check_anchors(database, anchors, findings))
        with CardCheck(database) as cards, MemberCheck(database) as members:
            books = verify_books(database, progress, chain_key, note, [cards.take, members.take])
            found_in_file, is_readable = of_file()
            found += found_in_file
            if is_readable:
                found += books[: FINDINGS_MAX - len(found_in_file)]
            found += _found_by("the cards", cards.check)
            found += _found_by("the members", members.check)
        found += _found_by("the programme", lambda findings: _check_programmes(database, findings))
        found += _found_by("the programme", lambda findings: _check_in_force(database, findings))
        found += _found_by("the schema", lambda findings: _check_schema(database, findings))
    return found


@contextmanager
def _checked_file(path: Path, *, is_beside: bool) -> Iterator[Callable[[], tuple[list[Finding], bool]]]:
    """Has the file checked, and gives what tells its findings and whether it can be read at all.

    That is at the same time as everything else, by a processor of its own, unless a switch runs *is_beside*:
    then only one processor is taken, and no read is long.
    """

    def check() -> tuple[list[Finding], bool]:
        findings = Findings()
        try:
            with closing(open_for_reading(path)) as database:
                database.execute("PRAGMA mmap_size = 0")
                check_file(database, findings, in_slices=is_beside)
        except Enough:
            pass
        except (LoyaltyError, sqlite3.DatabaseError) as error:
            findings.found.append(Finding("I26", "the file", f"cannot be read: {error}"))
            return findings.found, False
        return findings.found, True

    if is_beside:
        done = check()
        yield lambda: done
        return
    with ThreadPoolExecutor(1) as pool:
        checking = pool.submit(check)
        yield checking.result


def _found_by(what: str, check: Callable[[Findings], None]) -> list[Finding]:
    """What *check* finds wrong with *what*."""
    findings = Findings()
    try:
        check(findings)
    except sqlite3.DatabaseError as error:
        findings.found.append(Finding("I26", what, f"cannot be read: {error}"))
    except Enough:
        pass
    return findings.found


def _check_anchors(database: sqlite3.Connection, anchors: Sequence[Anchor], findings: Findings) -> None:
    for number, what in broken(database, anchors):
        findings.add("I18", f"block {number}", what)


def _check_schema(database: sqlite3.Connection, findings: Findings) -> None:
    """Every table and index is the one that the migrations make, and nothing more acts on what is written.

    The triggers of append-only tables are told by ``ledger.verify``.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh)
        wanted = _schema_of(fresh)
    present = _schema_of(database)
    for (kind, name), sql in wanted.items():
        if (kind, name) not in present:
            findings.add("schema", f"{kind} {name}", "is missing")
        elif present[kind, name] != sql:
            findings.add("schema", f"{kind} {name}", "is not what it should be")
    for kind, name in sorted(present.keys() - wanted.keys()):
        if kind in ("trigger", "index"):
            findings.add("schema", f"{kind} {name}", "does not belong there")


def _schema_of(database: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """The text of what was made by name, by kind and name."""
    guarded = {table.name for table in APPEND_ONLY}
    rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {
        (kind, name): sql
        for kind, name, table, sql in rows
        if not (kind == "trigger" and table in guarded) and not name.startswith("sqlite_")
    }


def _check_programmes(database: sqlite3.Connection, findings: Findings) -> None:
    """Every text is the one that its version names, also of what was only proposed."""
    wrong = "its text is not the one that its version names"
    versions = database.execute("SELECT DISTINCT version FROM programme_text ORDER BY version")
    packed = {version for (version,) in versions}
    for version in sorted(packed):
        if not _is_text_of(version, database.execute(TEXT_PARTS, (version,)).fetchall()):
            findings.add("I18", f"text of programme {version}", wrong)
    for number, version, text in database.execute("SELECT number, version, text FROM programme"):
        if (text or version not in packed) and version_of(text) != version:
            findings.add("I18", f"programme {number}", wrong)
    for block, version in database.execute(_PROPOSED):
        if version not in packed:
            findings.add("I18", f"block {block}", f"the text of the programme {version} is missing")


def _check_in_force(database: sqlite3.Connection, findings: Findings) -> None:
    """Every programme came into force when the journal says; earlier versions did not write that there."""
    told = {number: head for number, *head in database.execute(_IN_FORCE)}
    kept = "SELECT number, version, since FROM programme WHERE number >= ? OR number < 1 ORDER BY number"
    for number, *head in database.execute(kept, (min(told, default=2**63 - 1),)):
        if told.pop(number, None) != head:
            findings.add("I20", f"programme {number}", "did not come into force as the journal tells")
    for number in told:
        findings.add("I20", f"programme {number}", "is in the journal and not among the programmes")


def _is_text_of(version: str, parts: Sequence[Any]) -> bool:
    try:
        return version_of(str(Text(parts=tuple(parts)))) == version
    except LoyaltyError:
        return False  # it is damaged
