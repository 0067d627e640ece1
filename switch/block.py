"""What one group commit makes durable: decisions, and what administration changed about cards."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from loyalty.card import CardId, MemberId, Token
from members.card import Card
from members.profile import Profile
from switch.outcome import CardChange, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the operator told of a member. It can be erased, and it never shows in a ``repr``."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    mail: str = field(default="", repr=False)
    birthday: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A new card of a member, new or known. What it says of the member replaces what was said before.

    Attributes:
        token: Of the card's number.
        identifiers: Kind and token of what else stands for the member: phone, mail, the operator's id.
        person: ``None`` leaves what is known of the person.
        joined_on: The day on which a new member joins.
        replaces: The card whose successor this is.
    """

    card: Card
    token: Token
    identifiers: tuple[tuple[str, Token], ...] = ()
    person: Person | None = None
    joined_on: date | None = None
    replaces: CardId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """What rules may ask of a member, from now on. His birthday is not part of it."""

    member_id: MemberId
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeEntry:
    """A version of the programme, in force from *since* on; *number* is its place among all, from 1.

    Attributes:
        text: Empty when it is packed (``ProgrammeText``).
    """

    number: int
    since: datetime
    version: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeText:
    """The text of a large version, which no book has yet: how many characters, and these packed, by part."""

    version: str
    parts: Sequence[tuple[int, bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeHead:
    """A text of the programme without the text: *size* characters, in force from *since* on."""

    number: int
    since: datetime
    version: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeAct:
    """Somebody did something to the programme.

    Attributes:
        act: ``proposed approved activated rolled_back paused resumed``.
        version: Of the programme that it is about.
        by: Who, in the operator's words.
        entry: Number of the text that it put into force; 0 when it put in none.
        about: What was paused or resumed: a campaign, ``earn`` or ``redeem``.
        is_own: The programme was that of the deployment's own files.
        text: Of the programme that is proposed; not read back. Empty when it is packed.
    """

    act: str
    version: str
    by: str
    at: datetime
    entry: int = 0
    about: str = ""
    is_own: bool = False
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A batch. Outcomes without a record leave nothing behind; the others are in order of sequence."""

    outcomes: Sequence[Outcome]
    committed_at: datetime
    enrolments: Sequence[Enrolment] = ()
    card_changes: Sequence[CardChange] = ()
    programmes: Sequence[ProgrammeEntry] = ()
    texts: Sequence[ProgrammeText] = ()
    acts: Sequence[ProgrammeAct] = ()
    profiles: Sequence[ProfileChange] = ()

    @property
    def is_unchained(self) -> bool:
        """It has something that its hash does not cover."""
        return bool(self.programmes or self.texts or self.profiles)


class CommitResult(enum.Enum):
    """How a commit ended, when it is known."""

    DURABLE = enum.auto()
    UNWRITTEN = enum.auto()  # the store could not, and nothing of it is there
    LATE = enum.auto()  # a deadline was over just before COMMIT, so it was rolled back


class CommitUnknown(Exception):  # noqa: N818  (a state of knowledge, not a mistake)
    """A commit failed in a way that may have left it durable. The process must end without an answer."""
