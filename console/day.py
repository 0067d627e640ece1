"""A day with a switch: deployment, cards, tills and feed, and the books against the tills' own account."""

import asyncio
import csv
import json
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from config.load import load_settings
from config.schema import SETTINGS_FILE, LogSettings
from config.starter import write_starter
from console.deployment import open_deployment
from console.export import drain, exporter_of
from console.serve import ExporterProcess
from ledger.finding import Finding
from loyalty.card import Identifier, IdentifierKind
from members.importer import CardRow, read_cards
from simulator.account import Account
from simulator.cards import card_number
from simulator.journey.sample import Basket
from simulator.replay import Replay, ReplayClock
from simulator.till import Identity
from simulator.visit import Heard
from switch.administration import SLICE_SIZE, Desk
from switch.app import loop_factory
from switch.audit import verify
from switch.cardline import CardLine
from switch.database import open_for_reading
from switch.feed import DecisionFeed
from switch.metrics import Metrics
from switch.observe import Renderer, logging_to_stderr
from switch.programmes import business_date
from switch.queries import Totals, balance_of, find_card, totals
from switch.running import Switch, running
from switch.witness import Witness

PROGRAMME: Final = files("simulator.journey").joinpath("programme.toml")
ACQUIRER: Final = "00000000001"
ZONE: Final = ZoneInfo("America/New_York")
MCC: Final = "5411"  # ISO 18245: grocery stores and supermarkets
CURRENCY: Final = "840"  # ISO 4217: US dollar
STEP_POINTS: Final = 100  # of the programme

# Some cards cannot be used as they are: every day has them.
_STATUSES: Final = ("lost", "blocked", "issued")
_EVERY: Final = 170  # households

