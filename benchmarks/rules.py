"""One sale against many rules: facts to award, beside peers that say which rules hold.

Ours is timed with everything it does: five basket lines, points, the full trace and the near miss. Peers say
which rules hold, and nothing else. All see the same rules and the same sales, and must find the same rules.
"""

import gc
import importlib
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from loyalty.transaction import BasketLine
from rules.compile import compile_rules
from rules.conditions import DAY_S, AmountWithin, OneOf, Window
from rules.effects import FixedPoints
from rules.evaluate import evaluate
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.rule import Rule

SIZES: Final = (100, 1_000, 10_000, 100_000)
SALES: Final = 200
SECONDS: Final = 1.0  # of one engine on one table
ROUNDS: Final = 5
OURS: Final = "ours"
PEERS_UP_TO: Final = 10_000  # rules; more take them minutes to load
TIERS: Final = ("basic", "silver", "gold")
MCCS: Final = tuple(str(5300 + 7 * n) for n in range(20))
MONDAY: Final = datetime(2026, 6, 1)  # noqa: DTZ001  (the terminal's own clock)


@dataclass(frozen=True, slots=True)
class Plain:
    """A rule as every engine can have it; ``None`` asks nothing."""

    id: str
    merchant: str
    mcc: str | None
    tiers: tuple[str, ...] | None
    amount_from: int | None
    days: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Density:
    """How many rules hold: by how many merchants share the rules."""

    name: str
    merchants: Callable[[int], int]


DENSITIES: Final = (
    Density("at most 5", lambda size: size // 10),
    Density("about 50", lambda size: max(size // 340, 1)),
    Density("5 percent", lambda _: 3),
)


def plain_rules(size: int, merchants: int, seed: int = 1) -> list[Plain]:
    """Rules of a merchant each, most with an MCC and a lowest amount, half with tiers, some with days."""
    chance = random.Random(seed)
    return [
        Plain(
            id=f"r{number:06}",
            merchant=f"M{chance.randrange(merchants)}",
            mcc=chance.choice(MCCS) if chance.random() < 0.7 else None,
            tiers=tuple(chance.sample(TIERS, chance.randint(1, 2))) if chance.random() < 0.5 else None,
            amount_from=chance.randrange(100, 10_000) if chance.random() < 0.6 else None,
            days=tuple(sorted(chance.sample(range(7), 3))) if chance.random() < 0.3 else None,
        )
        for number in range(size)
    ]


def our_rules(rules: Sequence[Plain]) -> tuple[Rule, ...]:
    """The same rules as ours, each giving a point."""
    made = []
    for plain in rules:
        when: list[Any] = [OneOf("merchant", frozenset({plain.merchant}))]
        if plain.mcc is not None:
            when.append(OneOf("mcc", frozenset({plain.mcc})))
        if plain.tiers is not None:
            when.append(OneOf("tier", frozenset(plain.tiers)))
        if plain.amount_from is not None:
            when.append(AmountWithin("amount", plain.amount_from, None))
        if plain.days is not None:
            when.append(Window(frozenset(plain.days), 0, DAY_S))
        made.append(Rule(id=plain.id, text="R", effect=FixedPoints(1), when=tuple(when)))
    return tuple(made)


def sales(merchants: int, seed: int = 2) -> list[Facts]:
    """Sales of five lines each."""
    chance = random.Random(seed)
    found = []
    for _ in range(SALES):
        amounts = [chance.randrange(50, 2_000) for _ in range(5)]
        found.append(
            Facts(
                operation="EARN",
                base_minor=sum(amounts),
                ticket_minor=sum(amounts),
                local_at=MONDAY + timedelta(minutes=chance.randrange(7 * 24 * 60)),
                lines=tuple(
                    BasketLine(f"P{chance.randrange(1000)}", 1000, "U", amount, f"C{chance.randrange(20)}")
                    for amount in amounts
                ),
                terminal_id="T0000001",
                merchant_id=f"M{chance.randrange(merchants)}",
                acquirer_id="00000000001",
                mcc=chance.choice(MCCS),
                tier=chance.choice(TIERS),
                card_status="active",
            )
        )
    return found


def event(facts: Facts) -> dict[str, Any]:
    """What the peers see of a sale."""
    return {
        "merchant": facts.merchant_id,
        "mcc": facts.mcc,
        "tier": facts.tier,
        "amount": facts.base_minor,
        "day": facts.local_at.weekday(),
    }


Load = Callable[[Sequence[Plain]], Callable[[dict[str, Any]], list[str]]]


def plain_loop(rules: Sequence[Plain]) -> Callable[[dict[str, Any]], list[str]]:
    """What anybody would write first."""

    def ask(sale: dict[str, Any]) -> list[str]:
        return [
            rule.id
            for rule in rules
            if rule.merchant == sale["merchant"]
            and (rule.mcc is None or rule.mcc == sale["mcc"])
            and (rule.tiers is None or sale["tier"] in rule.tiers)
            and (rule.amount_from is None or sale["amount"] >= rule.amount_from)
            and (rule.days is None or sale["day"] in rule.days)
        ]

    return ask


def zen(rules: Sequence[Plain], *, trace: bool = False) -> Callable[[dict[str, Any]], list[str]]:
    """zen-engine, a decision table through the static loader, which is the form that it indexes."""
    engine = importlib.import_module("zen").ZenEngine(
        {"loader": {"type": "static", "content": {"table": _zen_table(rules)}}}
    )
    options = {"trace": True} if trace else {}

    def ask(sale: dict[str, Any]) -> list[str]:
        result = engine.evaluate("table", sale, options)["result"]
        return [row["id"] for row in result]

    return ask


def _zen_table(rules: Sequence[Plain]) -> dict[str, Any]:
    columns = ("merchant", "mcc", "tier", "amount", "day")
    rows = [
        {
            "_id": rule.id,
            "merchant": f'"{rule.merchant}"',
            "mcc": "" if rule.mcc is None else f'"{rule.mcc}"',
            "tier": "" if rule.tiers is None else ",".join(f'"{tier}"' for tier in rule.tiers),
            "amount": "" if rule.amount_from is None else f">= {rule.amount_from}",
            "day": "" if rule.days is None else ",".join(map(str, rule.days)),
            "out": f'"{rule.id}"',
        }
        for rule in rules
    ]
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "type": "expression", "field": name} for name in columns],
        "outputs": [{"id": "out", "name": "out", "type": "expression", "field": "id"}],
        "rules": rows,
    }
    nodes: list[dict[str, Any]] = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [node | {"position": {"x": 0, "y": 0}} for node in nodes],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }


