"""One order for everything: each transaction is decided after the one before it, and commits are shared.

    submit -> queue -> the open batch, decided at once -> one commit -> answers
                                    ^                        |
                                    +--- while one commits, the next is decided on top of it ---+

A commit starts when the previous one is done and takes all that was decided meanwhile, at most
``batch_size_max``; there is no timer. Answers leave when what they tell is durable. When a commit is proved
not to have happened, its batch and the one decided on top of it are decided again.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import structlog

from loyalty.card import Identifier, Token
from loyalty.clock import Clock
from loyalty.decision import Approved, Decision, Declined, Reason
from messages.link import CutOver, TransactionReceived
from messages.reading import Refused
from switch.athand import Apart, NotAtHand
from switch.block import CommitResult
from switch.case import Case, Moment
from switch.days import cut_over
from switch.decide import decide
from switch.outcome import Known, Outcome
from switch.programmes import Programmes, business_day
from switch.several import placed
from switch.work import Batch, Change, Command, Connection, Order, Store, StoreFull, Work
from switch.worksheet import Worksheet

log: Final = structlog.get_logger()

AT_ONCE_MAX: Final = 32  # messages, before the loop looks for the end of a commit: the disk shall not wait


class Sequencer:
    """Decides in one order, commits in groups, and answers what is durable.

    Args:
        deadline_s: From the last byte of a request until its commit must have begun.
        queue_depth_max: Messages that may wait before nothing more is read.
        observe: Told of every batch of finished works; must not block.
        not_before: No decision is earlier, whatever the clock says: an earlier process took its last then.
    """

    def __init__(
        self,
        store: Store,
        programmes: Programmes,
        clock: Clock,
        token_of: Callable[[Identifier], Token],
        *,
        deadline_s: float,
        queue_depth_max: int,
        batch_size_max: int = 256,
        observe: Callable[[Sequence[Work]], None],
        not_before: datetime | None = None,
    ) -> None:
        self._store = store
        self._programmes = programmes
        self._clock = clock
        self._token_of = token_of
        self._deadline_s = deadline_s
        self._queue_depth_max = queue_depth_max
        self._batch_size_max = batch_size_max
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Work | Order] = deque()
        self._committing: Batch | None = None
        self._is_scheduled = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._now = clock.now() if not_before is None else max(clock.now(), not_before)
        self._opened = store.reader.opened_day()
        self._open = Batch(Worksheet(store.reader), self._opened)
        self._day, self._day_ends = self._business_day(self._now)
        self._commits: set[asyncio.Task[None]] = set()
        self._apart = Apart(self._decide_first, self._loop.time, deadline_s)

    # From outside

    def submit(self, work: Work) -> None:
        """Take *work* into the order. Its answer comes to its connection."""
        self._queue.append(work)
        self._schedule()

    def order(self, command: Command) -> "asyncio.Future[Mapping[str, Any]]":
        """Take *command* into the order; what is told of it comes when it is durable."""
        done: asyncio.Future[Mapping[str, Any]] = self._loop.create_future()
        self._queue.append(Order(command, done))
        self._schedule()
        return done

    @property
    def queue_depth(self) -> int:
        """Messages that are neither answered nor being committed."""
        return len(self._queue) + len(self._open.works) + len(self._apart)

    @property
    def is_full(self) -> bool:
        """Nothing more should be read for now."""
        return len(self._queue) >= self._queue_depth_max

    @property
    def programmes(self) -> Programmes:
        """The programmes that decide."""
        return self._programmes

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            CommitUnknown: A commit may or may not have happened.
        """
        await self._failed

    async def drain(self) -> None:
        """Return when everything submitted is answered."""
        await self._idle.wait()

    # Deciding

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._idle.clear()
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Decide what waits into the open batch, and commit it if nothing is being committed."""
        self._is_scheduled = False
        if self._failed.done():
            return
        try:
            self._decide_waiting()
        except Exception as error:  # noqa: BLE001  (nobody can be answered any more, so the process ends)
            self._failed.set_exception(error)

    def _decide_waiting(self) -> None:
        batch = self._open
        room = min(self._batch_size_max - len(batch.works), AT_ONCE_MAX)
        taken: list[Work | Order] = []
        if room > 0 and self._queue:
            taken = self._take(room)
            self._store.prefetch(
                [
                    work.event.transaction.key.text
                    for work in taken
                    if isinstance(work, Work) and isinstance(work.event, TransactionReceived)
                ]
            )
            for work in taken:
                if isinstance(work, Order):
                    self._carry_out(work, batch)
                else:
                    self._decide(work, batch)
        if self._committing is None:
            self._start_commit()
        elif taken and self._queue and len(batch.works) < self._batch_size_max:
            self._schedule()  # but not for a command that waits for the commit: that would be asked for ever

    def _take(self, room: int) -> list[Work | Order]:
        """What is to be decided now, *room* at most.

        A command waits until the one before it is durable: it looks up what that one wrote.
        """
        is_ordered = bool(self._open.orders) or (
            self._committing is not None and bool(self._committing.orders)
        )
        taken: list[Work | Order] = []
        while self._queue and len(taken) < room:
            if isinstance(self._queue[0], Order):
                if is_ordered:
                    break
                is_ordered = True
            taken.append(self._queue.popleft())
        return taken

    def _decide(self, work: Work, batch: Batch) -> None:
        """Decide *work* on the batch's worksheet. A bug in one is answered 96 for that one alone."""
        if self._apart.waiting and self._apart.takes(work):
            return
        batch.works.append(work)
        try:
            self._decide_one(work, batch)
        except NotAtHand as missing:
            if self._is_late(work):
                self._answer(work, Declined(reason=Reason.TOO_LATE))
            else:
                self._apart.put(batch.works.pop(), missing)
        except Exception:  # the boundary of one transaction in a batch
            log.exception("transaction.failed", stan=work.stan)
            self._answer(work, Declined(reason=Reason.OWN_FAULT))

    def _decide_first(self, works: Sequence[Work]) -> None:
        """Decide *works* before all that waits: what they waited for is at hand."""
        self._queue.extendleft(reversed(works))
        self._schedule()

    def _decide_one(self, work: Work, batch: Batch) -> None:
        event = work.event
        if isinstance(event, Refused):
            self._answer(work, Declined(reason=event.reason))
            return
        if work.is_lost:
            self._answer(work, Declined(reason=Reason.STORE_UNAVAILABLE))
            return
        if isinstance(event, CutOver):
            self._cut_over(work, event, batch)
            return
        transaction, profile = event.transaction, work.connection.link.profile
        moment = self._moment(transaction.received_at, late=self._is_late(work))

        def render(decision: Decision) -> Mapping[int, str]:
            return profile.elements(
                decision,
                operation=transaction.operation,
                seq=moment.seq,
                business_date=moment.business_date,
                width=transaction.terminal.width,
            )

        case = Case(transaction, batch.worksheet, self._programmes, moment, self._token_of, render)
        if case.programme.parts:
            case = placed(case)
            profile = profile.speaking(case.programme.terms)
        work.outcome = outcome = decide(case)
        if isinstance(outcome, Known):
            self._answer_again(work, outcome)
            return
        work.elements = outcome.elements
        work.data = work.connection.link.answer(event.message, outcome.elements)
        if outcome.record is not None:
            batch.worksheet.apply(outcome)
            batch.outcomes.append(outcome)
            if work.has_deadline:
                batch.deadline = min(batch.deadline, work.arrived + self._deadline_s)

    def _cut_over(self, work: Work, event: CutOver, batch: Batch) -> None:
        """Open the next business day, in the order of everything; told again, it is open already."""
        moment = self._moment(self._clock.now(), late=False)
        command = cut_over(self._programmes.current, self._store.sequence)
        change = command.carry_out(batch.worksheet, moment)
        batch.outcomes += change.outcomes
        self._open_day(change)
        record = change.outcomes[0].record if change.outcomes else None
        work.outcome = Outcome(decision=Approved(books=False), elements=event.elements, record=record)
        work.elements = event.elements
        work.data = work.connection.link.answer(event.message, event.elements)

    def _answer(self, work: Work, decision: Declined) -> None:
        """Answer without a record: refused before the decision, or not decided at all."""
        event, link = work.event, work.connection.link
        transaction = event.transaction if isinstance(event, TransactionReceived) else None
        if work.carries_no(decision.reason):
            decision = Declined(reason=Reason.OWN_FAULT)
        if isinstance(event, CutOver):
            work.elements = link.profile.refusal(decision.reason)
        else:
            moment = self._moment(self._now, late=False)
            work.elements = link.profile.elements(
                decision,
                operation=None if transaction is None else transaction.operation,
                seq=moment.seq,
                business_date=moment.business_date,
            )
        work.outcome = Outcome(decision=decision, elements=work.elements)
        work.data = link.answer(event.message, work.elements)

    def _answer_again(self, work: Work, known: Known) -> None:
        """The stored answer, with the repeat's own echoes."""
        elements = {int(number): text for number, text in json.loads(known.record.answer).items()}
        if known.as_advice:
            elements = work.connection.link.profile.elements_as_advice(elements)
        work.elements = elements
        work.data = work.connection.link.answer(work.event.message, elements)

    def _carry_out(self, order: Order, batch: Batch) -> None:
        try:
            moment = self._moment(self._clock.now(), late=False)
            # On a sheet of its own, so that one that fails half-way leaves nothing behind.
            change = order.command.carry_out(Worksheet(self._store.reader, batch.worksheet), moment)
        except Exception as error:  # noqa: BLE001  (the boundary of one command; whoever ordered it is told)
            order.fail(error)
            return
        batch.take(change)
        self._open_day(change)
        order.change = change
        batch.orders.append(order)

    def _moment(self, received_at: datetime, *, late: bool) -> Moment:
        # One decision, one time, and never back: the next one is not earlier than this.
        if received_at > self._now:
            self._now = received_at
            if received_at >= self._day_ends:
                self._day, self._day_ends = self._business_day(received_at)
        return Moment(self._store.sequence.next(), self._now, self._day, late)

    def _is_late(self, work: Work) -> bool:
        return work.has_deadline and self._loop.time() - work.arrived > self._deadline_s

    def _business_day(self, now: datetime) -> tuple[date, datetime]:
        return business_day(self._programmes.current, now, self._opened)

    def _open_day(self, change: Change) -> None:
        """What follows in this batch already stands in the day that *change* opens, if any."""
        if change.opens is not None:
            self._opened = max(self._opened, change.opens)
            self._day, self._day_ends = self._business_day(self._now)

    def _put_in(self, programmes: Programmes) -> None:
        self._programmes = programmes
        self._day, self._day_ends = self._business_day(self._now)

    # Committing

    def _start_commit(self) -> None:
        batch = self._open
        if batch.is_empty:
            if self._queue:  # a command that waited for the one before it
                self._schedule()
            elif not self._apart.waiting:
                self._idle.set()
            return
        self._committing = batch
        self._open = Batch(Worksheet(self._store.reader, batch.worksheet), self._opened)
        task = self._loop.create_task(self._commit(batch))  # one task per batch, none per message
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        if self._queue:
            self._schedule()

    async def _commit(self, batch: Batch) -> None:
        try:
            result = CommitResult.DURABLE
            if batch.outcomes or batch.orders:
                block = batch.block(self._now)
                result = await self._store.commit(block, lambda: self._loop.time() <= batch.deadline)
            if result is CommitResult.DURABLE:
                self._finish(batch)
            else:
                self._decide_again(batch, result)
        except BaseException as error:
            # Nobody knows what is durable now, so nobody is answered; the truth is found at restart.
            if not self._failed.done():
                self._failed.set_exception(error)
            raise

    def _finish(self, batch: Batch) -> None:
        """Answer *batch*, which is durable, and commit what was decided meanwhile."""
        self._open.worksheet.settle()
        self._committing = None
        connections: dict[int, Connection] = {}
        for work in self._apart.answered(batch.works) if self._apart.late else batch.works:
            connection = work.connection
            connection.answered(work.data)
            connections[id(connection)] = connection
        for order in batch.orders:
            if order.change is not None:
                if order.change.programmes is not None:
                    self._put_in(order.change.programmes)
                order.tell(order.change.result)
        for connection in connections.values():
            connection.flush()
        if batch.works:
            self._observe(batch.works)
        self._start_commit()

    def _decide_again(self, batch: Batch, result: CommitResult) -> None:
        """*batch* was not written: decide it again, and what was decided on top of it, in the same order.

        What the store could not write is told so; what was too late finds that out by itself.
        """
        if result is CommitResult.UNWRITTEN:
            log.error("batch.lost", transactions=len(batch.outcomes), commands=len(batch.orders))
            for work in batch.works:
                work.is_lost = isinstance(work.outcome, Outcome) and work.outcome.record is not None
            for order in batch.orders:
                order.fail(StoreFull())
            batch.orders.clear()
        self._opened = batch.opened
        self._day, self._day_ends = self._business_day(self._now)
        upper = self._open
        self._open = Batch(Worksheet(self._store.reader), self._opened)
        self._committing = None
        again: list[Work | Order] = [*batch.works, *batch.orders, *upper.works, *upper.orders]
        self._queue.extendleft(reversed(again))
        self._schedule()
