"""What all worlds begin with: a programme, terminals, cards, and books in which the cards are enrolled.

It is made once, and copied for each world. Points live for two days there, certificates for one and holds for
a minute, so that they expire in a history.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from config.register import read_register
from loyalty.card import Identifier, IdentifierKind
from loyalty.clock import ManualClock
from members.card import CardStatus
from members.identifiers import Hasher
from messages.codec import Codec
from messages.dialect import load_dialect
from messages.profile import Profile, profile_named
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from simulator.cards import card_number
from simulator.world.perils import chance_of
from switch.administration import Administration
from switch.cardline import CardLine
from switch.database import InlineConnection
from switch.enactment import Enact, recorded
from switch.sequencer import Sequencer
from switch.store import SqliteStore

CAMPAIGN: Final = "gift"
GIFT: Final = "pears"  # a line of these is given GIFT_POINTS, as long as the campaign has some
GIFT_POINTS: Final = 7
BUDGET: Final = 21

_SHORT: Final = """
[holds]
kept = "1 minutes"

[certificates]
last = "1 days"
"""
_CAMPAIGN: Final = f"""
[campaign]
id = "{CAMPAIGN}"
text = "Gift"
nature = "points"
category = "seasonal"
state = "active"
period = {{ from = 2026-01-01 }}
budget_points = {BUDGET}

[[rule]]
id = "gift"
text = "Gift"
lines = {{ product = "{GIFT}" }}
then = {{ points_per_line = {GIFT_POINTS} }}
"""
_CARDS: Final = 4
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  (a folder of our own is made in it)
_MADE_ON: Final = datetime(2026, 1, 1, tzinfo=UTC)
_KEY: Final = bytes(range(32))  # no card is secret here


@dataclass(frozen=True, slots=True)
class Ground:
    """Made by ``made``; a context manager that removes what lies on the disk.

    Attributes:
        folder: In memory, where there is such a thing: what is lost here is lost by the world's own disk.
        books: The file that every world begins with a copy of.
    """

    folder: Path
    books: Path
    programme: Programme
    profile: Profile
    codec: Codec
    hasher: Hasher
    cards: tuple[str, ...]
    terminals: tuple[str, ...]

    @classmethod
    def made(cls) -> Self:
        """The ground, on the disk."""
        folder = Path(tempfile.mkdtemp(prefix="puntual-", dir=_MEMORY if _MEMORY.is_dir() else None))
        text = files("rules").joinpath("starter.toml").read_text("utf-8")
        brief = text.replace('last = "2 years"', 'last = "2 days"') + _SHORT
        assert brief != text + _SHORT
        register = read_register(
            files("config").joinpath("terminals.csv").read_text("utf-8"), where="register"
        )
        programme = parse_programme({MAIN: brief, f"campaigns/{CAMPAIGN}.toml": _CAMPAIGN})
        codec = Codec(load_dialect("iso87-ascii"))
        profile = profile_named("retail87", terms=programme.terms, register=register, acquirer_id=None)
        hasher = Hasher(_KEY)
        cards = tuple(card_number(customer) for customer in range(1, _CARDS + 1))
        books = folder / "puntual.db"
        asyncio.run(_enrol(books, programme, hasher, cards))
        terminals = tuple(terminal.terminal_id for terminal in register)
        return cls(folder, books, programme, profile, codec, hasher, cards, terminals)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder)


async def _enrol(books: Path, programme: Programme, hasher: Hasher, cards: tuple[str, ...]) -> None:
    """Make the books at *books*, with the programme in force and *cards* of as many members."""
    clock = ManualClock(_MADE_ON)
    store = await SqliteStore.open(books, connect=_inline, random_bytes=chance_of(0, "ground").randbytes)
    sequencer = Sequencer(
        store,
        recorded(store.reader, programme),
        clock,
        hasher.token,
        deadline_s=timedelta(hours=1).total_seconds(),
        queue_depth_max=1,
        observe=lambda _works: None,
    )
    deciding = asyncio.ensure_future(sequencer.run())
    await sequencer.order(Enact(programme, sequencer, store.reader))
    lines = [_line(number, card, hasher).to_json() for number, card in enumerate(cards, 1)]
    await Administration(sequencer, store).handlers["cards.import"]({"cards": lines})
    deciding.cancel()
    await store.close()


def _line(number: int, card: str, hasher: Hasher) -> CardLine:
    member = f"M{number}"
    return CardLine(
        line=number,
        token=hasher.token(Identifier(IdentifierKind.CARD, card)),
        last4=card[-4:],
        member=member,
        account=hasher.token(Identifier(IdentifierKind.ACCOUNT, member)),
        status=CardStatus.ACTIVE,
    )


async def _inline(database: sqlite3.Connection) -> InlineConnection:
    async def at_once() -> None:
        """Nobody waits for this disk."""

    return InlineConnection(database, at_once)
