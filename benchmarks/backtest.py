"""A backtest of a whole year: what ``puntual rules backtest`` takes for The Complete Journey.

The books are written first, by the heart and the store, under the programme of the demo; then the real
command rates every sale by that programme and by a candidate with counters, limits, two campaigns with
budgets, an experiment and a hold-out. Needs the extra ``journey``.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import blake2b
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.books import enrol, rendered, token_of
from loyalty.card import Identifier, IdentifierKind
from loyalty.terminal import Terminal
from loyalty.transaction import Operation, Transaction, TransactionKey
from rules.parse import load_programme
from rules.programme import Programme
from simulator.cards import card_number
from simulator.journey.sample import Basket
from simulator.journey.year import year
from switch.block import Block, CommitResult
from switch.case import Case, Moment
from switch.decide import decide
from switch.enactment import recorded
from switch.outcome import Outcome
from switch.programmes import business_date
from switch.store import SqliteStore
from switch.worksheet import Worksheet

BATCH: Final = 256
AIM_S: Final = 120
_ACQUIRER: Final = "00000000001"
_PUNTUAL: Final = (sys.executable, "-P", "-m", "console")
_RULES: Final = """
[[rule]]
id = "often"
text = "Half as much again from the fifth visit of a month, 500 points a week at most"
when.counter = { "visits.month" = { from = 4 } }
then = { multiply = "3/2" }
cap = { points = 500, per = "week" }

[[rule]]
id = "regular"
text = "20 points for who spent 200.00 in 30 days"
when.counter = { "spend.30d" = { from = "200.00" } }
then = { points = 20 }

[[rule]]
id = "back"
text = "50 points for who was away for a month"
when.counter = { "days_since.visit" = { from = 30 } }
then = { points = 50 }

[[rule]]
id = "evening"
text = "Double points in the evening from 20.00, 10.00 a day in each store"
when = { time = { from = "18:00" }, amount = { from = "20.00" } }
then = { multiply = 2 }
cap = { cost = "10.00", per = "day", scope = "terminal" }
"""
_CAMPAIGN: Final = """[campaign]
id = "{id}"
text = "{id}"
nature = "points"
category = "seasonal"
state = "active"
period = {{ from = {start}, before = {end} }}
goal = "more of it"
budget_points = {budget}
{more}

[[rule]]
id = "{id}-lines"
text = "Points for each such line"
lines = {{ category = "{category}" }}
then = {{ points_per_line = 4 }}
"""
_EXPERIMENT: Final = "experiment = { arms = { A = 9000, control = 1000 } }"


def run(baskets_max: int | None = None) -> float:
    """Measure and print it, and give the seconds of CPU; of the first *baskets_max* baskets alone."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="puntual-backtest-") as name:
        folder = Path(name) / "shop"
        subprocess.run([*_PUNTUAL, "init", str(folder)], check=True, stdout=subprocess.DEVNULL)
        text = files("simulator.journey").joinpath("programme.toml").read_text("utf-8")
        (folder / "programme.toml").write_text(text, "utf-8")
        began, cpu = time.perf_counter(), time.process_time()
        count = asyncio.run(_fill(folder, islice(year(), baskets_max)))
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        console.print(f"{count:,} baskets decided and committed: {took_s:.0f} s, {cpu_s:.0f} s of CPU")
        began = time.perf_counter()
        command = [*_PUNTUAL, "rules", "backtest", str(_candidate(Path(name), text))]
        process = subprocess.Popen([*command, "--config", str(folder / "puntual.toml")])
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0
        took_s, cpu_s = time.perf_counter() - began, used.ru_utime + used.ru_stime
        each_us = cpu_s / count * 1e6
        console.print(
            f"backtest of {count:,} baskets: {took_s:.1f} s, {cpu_s:.1f} s of CPU (aim: {AIM_S}),"
            f" {each_us:.0f} µs each"
        )
    return cpu_s


def _candidate(folder: Path, text: str) -> Path:
    path = folder / "candidate" / "programme.toml"
    (path.parent / "campaigns").mkdir(parents=True)
    path.write_text(text.replace("[programme]", "[programme]\nholdout_bp = 200", 1) + _RULES, "utf-8")
    for name, category, start, end, budget, more in (
        ("summer", "PRODUCE", "2017-06-01", "2017-09-01", 40_000, _EXPERIMENT),
        ("winter", "MEAT", "2017-11-01", "2018-02-01", 400_000, "budget_daily = 2000"),
    ):
        campaign = _CAMPAIGN.format(
            id=name, category=category, start=start, end=end, budget=budget, more=more
        )
        (path.parent / "campaigns" / f"{name}.toml").write_text(campaign, "utf-8")
    return path


async def _fill(folder: Path, baskets: Iterator[Basket]) -> int:
    """Decide and commit all sales, in order; gives how many."""
    programme = load_programme(folder / "programme.toml")
    store = await SqliteStore.open(folder / "puntual.db")
    sold = list(baskets)
    households = {household: at for at, household in enumerate(sorted({each.household for each in sold}))}
    await enrol(store, len(households), at=sold[0].at)
    programmes = recorded(store.reader, programme)
    for first in range(0, len(sold), BATCH):
        worksheet = Worksheet(store.reader)
        outcomes: list[Outcome] = []
        asked = [_sale(each, card_number(households[each.household])) for each in sold[first : first + BATCH]]
        store.prefetch([transaction.key.text for transaction in asked])
        for transaction in asked:
            moment = _moment(store, transaction, programme)
            outcome = decide(Case(transaction, worksheet, programmes, moment, token_of, rendered(moment)))
            assert isinstance(outcome, Outcome)
            worksheet.apply(outcome)
            outcomes.append(outcome)
        block = Block(outcomes=outcomes, committed_at=asked[-1].received_at)
        assert await store.commit(block, lambda: True) is CommitResult.DURABLE
    await store.close()
    return len(sold)


def _moment(store: SqliteStore, transaction: Transaction, programme: Programme) -> Moment:
    day = business_date(programme, transaction.received_at)
    return Moment(store.sequence.next(), transaction.received_at, day)


def _sale(basket: Basket, number: str) -> Transaction:
    terminal = Terminal(
        terminal_id=f"S{basket.store:07}",
        merchant_id=f"{basket.store:015}",
        acquirer_id=_ACQUIRER,
        mcc="5411",
    )
    stan = f"{basket.basket_id % 999_999 + 1:06}"
    key = TransactionKey(_ACQUIRER, terminal.terminal_id, "2", stan, f"{basket.at:%Y%m%d%H%M%S}")
    return Transaction(
        operation=Operation.EARN,
        key=key,
        is_advice=False,
        is_repeat=False,
        terminal=terminal,
        received_at=basket.at,
        as_of=basket.at,
        transmitted=f"{basket.at:%m%d%H%M%S}",
        content=blake2b(key.text.encode(), digest_size=16).digest(),
        amount=basket.amount_minor,
        identifier=Identifier(IdentifierKind.CARD, number),
        lines=basket.lines,
    )


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else None)
