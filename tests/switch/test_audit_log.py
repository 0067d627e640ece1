"""A log that was cut off or damaged: a beginning of the books is left, and an anchor tells what is gone."""

import shutil
from contextlib import closing
from pathlib import Path

from ledger.anchor import Anchor, last_block
from switch.audit import verify
from switch.database import open_for_reading
from tests.switch.books import commit, earn, open_store

COMMITS = 12


async def copied_while_open(path: Path) -> tuple[Path, Anchor]:
    """Books whose last commits are in the log only, as a machine that stops leaves them, and their end."""
    store = await open_store(path)
    for seq in range(1, COMMITS + 1):
        await commit(store, earn(seq, 10, owner=seq))
    copy = path / "copy"
    copy.mkdir()
    for name in ("puntual.db", "puntual.db-wal"):
        shutil.copy(path / name, copy / name)
    head = Anchor(store.head.number, store.head.hash)
    await store.close()
    return copy / "puntual.db", head


def blocks_of(path: Path) -> int:
    with closing(open_for_reading(path)) as books:
        return last_block(books).number


async def test_a_log_that_is_cut_off_anywhere_leaves_a_beginning(tmp_path: Path) -> None:
    """In the middle of a frame or between two: whole commits are there or not."""
    path, head = await copied_while_open(tmp_path)
    log = path.with_name("puntual.db-wal")
    assert verify(path, anchors=[head]) == []
    whole = log.read_bytes()
    seen = set()
    for size in range(len(whole), len(whole) // 2, -(len(whole) // 40)):
        path.with_name("puntual.db-shm").unlink(missing_ok=True)
        log.write_bytes(whole[:size])
        left = blocks_of(path)
        seen.add(left)
        assert verify(path) == []
        told = [str(finding) for finding in verify(path, anchors=[head])]
        gone = [f"I18 block {COMMITS}: is anchored and is not there"]
        assert told == ([] if left == COMMITS else gone)
    assert len(seen) > 3


async def test_a_bit_that_turned_in_the_log_ends_it_there(tmp_path: Path) -> None:
    """Its frames have sums; what follows one that is wrong does not count."""
    path, head = await copied_while_open(tmp_path)
    log = path.with_name("puntual.db-wal")
    bytes_ = bytearray(log.read_bytes())
    bytes_[len(bytes_) * 3 // 4] ^= 1
    log.write_bytes(bytes_)
    path.with_name("puntual.db-shm").unlink(missing_ok=True)
    assert 0 < blocks_of(path) < COMMITS
    assert verify(path) == []
    assert [finding.invariant for finding in verify(path, anchors=[head])] == ["I18"]
