"""What is on its way through the switch: messages, commands, and the batches that they make."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.link import CutOver, Link, TransactionReceived
from messages.reading import Refused
from switch.block import (
    Block,
    CommitResult,
    Enrolment,
    ProfileChange,
    ProgrammeAct,
    ProgrammeEntry,
    ProgrammeText,
)
from switch.case import Moment
from switch.outcome import CardChange, Known, Outcome
from switch.programmes import Programmes
from switch.reader import Reader
from switch.worksheet import Worksheet


class StoreFull(Exception):  # noqa: N818  (it is an answer to an order, not an error of ours)
    """An order could not be made durable; nothing was changed."""


class Connection(Protocol):
    """Where answers go."""

    link: Link

    def answered(self, data: bytes) -> None:
        """Keep *data* for the next flush."""
        ...

    def flush(self) -> None:
        """Write all that was kept."""
        ...

    def set_apart(self, *, is_apart: bool) -> None:
        """A message of it will not be answered in its turn; or it will be now, by the next ``answered``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a command of the administration changes, and what is told of it as JSON values.

    Attributes:
        outcomes: What it books, in order of sequence; ``switch.booking`` makes them.
        programmes: What decides from the next transaction on, once this is durable.
        opens: The business date from the next transaction on.
    """

    result: Mapping[str, Any]
    enrolments: tuple[Enrolment, ...] = ()
    card_changes: tuple[CardChange, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    profiles: tuple[ProfileChange, ...] = ()
    entry: ProgrammeEntry | None = None
    text: ProgrammeText | None = None
    act: ProgrammeAct | None = None
    programmes: Programmes | None = None
    opens: date | None = None


class Command(Protocol):
    """An order of the administration, carried out in the one order of everything."""

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """What it changes and what is told of it. The worksheet is its own: what it does there is not kept.

        Raises:
            LoyaltyError: It cannot be carried out.
        """
        ...


class Numbering(Protocol):
    """Gives numbers."""

    def next(self) -> int:
        """The next one: higher than all before it, and never used before."""
        ...


class Store(Protocol):
    """Durable state."""

    @property
    def reader(self) -> Reader:
        """State as of the last commit."""
        ...

    @property
    def sequence(self) -> Numbering:
        """Where the numbers of decisions come from."""
        ...

    def prefetch(self, keys: Sequence[str]) -> None:
        """Look these keys up together; ``reader.by_key`` then knows them until the next commit."""
        ...

    async def commit(self, block: Block, in_time: Callable[[], bool]) -> CommitResult:
        """Make *block* durable, unless *in_time* says no just before.

        Raises:
            CommitUnknown: Nobody can tell whether it is durable. The process must end.
        """
        ...


@dataclass(slots=True)
class Work:
    """A message on its way to its answer.

    Attributes:
        arrived: When its last byte was read, on the event loop's clock.
        is_lost: Its batch could not be written; it is told so instead of being decided again.
        elements: The answer's own elements, once it is decided.
        data: The answer's bytes; empty when none could be made.
    """

    event: TransactionReceived | Refused | CutOver
    connection: Connection
    arrived: float
    is_lost: bool = False
    outcome: Outcome | Known | None = None
    elements: Mapping[int, str] = field(default_factory=dict)
    data: bytes = b""

    @property
    def has_deadline(self) -> bool:
        """Advices, reversals and repeats have none."""
        if not isinstance(self.event, TransactionReceived):
            return False
        transaction = self.event.transaction
        return not (
            transaction.is_advice or transaction.is_repeat or transaction.operation is Operation.REVERSAL
        )

    @property
    def stan(self) -> str | None:
        """DE 11, for the log."""
        return self.event.transaction.key.stan if isinstance(self.event, TransactionReceived) else None

    def carries_no(self, reason: Reason) -> bool:
        """Whether *reason* may not be told to an advice or a reversal: it is asked to send again instead."""
        if reason is not Reason.STORE_UNAVAILABLE or not isinstance(self.event, TransactionReceived):
            return False
        transaction = self.event.transaction
        return transaction.is_advice or transaction.operation is Operation.REVERSAL


@dataclass(slots=True)
class Order:
    """A command on its way to being carried out."""

    command: Command
    done: "asyncio.Future[Mapping[str, Any]]"
    change: Change | None = None

    def tell(self, result: Mapping[str, Any]) -> None:
        """It is carried out. Whoever ordered it may have gone."""
        if not self.done.done():
            self.done.set_result(result)

    def fail(self, error: Exception) -> None:
        """It is not. Whoever ordered it may have gone, and that is no fault of the event loop's to tell."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()


@dataclass(slots=True)
class Batch:
    """What is decided together and committed at once."""

    worksheet: Worksheet
    opened: date  # the last business date that somebody had opened when it began
    works: list[Work] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    deadline: float = float("inf")  # of the earliest request that books something

    def take(self, change: Change) -> None:
        """Let what is decided next see what a command changed."""
        for enrolment in change.enrolments:
            self.worksheet.enrol(enrolment)
        for card_change in change.card_changes:
            self.worksheet.change_card(card_change)
        for profile_change in change.profiles:
            self.worksheet.change_profile(profile_change)
        for outcome in change.outcomes:
            self.worksheet.apply(outcome)
        self.outcomes += change.outcomes

    def block(self, committed_at: datetime) -> Block:
        """All of it, to be made durable at once."""
        changes = [order.change for order in self.orders if order.change is not None]
        return Block(
            outcomes=self.outcomes,
            committed_at=committed_at,
            enrolments=[new for change in changes for new in change.enrolments],
            card_changes=[new for change in changes for new in change.card_changes],
            profiles=[new for change in changes for new in change.profiles],
            texts=[change.text for change in changes if change.text is not None],
            programmes=[change.entry for change in changes if change.entry is not None],
            acts=[change.act for change in changes if change.act is not None],
        )

    @property
    def is_empty(self) -> bool:
        """Nothing waits for it."""
        return not self.works and not self.orders
