"""Every text of a programme that the books keep packed is the one that its version names."""

import asyncio
from pathlib import Path

import pytest

from rules.parse import version_of
from rules.text import Text
from switch.audit import verify
from switch.block import Block, ProgrammeAct, ProgrammeEntry, ProgrammeText
from tests.switch.books import NOON, open_store
from tests.switch.test_audit import forge

LONG = "[" + ", ".join(map(str, range(90_000))) + "]"
IN_FORCE, PROPOSED = version_of(LONG), version_of(LONG + " ")


async def _write(path: Path) -> None:
    """A large text that is in force, and another that is proposed."""
    store = await open_store(path)
    entry = ProgrammeEntry(number=1, since=NOON, version=IN_FORCE, text="")
    texts = [
        ProgrammeText(version=version_of(text), parts=Text.of(text).parts) for text in (LONG, LONG + " ")
    ]
    act = ProgrammeAct(act="proposed", version=PROPOSED, by="ana", at=NOON)
    told = Block(outcomes=(), committed_at=NOON, programmes=[entry], texts=texts, acts=[act])
    await store.commit(told, lambda: True)
    assert len(texts[0].parts) > 1
    assert store.reader.programme_text(PROPOSED) == LONG + " "
    assert store.reader.programme_text("0" * 12) is None
    assert [head.size for head in store.reader.programmes()] == [len(LONG)]
    assert store.reader.short_text(IN_FORCE) is None
    assert [store.reader.has_text(name) for name in (IN_FORCE, PROPOSED, "0" * 12)] == [True, True, False]
    await store.close()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    asyncio.run(_write(tmp_path))
    return tmp_path / "puntual.db"


def test_good_texts_are_good(books: Path) -> None:
    assert verify(books) == []


@pytest.mark.parametrize(
    ("script", "first"),
    [
        (f"DELETE FROM programme_text WHERE version = '{IN_FORCE}'", "I18 programme 1"),
        (f"DELETE FROM programme_text WHERE version = '{PROPOSED}'", "I18 block 1"),
        (f"DELETE FROM programme_text WHERE version = '{IN_FORCE}' AND part = 1", f"I18 text {IN_FORCE}"),
        (f"UPDATE programme_text SET size = size + 1 WHERE version = '{IN_FORCE}'", f"I18 text {IN_FORCE}"),
        (
            f"UPDATE programme_text SET packed = zeroblob(9) WHERE version = '{PROPOSED}'",
            f"I18 text {PROPOSED}",
        ),
        (
            f"UPDATE programme_text SET part = 5 WHERE version = '{IN_FORCE}' AND part = 0",
            f"I18 text {IN_FORCE}",
        ),
        (
            "INSERT INTO programme_text SELECT 'x', part, size, packed FROM programme_text LIMIT 1",
            "I18 text x",
        ),
        ("UPDATE programme SET text = '[]'", "I18 programme 1"),
    ],
)
def test_every_change_is_named(books: Path, script: str, first: str) -> None:
    """Each kind of hand edit."""
    forge(books, script)
    (finding, *_) = verify(books)
    assert f"{finding.invariant} {finding.where}".replace("text of programme", "text").startswith(first)