_KNOBS: Final = {
    "port = 8583": "port = 0",
    "port = 8580": "port = 0",
    'kind = "off"': 'kind = "jsonl"',
    "idle_timeout_s = 300": "idle_timeout_s = 86400",  # in a year some stores are quiet for long
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as the feed tells it."""

    seq: int
    rrn: str
    code: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the day went.

    Attributes:
        feed: Lines that the exporter wrote; after a crash of it, some twice.
        unpublished: Decisions that are not among them.
        disagreements: Where the books differ from what the tills were told.
    """

    replay: Replay
    account: Account
    totals: Totals
    findings: Sequence[Finding]
    disagreements: Sequence[str]
    feed: Sequence[str]
    unpublished: int
    decisions: int
    blocks: int
    elapsed_s: float

    @property
    def is_well(self) -> bool:
        return not (self.findings or self.disagreements or self.unpublished)


class Day:
    """The day of *baskets*, in the folder of a deployment that it writes."""

    def __init__(self, folder: Path, baskets: Sequence[Basket]) -> None:
        self.baskets = baskets
        self.config = folder / SETTINGS_FILE
        self.stores = sorted({basket.store for basket in baskets})
        self.households = sorted({basket.household for basket in baskets})
        self.clock = ReplayClock(baskets[0].at)
        special = self.households[_EVERY // 2 :: _EVERY]
        self._statuses = {household: _STATUSES[at % len(_STATUSES)] for at, household in enumerate(special)}
        self._deploy(folder)
        self._deployment = open_deployment(self.config)

    def live(self, told: Callable[[str], None], watch: Callable[[Heard], None]) -> Report:
        """Live it, and hold the books against the tills' account.

        *told* gets what is being done, *watch* every answer.
        """
        account = Account()
        begin = time.perf_counter()
        with ExporterProcess(self.config):
            replay = self._run(self._replay(account, told, watch))
        elapsed_s = time.perf_counter() - begin
        # On a slow machine the feed may be behind when its process has to go; another goes on, as always.
        settings = self._deployment.settings
        asyncio.run(drain(settings, exporter_of(settings)))
        told("holding the books against what the tills were told")
        return self._report(replay, account, elapsed_s)

    def keep(self, ready: Callable[[Switch], None]) -> None:
        """Run the switch again until SIGINT or SIGTERM, on a clock that goes on from where the day ended."""
        self.clock.go_on()

        async def serve() -> None:
            loop = asyncio.get_running_loop()
            stop: asyncio.Future[None] = loop.create_future()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.cancel)
            async with self._switch() as switch:
                ready(switch)
                await asyncio.wait({stop, switch.deciding}, return_when=asyncio.FIRST_COMPLETED)

        with ExporterProcess(self.config):
            self._run(serve())

    def _deploy(self, folder: Path) -> None:
        """A starter with the programme of the day, its stores, any free ports and a feed to a file."""
        write_starter(folder, PROGRAMME.read_text("utf-8"))
        settings = self.config.read_text("utf-8")
        for knob, value in _KNOBS.items():
            assert knob in settings
            settings = settings.replace(knob, value)
        self.config.write_text(settings, "utf-8")
        with load_settings(self.config).terminals.open("w", encoding="ascii", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["terminal", "merchant", "acquirer", "mcc", "profile", "store", "zone"])
            for store in self.stores:
                till = till_of(store)
                rows.writerow(
                    [till.terminal_id, till.merchant_id, ACQUIRER, MCC, "retail87", store, ZONE.key]
                )

    def _switch(self) -> AbstractAsyncContextManager[Switch]:
        metrics = Metrics()
        # The log of a demo is what it shows; only what goes wrong is written.
        tell = Witness(metrics, time.monotonic, None, Renderer(for_people=True))
        settings = self._deployment.settings
        return running(settings, clock=self.clock, time=time.monotonic, metrics=metrics, tell=tell)

    def _run(self, work: Coroutine[None, None, T]) -> T:
        with (
            logging_to_stderr(LogSettings(level="warning")),
            asyncio.Runner(loop_factory=loop_factory()) as runner,
        ):
            return runner.run(work)

    async def _replay(
        self, account: Account, told: Callable[[str], None], watch: Callable[[Heard], None]
    ) -> Replay:
        async with self._switch() as switch:
            told(f"issuing cards to {len(self.households)} households")
            await asyncio.to_thread(self._issue_cards)
            told(f"replaying {len(self.baskets)} baskets from the tills of {len(self.stores)} stores")
            replay = Replay(
                switch.iso8583[0],
                self.clock,
                account,
                identity_of=till_of,
                is_plain=self._statuses.__contains__,
                step_points=STEP_POINTS,
                watch=watch,
            )
            await replay.run(self.baskets)
        return replay

    def _issue_cards(self) -> None:
        """As ``puntual cards import`` does it, beside the running switch."""
        deployment = self._deployment
        lines = ["card,member,status"]
        lines += [
            f"{card_number(household)},H{household},{self._statuses.get(household, 'active')}"
            for household in self.households
        ]
        programme = deployment.programme
        rows = list(read_cards(lines, ranges=programme.card_ranges, tiers=programme.tiers))
        cards = [
            CardLine.of(row, deployment.hasher.token).to_json() for row in rows if isinstance(row, CardRow)
        ]
        assert len(cards) == len(self.households)
        with Desk(
            socket=deployment.settings.socket,
            database=deployment.settings.database,
            programme=lambda: programme,
            hasher=deployment.hasher,
        ) as desk:
            for at in range(0, len(cards), SLICE_SIZE):
                desk.order("cards.import", cards=cards[at : at + SLICE_SIZE])

    def _report(self, replay: Replay, account: Account, elapsed_s: float) -> Report:
        deployment = self._deployment
        database = deployment.settings.database
        balances = {}
        now = self.clock.now()
        today = business_date(deployment.programme, now)
        with closing(open_for_reading(database)) as books:
            for household in self.households:
                identifier = Identifier(IdentifierKind.CARD, card_number(household))
                card = find_card(books, deployment.hasher.token(identifier))
                if card is not None:
                    balance = balance_of(books, card, today, now)
                    balances[household] = balance.available + balance.pending + balance.held - balance.debt
            everything = totals(books)
            blocks = books.execute("SELECT count(*) FROM block").fetchone()[0]
        feed = deployment.settings.path(deployment.settings.exporter.path).read_text("utf-8").splitlines()
        decided = list(_decisions(DecisionFeed(database)))
        return Report(
            replay=replay,
            account=account,
            totals=everything,
            findings=verify(database),
            disagreements=account.disagreements(decided, balances),
            feed=feed,
            unpublished=len(
                {decision.seq for decision in decided} - {json.loads(line)["seq"] for line in feed}
            ),
            decisions=len(decided),
            blocks=blocks,
            elapsed_s=elapsed_s,
        )


def till_of(store: int) -> Identity:
    """The till of *store*, as the register has it."""
    return Identity(
        terminal_id=f"S{store:07}", merchant_id=f"SHOP{store:011}", acquirer_id=ACQUIRER, zone=ZONE
    )


def _decisions(feed: DecisionFeed) -> Iterator[Decision]:
    """All decisions of the books."""
    after = 0
    while records := feed.read(after, 10_000):
        for record in records:
            fields = record.fields
            yield Decision(record.seq, str(fields["rrn"]), str(fields["code"]), int(fields["points"] or 0))
        after = records[-1].seq
