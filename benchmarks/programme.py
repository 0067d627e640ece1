"""What a programme of many rules costs a transaction through the whole switch, beside one of a single rule.

Three switches answer the same frames in short turns. What else the machine does only adds, so the best tenth
of the turns tells most. One switch has a single rule, which holds for every sale. One has many besides, for
stores where nothing is sold: its answers are the same, and what it needs more is what many rules cost. In
the third the rules are for the stores of the tills, so that some hold or nearly do, and are told.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.activation import rule_text
from benchmarks.authorize import CARDS, Round, Server, drive, start_switch
from benchmarks.frames import traffic
from benchmarks.rules import plain_rules

CONNECTIONS: Final = 64
WARM_UP: Final = 3_000  # messages
_ONE: Final = '\n[[rule]]\nid = "one"\ntext = "R"\nthen = { points = 1 }\n'


def run(rules: int = 10_000, rounds: int = 60, messages: int = 1_280) -> None:
    """Print the processor time of a transaction with one and with *rules* rules, in turns of *messages*."""
    console = Console()
    programmes = {
        "one": _ONE,
        f"{rules:,}, none for these tills": _ONE + _many(rules - 1, "X"),
        f"{rules:,}, some for these tills": _ONE + _many(rules - 1, "M"),
    }
    with tempfile.TemporaryDirectory(prefix="puntual-bench-") as folder:
        servers: list[Server] = []
        results: dict[str, list[Round]] = {name: [] for name in programmes}
        try:
            with console.status("warming up") as status:
                for at, text in enumerate(programmes.values()):
                    servers.append(start_switch(Path(folder), CONNECTIONS, f"switch{at}", text))
                for server in servers:
                    drive(server, traffic(rounds, CONNECTIONS, WARM_UP // CONNECTIONS, CARDS), 3600)
                for at in range(rounds):
                    status.update(f"round {at + 1} of {rounds}")
                    frames = traffic(at, CONNECTIONS, messages // CONNECTIONS, CARDS)
                    turns = [*zip(servers, results.values(), strict=True)]
                    for server, done in turns[at % 3 :] + turns[: at % 3]:  # nobody is always the first
                        done.append(drive(server, frames, 3600))
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait(timeout=20)
    console.print(_table(results))


def _many(count: int, chain: str) -> str:
    """Rules of ten for each store of *chain*, as ``bench rules`` has them for merchants."""
    stores = plain_rules(count, max(count // 10, 1))
    return "".join(rule_text(rule).replace('merchant = "M', f'store = "{chain}') for rule in stores)


def _table(results: dict[str, list[Round]]) -> Table:
    table = Table(title="CPU of the switch a transaction, microseconds; in brackets: more than one rule")
    for column in ("rules", "best tenth of the turns", "median"):
        table.add_column(column, justify="right")
    taken = {
        name: statistics.quantiles([done.cpu_us for done in turns], n=10) for name, turns in results.items()
    }
    for name, tenths in taken.items():
        cells = (f"{tenths[at]:.0f} ({tenths[at] - taken['one'][at]:+.1f})" for at in (0, 4))
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    run()