def zen_traced(rules: Sequence[Plain]) -> Callable[[dict[str, Any]], list[str]]:
    """The same with its trace, as ours always has it."""
    return zen(rules, trace=True)


def _expression(rule: Plain, both: str, quote: Callable[[str], str]) -> str:
    parts = [f"merchant == {quote(rule.merchant)}"]
    if rule.mcc is not None:
        parts.append(f"mcc == {quote(rule.mcc)}")
    if rule.tiers is not None:
        parts.append(f"tier in [{', '.join(map(quote, rule.tiers))}]")
    if rule.amount_from is not None:
        parts.append(f"amount >= {rule.amount_from}")
    if rule.days is not None:
        parts.append(f"day in [{', '.join(map(str, rule.days))}]")
    return both.join(parts)


def rule_engine(rules: Sequence[Plain]) -> Callable[[dict[str, Any]], list[str]]:
    """rule-engine, a compiled rule each."""
    library = importlib.import_module("rule_engine")
    compiled = [(rule.id, library.Rule(_expression(rule, " and ", json.dumps))) for rule in rules]
    return lambda sale: [name for name, rule in compiled if rule.matches(sale)]


def cel(rules: Sequence[Plain]) -> Callable[[dict[str, Any]], list[str]]:
    """cel-expr-python, a compiled expression each and one activation a sale."""
    library = importlib.import_module("cel_expr_python.cel")
    kinds = dict.fromkeys(("merchant", "mcc", "tier"), library.Type.STRING)
    kinds |= dict.fromkeys(("amount", "day"), library.Type.INT)
    environment = library.NewEnv(variables=kinds)
    compiled = [(rule.id, environment.compile(_expression(rule, " && ", json.dumps))) for rule in rules]

    def ask(sale: dict[str, Any]) -> list[str]:
        activation = environment.Activation(sale)
        return [name for name, rule in compiled if rule.eval(activation).value()]

    return ask


PEERS: Final[dict[str, tuple[Load, str]]] = {
    "zen-engine, no trace": (zen, "zen"),
    "zen-engine, traced": (zen_traced, "zen"),
    "cel-expr-python": (cel, "cel_expr_python"),
    "rule-engine": (rule_engine, "rule_engine"),
    "plain loop": (plain_loop, "bisect"),
}


