"""What can be ordered of a switch, by name; and the desk where the command line orders it.

Orders go through the one sequence of everything. A running switch takes them on its socket; without one the
desk opens the books itself, under the same lock, and the same orders take the same way.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from loyalty.card import MemberId
from loyalty.clock import SystemClock
from loyalty.errors import LoyaltyError
from members.card import CardStatus
from members.identifiers import Hasher
from members.proof import ProofKind, Secret
from rules.programme import Programme
from switch.admin import ANSWER_TIMEOUT_S, AdminClient, Handler
from switch.cardline import CardLine, date_of, token_of_hex
from switch.cards import ImportCards, ReplaceCard, SetStatus
from switch.corrections import (
    CAUTIOUS,
    Adjust,
    CorrectionPolicy,
    LoadBudget,
    Warrant,
)
from switch.days import OpenDay
from switch.duereader import PAPERS_MAX
from switch.enactment import recorded
from switch.lapsing import LapseCertificates, LapseCoupons
from switch.lock import LockHeldError
from switch.management import Management, Policy
from switch.memberlist import ImportMembers, MemberLine
from switch.opening import ImportBalances, OpeningBalance
from switch.proofs import LIFE_MAX, ClearSecret, SetSecret
from switch.rerating import Line, Rerate
from switch.safeguards import Safeguards
from switch.sequencer import Sequencer
from switch.settlement import Settle
from switch.store import UNGUARDED, SqliteStore
from switch.tiersweep import SweepTiers
from switch.work import Command, StoreFull

TRIES: Final = 100  # ten seconds: a switch is ready sooner, and so is another command that writes
PAUSE_S: Final = 0.1
BUILD_TIMEOUT_S: Final = 600.0  # for the client: a programme of very many rules is built before the answer
SLICE_SIZE: Final = 50  # cards of one order: they are decided at once, and terminals wait for it (4 ms)


class Administration:
    """Carries out orders through *sequencer*; *corrections* says who may correct what."""

    def __init__(
        self, sequencer: Sequencer, store: SqliteStore, corrections: CorrectionPolicy = CAUTIOUS
    ) -> None:
        self._sequencer = sequencer
        self._store = store
        self._corrections = corrections

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What carries out each order, by its name."""
        return {
            "cards.import": self._import,
            "certificates.lapse": self._lapse,
            "partners.settle": self._settle,
            "members.import": self._import_members,
            "members.sweep": self._sweep,
            "cards.status": self._set_status,
            "cards.replace": self._replace,
            "adjust": self._adjust,
            "days.open": self._open_day,
            "budget.load": self._load_budget,
            "rules.rerate": self._rerate,
            "balances.import": self._import_balances,
            "cards.secret": self._set_secret,
            "cards.secret.clear": self._clear_secret,
        }

    async def _import(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            lines = [CardLine.from_json(values) for values in order["cards"]]
        return await self._carry_out(ImportCards(lines, self._store.numbers, self._store.reader.person))

    async def _import_members(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            lines = [MemberLine.from_json(values) for values in order["members"]]
        return await self._carry_out(ImportMembers(lines))

    async def _sweep(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Look at the tiers of the next members behind the one numbered ``after``."""
        programme = self._sequencer.programmes.current
        if all(each.qualification is None for each in programme.all):
            hint = "write [qualification] into the programme"
            raise LoyaltyError("has tiers that the operator gives", where="the programme", hint=hint)
        with _understood():
            after = int(order["after"])
        reached, holders = self._store.reader.tier_holders(MemberId(after), SLICE_SIZE)
        told = await self._carry_out(SweepTiers(holders, programme, self._store.sequence))
        return {**told, "after": reached}

    async def _set_status(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            command = SetStatus(token_of_hex(order["card"]), CardStatus(order["status"]))
        return await self._carry_out(command)

    async def _replace(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            command = ReplaceCard(
                token=token_of_hex(order["card"]),
                new=token_of_hex(order["new"]),
                last4=str(order["last4"]),
                expires_on=date_of(order.get("expires_on")),
                numbers=self._store.numbers,
            )
        return await self._carry_out(command)

    async def _set_secret(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            kind, minutes = ProofKind(order["kind"]), order.get("minutes")
            secret = Secret(value=bytes.fromhex(order["value"]), salt=bytes.fromhex(order["salt"]))
            life = None if minutes is None else timedelta(minutes=int(minutes))
            if (kind is ProofKind.CODE) != (life is not None and timedelta() < life <= LIFE_MAX):
                raise ValueError
            command = SetSecret(token_of_hex(order["card"]), kind, secret, life)
        return await self._carry_out(command)

    async def _clear_secret(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            kind, remove = ProofKind(order["kind"]), bool(order["remove"])
            command = ClearSecret(token_of_hex(order["card"]), kind, remove)
        return await self._carry_out(command)

    async def _settle(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            positions = {str(partner): int(points) for partner, points in order["positions"].items()}
            key = str(order["key"])
        version = self._sequencer.programmes.current.version
        return await self._carry_out(Settle(key, positions, self._store.sequence, version))

    async def _lapse(self, _order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Slice by slice, so that terminals do not wait for all of it. Each order looks at the day itself."""
        done: Counter[str] = Counter(certificates=0, points=0, coupons=0)
        reader, sequence = self._store.reader, self._store.sequence
        version = self._sequencer.programmes.current.version
        after: str | None = ""
        while after is not None:
            after, codes = reader.certificates_left(after, PAPERS_MAX)
            if codes:
                done.update(await self._carry_out(LapseCertificates(codes, sequence, version)))
            await asyncio.sleep(0)
        after = ""
        while after is not None:
            after, places = reader.coupons_left(after, PAPERS_MAX)
            if places:
                done.update(await self._carry_out(LapseCoupons(places, sequence, version)))
            await asyncio.sleep(0)
        return done

    async def _open_day(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            command = OpenDay(
                day=date_of(order["day"]),
                by=str(order["by"]),
                programme=self._sequencer.programmes.current,
                sequence=self._store.sequence,
            )
        return await self._carry_out(command)

    async def _adjust(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            command = Adjust(
                token=token_of_hex(order["card"]),
                points=int(order["points"]),
                warrant=Warrant.from_json(order),
                key=str(order["key"]),
                programme=self._sequencer.programmes.current,
                policy=self._corrections,
                sequence=self._store.sequence,
                writes_off=bool(order["writes_off"]),
            )
        return await self._carry_out(command)

    async def _load_budget(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            command = LoadBudget(
                campaign=str(order["campaign"]),
                points=int(order["points"]),
                warrant=Warrant.from_json(order),
                key=str(order["key"]),
                programme=self._sequencer.programmes.current,
                policy=self._corrections,
                sequence=self._store.sequence,
            )
        return await self._carry_out(command)

    async def _rerate(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            version = str(order["version"])
            command = Rerate(
                lines=[Line.from_json(values) for values in order["lines"]],
                rule=str(order["rule"]),
                total=int(order["total"]),
                version=version,
                programme=self._sequencer.programmes.current,
                warrant=Warrant.from_json(order),
                policy=self._corrections,
                sequence=self._store.sequence,
            )
        if all(head.version != version for head in self._store.reader.programmes()):
            hint = "put it into force first: puntual rules activate, or approve"
            raise LoyaltyError("was never in force", where=f"programme {version}", hint=hint)
        return await self._carry_out(command)

    async def _import_balances(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        with _understood():
            command = ImportBalances(
                name=str(order["series"]),
                balances=[OpeningBalance.from_json(values) for values in order["balances"]],
                programme=self._sequencer.programmes.current,
                sequence=self._store.sequence,
            )
        return await self._carry_out(command)

    async def _carry_out(self, command: Command) -> Mapping[str, Any]:
        try:
            return await self._sequencer.order(command)
        except StoreFull as error:
            hint = "make room on the disk and order it again: nothing was changed"
            raise LoyaltyError("could not be written", where="the order", hint=hint) from error


class Desk:
    """Takes orders for the deployment with this socket and these books; a context manager.

    Args:
        programme: Gives what decides where the books have none yet. A running switch is not asked for it.
        policy: Without it no books are opened for orders about the programme.
        tries: While another process has the books, with a pause after each.

    Raises:
        LoyaltyError: No switch runs, and another process writes the books.
    """

    def __init__(
        self,
        *,
        socket: Path,
        database: Path,
        programme: Callable[[], Programme],
        hasher: Hasher,
        safeguards: Safeguards = UNGUARDED,
        policy: Policy | None = None,
        corrections: CorrectionPolicy = CAUTIOUS,
        tries: int = TRIES,
    ) -> None:
        self._corrections, self._tries = corrections, tries
        self._socket, self._database, self._safeguards = socket, database, safeguards
        self._policy = policy
        self._programme, self._hasher = programme, hasher

    def __enter__(self) -> Self:
        self._client: AdminClient | None = None
        for _ in range(self._tries):
            if self._is_manned():
                return self
            _pause()  # whoever has the books is a switch that starts or ends, or another command
        raise self._held

    def _is_manned(self) -> bool:
        """Whether a running switch takes orders, or the books could be opened; else others have them."""
        try:
            self._client = AdminClient(self._socket)
        except (ConnectionError, FileNotFoundError):
            self._runner = asyncio.Runner()
            try:
                self._runner.run(self._open())
            except BaseException as error:
                self._runner.close()
                if not isinstance(error, LockHeldError):
                    raise
                self._held = error
                return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.__exit__(kind, error, trace)
        else:
            self._runner.run(self._close())
            self._runner.close()

    def order(self, name: str, **arguments: object) -> Mapping[str, Any]:
        """Have the order *name* carried out, and give what is told of it.

        Raises:
            LoyaltyError: It was refused.
        """
        if self._client is not None:
            patience_s = BUILD_TIMEOUT_S if name.startswith("rules.") else ANSWER_TIMEOUT_S
            return self._client.order(name, timeout_s=patience_s, **arguments)
        return self._runner.run(self._carry_out(name, arguments))

    async def _open(self) -> None:
        self._store = await SqliteStore.open(self._database, safeguards=self._safeguards)
        try:
            programmes = recorded(self._store.reader, self._programme())
        except BaseException:
            await self._store.close()  # else the process would keep the books, and not end
            raise
        sequencer = Sequencer(
            self._store,
            programmes,
            SystemClock(),
            self._hasher.token,
            deadline_s=60,
            queue_depth_max=1,
            observe=lambda _: None,
            not_before=self._store.last_committed_at(),
        )
        self._failure = asyncio.ensure_future(sequencer.run())
        self._handlers = dict(Administration(sequencer, self._store, self._corrections).handlers)
        if self._policy is not None:
            self._handlers |= Management(sequencer, self._store, self._policy).handlers

    async def _close(self) -> None:
        self._failure.cancel()
        await self._store.close()

    async def _carry_out(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        order = asyncio.ensure_future(self._handlers[name](arguments))
        await asyncio.wait({order, self._failure}, return_when=asyncio.FIRST_COMPLETED)
        if self._failure.done():
            order.cancel()
            self._failure.result()  # raises what nobody can answer for
        return order.result()


def _pause() -> None:
    asyncio.run(asyncio.sleep(PAUSE_S))


@contextmanager
def _understood() -> Iterator[None]:
    """An order of another version of the command line is told so, and nothing of it is shown."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        hint = "use the command line of the same version"
        raise LoyaltyError("is not understood", where="the order", hint=hint) from error
