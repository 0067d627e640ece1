"""A keyed chain: who can write the file cannot write a chain that goes on."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from config.schema import Settings, StoreSettings
from ledger.block import FORMAT, FORMAT_KEYED, digest_of_decision, hash_of_block
from ledger.tables import guards
from loyalty.errors import LoyaltyError
from switch.anchoring import accept_fork
from switch.audit import verify
from switch.backup import back_up, drill
from switch.safeguards import Safeguards, chain_key
from switch.store import SqliteStore
from tests.switch.books import commit, earn, inline

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


def _write(path: Path, key: bytes | None, *seqs: int) -> None:
    asyncio.run(_commit_each(path, key, seqs))


async def _commit_each(path: Path, key: bytes | None, seqs: Sequence[int]) -> None:
    store = await SqliteStore.open(path, connect=inline, safeguards=Safeguards(chain_key=key))
    while store.sequence.next() < 100:
        pass
    for seq in seqs:
        await commit(store, earn(seq, 100))
    await store.close()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Two blocks without a key, two with one."""
    path = tmp_path / "puntual.db"
    _write(path, None, 1, 2)
    _write(path, KEY, 3, 4)
    return path


def told(path: Path, key: bytes | None) -> tuple[list[str], list[str]]:
    """What is found, and what could not be checked."""
    notes: list[str] = []
    findings = verify(path, chain_key=key, note=notes.append)
    return [str(finding) for finding in findings], notes


def test_a_chain_becomes_keyed_and_blocks_say_so(books: Path) -> None:
    with closing(sqlite3.connect(books)) as database:
        formats = [form for (form,) in database.execute("SELECT format FROM block ORDER BY number")]
    assert formats == [FORMAT, FORMAT, FORMAT_KEYED, FORMAT_KEYED]
    assert told(books, KEY) == ([], [])


def test_without_the_key_it_is_said_what_was_not_checked(books: Path) -> None:
    """Everything else is."""
    assert told(books, None) == ([], ["2 blocks are keyed: without the key their hashes were not checked"])


def test_another_key_is_found(books: Path) -> None:
    findings, _ = told(books, OTHER)
    assert findings == [
        "I18 block 3: its rows do not have the hash that was written",
        "I18 block 4: its rows do not have the hash that was written",
    ]


def test_a_chain_that_is_written_anew_is_found(books: Path) -> None:
    """With right digests and right hashes, by somebody who has everything but the key."""
    assert _forged(books, FORMAT_KEYED)[0] == "I18 block 4: its rows do not have the hash that was written"


def test_a_keyed_chain_does_not_lose_its_key(books: Path) -> None:
    """Or whoever forges a block would only have to leave it out."""
    assert _forged(books, FORMAT)[0] == "I18 block 4: has no key, and a block before it has one"


def _forged(path: Path, form: int) -> list[str]:
    """What is found after the last sale was made greater and its chain was mended as far as that can be."""
    with closing(sqlite3.connect(path, isolation_level=None)) as forger:
        for name in guards():
            forger.execute(f"DROP TRIGGER {name}")
        forger.execute("UPDATE decision SET amount = 999999 WHERE seq = 4")
        row = forger.execute("SELECT * FROM decision WHERE seq = 4").fetchone()
        postings = forger.execute("SELECT * FROM posting WHERE seq = 4").fetchall()
        lots = forger.execute("SELECT * FROM lot WHERE lot = 64").fetchall()
        digest = digest_of_decision(row[:35], postings, lots)
        header = forger.execute(
            "SELECT number, ?, first_seq, last_seq, decisions, card_entries, committed_at"
            " FROM block WHERE number = 4",
            (form,),
        ).fetchone()
        previous = forger.execute("SELECT hash FROM block WHERE number = 3").fetchone()[0]
        hashed = hash_of_block(header, previous, [digest])
        forger.execute("UPDATE decision SET digest = ? WHERE seq = 4", (digest,))
        forger.execute("UPDATE block SET hash = ?, format = ? WHERE number = 4", (hashed, form))
        for sql in guards().values():
            forger.execute(sql)
    return told(path, KEY)[0]


@pytest.mark.parametrize(("key", "what"), [(None, "no key is named"), (OTHER, "with another key")])
def test_a_switch_goes_on_with_the_right_key_only(books: Path, key: bytes | None, what: str) -> None:
    with pytest.raises(LoyaltyError, match=what):
        _write(books, key, 5)
    _write(books, KEY, 5)
    assert told(books, KEY) == ([], [])


def test_tools_go_on_with_the_key(books: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    last = back_up(books, copy, lambda _done, _total: None)
    assert drill(copy, KEY) == (last, [])
    with pytest.raises(LoyaltyError, match="no key is named"):
        drill(copy)
    assert accept_fork(books, KEY).number == 4


def test_the_key_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its owner's eyes only; what is wrong with it is told without any of it."""
    file = tmp_path / "chain.key"
    file.write_text(KEY.hex() + "\n")
    file.chmod(0o400)
    assert chain_key(Settings(folder=tmp_path)) is None
    assert chain_key(Settings(folder=tmp_path, store=StoreSettings(chain_key_file="chain.key"))) == KEY
    by_name = Settings(folder=tmp_path, store=StoreSettings(chain_key_env="CHAIN"))
    monkeypatch.setenv("CHAIN", OTHER.hex())
    assert chain_key(by_name) == OTHER
    for wrong in ("", "abcdef", KEY.hex()[:-2], "00" * 32, KEY.hex() + "\u00e9"):
        monkeypatch.setenv("CHAIN", wrong)
        with pytest.raises(LoyaltyError, match="environment CHAIN: is not 64 hexadecimal digits"):
            chain_key(by_name)
    file.chmod(0o440)
    with pytest.raises(LoyaltyError, match="has mode 0440"):
        chain_key(Settings(folder=tmp_path, store=StoreSettings(chain_key_file="chain.key")))