@dataclass(slots=True)
class Engine:
    """An engine with its rules loaded, and what it took in each round, in microseconds a sale."""

    ask: Callable[[Any], object]
    inputs: Sequence[Any]
    load_s: float
    p50_us: list[float] = field(default_factory=list)
    p99_us: list[float] = field(default_factory=list)

    def turn(self, seconds: float) -> None:
        """Time each call on its own for about *seconds*."""
        ask, inputs = self.ask, self.inputs
        taken = []
        clock = time.perf_counter_ns
        end = clock() + int(seconds * 1e9)
        while clock() < end:
            for each in inputs:
                start = clock()
                ask(each)
                taken.append(clock() - start)
                if start > end:
                    break
        taken.sort()
        self.p50_us.append(statistics.median(taken) / 1e3)
        self.p99_us.append(taken[len(taken) * 99 // 100] / 1e3)


def measure(engines: Iterable[Engine]) -> None:
    """Let *engines* take turns: the machine's speed changes by the second, and each round has all of them."""
    gc.collect()
    gc.freeze()  # as the switch does: what stays is not looked at again, and garbage waits for a pause
    gc.disable()
    for _ in range(ROUNDS):
        for engine in engines:
            engine.turn(SECONDS / ROUNDS)
    gc.enable()
    gc.unfreeze()


def run(largest: int = SIZES[-1]) -> None:
    """Print a table for each density, for tables of up to *largest* rules."""
    sizes = [size for size in SIZES if size <= largest]
    console = Console()
    starter = parse_programme({MAIN: files("rules").joinpath("starter.toml").read_text("utf-8")})
    missing = sorted({module for _, module in PEERS.values() if not _installed(module)})
    if missing:
        console.print(f"Peers that are not installed: {', '.join(missing)} (dependency group bench)")
    for density in DENSITIES:
        title = f"{density.name} rules hold; microseconds a sale, p50 (p99); times ours; load in seconds"
        table = Table("engine", title=title)
        rows: dict[str, list[str]] = {name: [] for name in (OURS, *PEERS)}
        for size in sizes:
            merchants = max(density.merchants(size), 1)
            rules, asked = plain_rules(size, merchants), sales(merchants)
            before = _resident_mb()
            ours = our_rules(rules)
            parsed = _resident_mb()
            start = time.perf_counter()
            compiled = compile_rules(ours)
            load_s = time.perf_counter() - start
            memory = f"{_resident_mb() - parsed:.0f} MB table, {parsed - before:.0f} MB rules"
            programme = replace(starter, rules=())
            object.__setattr__(programme, "table", compiled)
            hits = [[step.rule_id for step in evaluate(programme, each).steps[1:]] for each in asked]
            table.add_column(f"{size:,} ({sum(map(len, hits)) / len(hits):.1f} hold)", justify="right")
            engines = {OURS: Engine(partial(evaluate, programme), asked, load_s)}
            for name, (load, module) in PEERS.items():
                if _installed(module) and (size <= PEERS_UP_TO or name == "plain loop"):
                    engines[name] = _peer(load, rules, asked, hits)
            measure(engines.values())
            for name, cells in rows.items():
                cells.append(_cell(engines[name], engines[OURS]) if name in engines else "-")
            rows[OURS][-1] += f"\n{memory}"
        for name, cells in rows.items():
            table.add_row(name, *cells)
        console.print(table)


def _peer(load: Load, rules: Sequence[Plain], asked: Sequence[Facts], hits: list[list[str]]) -> Engine:
    start = time.perf_counter()
    ask = load(rules)
    load_s = time.perf_counter() - start
    events = [event(facts) for facts in asked]
    assert [sorted(ask(each)) for each in events[:5]] == hits[:5], "a peer finds other rules"
    return Engine(ask, events, load_s)


def _cell(engine: Engine, ours: Engine) -> str:
    p50, p99 = statistics.median(engine.p50_us), statistics.median(engine.p99_us)
    times = statistics.median(one / own for one, own in zip(engine.p50_us, ours.p50_us, strict=True))
    return f"{p50:,.1f} ({p99:,.1f}); {times:,.1f}; {engine.load_s:.3f}"


def _installed(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _resident_mb() -> float:
    pages = Path("/proc/self/statm")
    return int(pages.read_text("ascii").split()[1]) * 4096 / 1e6 if pages.exists() else 0.0


if __name__ == "__main__":
    run()
