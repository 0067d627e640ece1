"""kill -9 under load, again and again: whatever a till was told is in the books, once.

    python -m tests.faults.kill9 --rounds 50 --seed 7

Eight tills work on eight connections until the switch is killed at a random moment. After the restart
every till repeats what was not answered and some of what was, and must get the same bytes; balances must be
what the answers add up to. Every ten kills the books must verify, and in the end all that anybody was ever
told must be in them once.
"""

import argparse
import itertools
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from console.options import progress_bar
from switch.audit import verify
from tests.conformance.cards import number
from tests.conformance.deployment import STARTER_TERMINALS, Deployment
from tests.faults.tills import BusyTill

TILLS: Final = 8
CARDS_EACH: Final = 3
SAMPLE: Final = 25  # answered messages that each till repeats after a kill
VERIFIED_EVERY: Final = 10  # rounds; whatever a kill breaks stays broken, and the whole chain is checked
LONGEST_S: Final = 0.5  # of load before a kill
READY_S: Final = (
    120  # a start that takes longer hangs; what a start takes is told, and other work may slow it
)


@dataclass(slots=True)
class Report:
    """What the rounds showed."""

    rounds: int = 0
    told: int = 0
    repeated: int = 0
    unanswered: int = 0
    ready_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ready = sorted(self.ready_s)
        lines = [
            f"{self.rounds} kills, {self.told} answers, {self.repeated} repeats",
            f"{self.unanswered} messages were in the dark",
            f"ready after {ready[len(ready) // 2]:.2f} s (half), {ready[-1]:.2f} s (all)",
        ]
        return "\n".join(
            [*lines, *(f"WRONG: {what}" for what in self.wrong), *([] if self.wrong else ["clean"])]
        )


def kill_and_judge(
    folder: Path, *, rounds: int, seed: int, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Report:
    """Run *rounds* on a new deployment in *folder*; *progress* is told of each, and of how many."""
    chance = random.Random(seed)
    deployment = Deployment(folder)
    cards = [number(serial) for serial in range(1, TILLS * CARDS_EACH + 1)]
    done = deployment.import_cards("card,member\n" + "".join(f"{card},M{card[6:15]}\n" for card in cards))
    assert done.returncode == 0, done.stderr
    stans = itertools.count(1)
    tills = [
        BusyTill(terminal, cards[at * CARDS_EACH : (at + 1) * CARDS_EACH], stans, chance.getrandbits(32))
        for at, terminal in enumerate(STARTER_TERMINALS[:TILLS])
    ]
    report = Report()
    for _ in range(rounds):
        with deployment.serve(ready_s=READY_S) as switch:
            for till in tills:
                till.begin(switch.iso8583)
            time.sleep(chance.uniform(0.05, LONGEST_S))
            switch.kill()
            for till in tills:
                till.end()
        report.unanswered += sum(till.in_the_dark for till in tills)
        began = time.monotonic()
        with deployment.serve(ready_s=READY_S) as switch:
            report.ready_s.append(time.monotonic() - began)
            report.repeated += sum(till.settle(switch.iso8583, sample=SAMPLE) for till in tills)
            for till in tills:
                till.check_balances(switch.iso8583)
            if switch.terminate() != 0:
                report.wrong.append("it did not end in peace")
        report.rounds += 1
        progress(report.rounds, rounds)
        if report.rounds % VERIFIED_EVERY == 0 or report.rounds == rounds:
            report.wrong += [str(finding) for finding in verify(folder / "puntual.db")]
    report.told = sum(len(till.exchanges) for till in tills)
    for till in tills:
        report.wrong += till.wrong
    report.wrong += _not_in_the_books(folder / "puntual.db", tills)
    return report


def _not_in_the_books(database: Path, tills: list[BusyTill]) -> list[str]:
    """What tills were told and the books do not hold exactly once, in the same words."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as books:
        rows = books.execute("SELECT rrn, stan, terminal_id, reason, earned, used FROM decision").fetchall()
    held: dict[str, list[tuple[object, ...]]] = {}
    for rrn, *row in rows:
        held.setdefault(rrn, []).append(tuple(row))
    wrong = []
    for till in tills:
        for exchange in till.exchanges:
            answer, elements = exchange.answer, exchange.message.elements
            if elements[3] == "300000":
                continue  # an inquiry is not remembered
            sign = -1 if exchange.message.mti == "0400" else 1
            reason = answer.reason or None
            told = (
                elements[11],
                elements[41].rstrip(),
                reason,
                answer.figure("050"),
                sign * answer.figure("051"),
            )
            if held.get(answer.element(37)) != [told]:
                wrong.append(f"{told} is held as {held.get(answer.element(37))}")
    if len(held) != len({(row[1], row[2]) for row in rows}):
        wrong.append("a message was decided twice")
    return wrong


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="kill -9 under load, and judge what the tills were told.")
    parser.add_argument("--rounds", type=int, default=50, help="kills (default 50)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the moments and messages (default: random)"
    )
    parser.add_argument("--folder", type=Path, help="keep the deployment here, to look at it")
    wishes = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if wishes.seed is None else wishes.seed
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as temporary, progress_bar("Killing") as progress:
        folder = wishes.folder or Path(temporary) / "puntual"
        report = kill_and_judge(folder, rounds=wishes.rounds, seed=seed, progress=progress)
    sys.stdout.write(f"{report}\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
