"""All files of a deployment, read together."""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TypedDict, TypeVar

import rich_click as click

from config.key import load_key
from config.load import did_you_mean, load_settings
from config.register import load_register
from config.schema import SETTINGS_FILE, ListenerSettings, Settings
from loyalty.card import CardRange, Token
from loyalty.clock import SystemClock
from loyalty.errors import LoyaltyError, Problems
from members.card import Card
from members.identifiers import Hasher
from members.importer import BadLine, CardRow, CardTerms, read_card
from messages.dialect import shipped_dialects
from messages.framing import FRAMINGS
from messages.profile import with_codes
from messages.profiles import SHEETS
from messages.sheet import problems_with
from rules.parse import load_programme
from rules.programme import Programme
from switch import queries
from switch.administration import Desk
from switch.corrections import CorrectionPolicy
from switch.database import open_for_reading
from switch.deployed import own_programme
from switch.enactment import Restorer
from switch.lookups import opened_day
from switch.management import Policy
from switch.programmereader import versions_in
from switch.programmes import business_date
from switch.recall import Recall
from switch.safeguards import Safeguards, chain_key
from switch.speech import speech_of

_Loaded = TypeVar("_Loaded")
Books = sqlite3.Connection


class CardsKept(TypedDict):
    """What the programmes say of cards."""

    ranges: Sequence[CardRange]
    tiers: Sequence[str]
    beside: Sequence[CardTerms]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment whose settings are in order."""

    settings: Settings
    hasher: Hasher

    @cached_property
    def programme(self) -> Programme:
        """That of its files. While something is wrong with them, the one in force by the books.

        A running switch goes on with that one, too, and somebody may have to block a card meanwhile.

        Raises:
            Problems: All that is wrong, and none was in force yet.
        """
        database = self.settings.database
        try:
            return own_programme(self.settings.programme, lambda: versions_in(database))[0]
        except Problems as problems:
            programme = _in_force(database)
            if programme is None:
                raise
            told = f"warning: {problems.problems[0]}; going by {programme.version}, which is in force"
            click.echo(told, err=True)
            return programme

    @property
    def terms(self) -> CardsKept:
        """What cards are held to."""
        own = self.programme
        beside = [CardTerms(each.id, each.card_ranges, each.tiers) for each in own.parts]
        return {"ranges": own.card_ranges, "tiers": own.tiers, "beside": beside}

    @property
    def ranges(self) -> Sequence[CardRange]:
        """Of the cards of all programmes."""
        return [card_range for programme in self.programme.all for card_range in programme.card_ranges]

    def programme_of(self, card: Card) -> Programme:
        """The programme that the member of *card* belongs to."""
        return self.programme.part(card.programme) or self.programme

    @property
    def now(self) -> datetime:
        """The time."""
        return SystemClock().now()

    @property
    def today(self) -> date:
        """The business day: that of the clock, or a later one that was opened already."""
        today = business_date(self.programme, self.now)
        if not self.settings.database.exists():
            return today
        with self.books() as books:
            return max(today, opened_day(books))

    def card(self, number: str, **cells: str) -> CardRow:
        """The card with this *number*, or with the one that standard input gives for ``-``.

        Args:
            number: As it was typed.
            cells: What else is said of it, by column of a list of cards.

        Raises:
            LoyaltyError: It cannot be one of the programme, or a cell is wrong. The number is not in it.
        """
        if number == "-":
            number = sys.stdin.readline().strip()
        match read_card({"member": "-", **cells, "card": number}, **self.terms):
            case BadLine(_, reason):
                raise LoyaltyError(reason, where="the card")
            case CardRow() as row:
                return row

    def token(self, row: CardRow) -> Token:
        """Under which the card of *row* is known."""
        return self.hasher.token(row.card)

    def find(self, books: Books, number: str) -> Card:
        """The card with this *number* as the books know it.

        Raises:
            LoyaltyError: They do not.
        """
        found = queries.find_card(books, self.token(self.card(number)))
        if found is None:
            raise LoyaltyError("is not known", where="the card", hint="look at its number, or import it")
        return found

    def desk(self) -> Desk:
        """Where what changes cards or books is ordered."""
        return Desk(
            socket=self.settings.socket,
            database=self.settings.database,
            programme=lambda: self.programme,
            hasher=self.hasher,
            safeguards=Safeguards.of(self.settings),
            policy=Policy(self.settings.programme, four_eyes=self.settings.rules.four_eyes),
            corrections=CorrectionPolicy.of(self.settings.corrections),
        )

    @contextmanager
    def books(self) -> Iterator[Books]:
        """The books, to be read.

        Raises:
            LoyaltyError: There are none yet, or they cannot be read.
        """
        with closing(open_for_reading(self.settings.database)) as books:
            yield books


def open_deployment(path: Path) -> Deployment:
    """The deployment whose settings are the file *path*.

    Raises:
        LoyaltyError: Something in it is wrong.
    """
    settings = load_settings(path)
    return Deployment(settings=settings, hasher=Hasher(load_key(settings.path(settings.cards.key_file))))


def _in_force(database: Path) -> Programme | None:
    """The programme that is in force by the books *database*; ``None`` when there is none."""
    if not versions_in(database):
        return None
    with closing(open_for_reading(database)) as books:
        reader = Recall(books)
        return Restorer(reader)(reader.programmes()[-1].version)


def problems_of(path: Path) -> list[LoyaltyError]:
    """All that is wrong with the deployment whose settings are the file *path*: of all its files, at once."""
    problems: list[LoyaltyError] = []
    settings = _gather(problems, load_settings, path)
    if settings is None:
        # The other files are where they always are, so they are looked at all the same.
        settings = Settings(folder=path.parent.absolute())
    else:
        problems += _wire_problems(settings)
    _gather(problems, load_programme, settings.programme)
    for terminal in _gather(problems, load_register, settings.terminals) or ():
        if terminal.profile not in SHEETS:
            problems.append(
                LoyaltyError(
                    f"has the profile {terminal.profile!r}, which does not exist",
                    where=f"{settings.terminals.name}: terminal {terminal.terminal_id}",
                    hint=did_you_mean(terminal.profile, SHEETS),
                )
            )
    _gather(problems, load_key, settings.path(settings.cards.key_file))
    _gather(problems, lambda _: chain_key(settings), path)
    secret = settings.exporter.password_file
    if secret and not settings.path(secret).is_file():
        where = f"{SETTINGS_FILE}: exporter.password_file"
        problems.append(
            LoyaltyError("names no file", where=where, hint="put the password there, on one line")
        )
    return problems


def _wire_problems(settings: Settings) -> list[LoyaltyError]:
    """What the listeners name and nobody knows, and what does not go together."""
    problems: list[LoyaltyError] = []
    for number, listener in enumerate(settings.listener, 1):
        where = f"{SETTINGS_FILE}: listener[{number}]"
        framing = listener.framing.partition("+")[0]
        own_dialect = listener.dialect.endswith(".toml")
        unknown = [
            (knob, name, known)
            for knob, name, known in (
                ("framing", framing, FRAMINGS),
                ("dialect", listener.dialect, [listener.dialect] if own_dialect else shipped_dialects()),
                ("profile", listener.profile, SHEETS),
            )
            if name not in known
        ]
        for knob, name, known in unknown:
            what = f"is {name!r}, which does not exist"
            problems.append(LoyaltyError(what, where=f"{where}.{knob}", hint=did_you_mean(name, known)))
        if not unknown:
            problems += _speech_problems(listener, settings, where)
    return problems


def _speech_problems(listener: ListenerSettings, settings: Settings, where: str) -> list[LoyaltyError]:
    problems: list[LoyaltyError] = []
    speech = _gather(problems, lambda path: speech_of(listener, settings.cards, path), settings.folder)
    if speech is not None:
        sheet = _gather(
            problems, lambda _: with_codes(SHEETS[listener.profile], listener.codes), settings.folder
        )
        told = problems_with(sheet or SHEETS[listener.profile], speech.codec.dialect)
        problems += [LoyaltyError(what, where=where, hint="take another profile") for what in told]
    return problems


def _gather(problems: list[LoyaltyError], load: Callable[[Path], _Loaded], path: Path) -> _Loaded | None:
    try:
        return load(path)
    except Problems as several:
        problems += several.problems
    except LoyaltyError as problem:
        problems.append(problem)
    return None
