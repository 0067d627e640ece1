"""What the demo shows: a ticker while the day goes by, then receipts, figures and the verdict."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Self

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from console.day import CURRENCY, ZONE, Report
from loyalty.amount import format_minor
from simulator.load import percentile
from simulator.receipt import receipt
from simulator.visit import Fate, Heard

_TICKER_LINES: Final = 10
_WIDE: Final = 120  # columns that two tables beside each other need
_BEST_CUSTOMERS: Final = 5
_PERCENTILES: Final = (50.0, 90.0, 99.0)
_SHOWN_MAX: Final = 10  # disagreements
_OPERATIONS: Final = ("sale", "redeem", "refund", "void", "reversal", "activate", "quote", "balance")
_TROUBLES: Final = {
    Fate.ANSWER_LOST: "sales whose answer was lost came again as advices",
    Fate.VOID: "sales were voided and done again",
    Fate.LESS: "sales were reversed in part",
    Fate.OVERTAKEN: "reversals overtook their sale",
    Fate.STRANGER: "cards were of nobody",
}


class Ticker:
    """The last answers and a bar, while the day goes by. A context manager; quiet where nobody looks."""

    def __init__(self, console: Console, total: int) -> None:
        self._rows: deque[Heard] = deque(maxlen=_TICKER_LINES)
        self._doing = ""
        self._sales = 0
        self._total = total
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("baskets"),
            TimeElapsedColumn(),
            expand=True,
        )
        self._task: TaskID = self._progress.add_task("", total=total)
        self._live = Live(
            get_renderable=self._view,
            console=console,
            transient=True,
            refresh_per_second=12,
            auto_refresh=console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, doing: str) -> None:
        """Show what is being done."""
        self._doing = doing

    def hear(self, heard: Heard) -> None:
        """Show an answer."""
        self._rows.append(heard)
        self._sales += heard.request.operation == "sale"
        description = f"{heard.at.astimezone(ZONE):%a %d %b %H:%M}"
        self._progress.update(self._task, description=description, completed=min(self._sales, self._total))

    def _view(self) -> RenderableType:
        table = Table(box=None, expand=True, show_header=False)
        for _ in range(4):
            table.add_column()
        for column in ("amount", "points", "balance"):
            table.add_column(column, justify="right")
        for heard in list(self._rows):
            table.add_row(*_tick(heard))
        return Group(
            Panel(table, title=self._doing, height=_TICKER_LINES + 2, border_style="dim"), self._progress
        )


def _tick(heard: Heard) -> list[Text]:
    answer, request = heard.answer, heard.request
    style = "" if answer.is_approved else "red"
    amount = request.elements.get("4")
    points = (answer.earned or 0) + (answer.used or 0) * (
        1 if request.operation in ("refund", "void", "reversal") else -1
    )
    booked = answer.is_approved and request.operation not in ("quote", "balance")
    return [
        Text(f"{heard.at.astimezone(ZONE):%H:%M}", style="dim"),
        Text(f"store {heard.store}"),
        Text(request.operation, style=style),
        Text(f"{answer.code} {answer.reason}".rstrip(), style=style or "green"),
        Text(format_minor(int(amount), CURRENCY) if amount else ""),
        Text(f"{points:+,}" if booked and points else "", style="cyan"),
        Text("" if answer.available is None else f"{answer.available:,}"),
    ]


class Gallery:
    """Keeps one receipt of each kind that is worth showing."""

    def __init__(self, name_of: Callable[[str], str]) -> None:
        self._name_of = name_of
        self._kept: dict[str, Heard] = {}

    def look(self, heard: Heard) -> None:
        """Keep *heard* if there is none of its kind yet."""
        kind = _kind_of(heard)
        if kind is not None and kind not in self._kept:
            self._kept[kind] = heard

    def show(self) -> Columns:
        """The receipts beside each other."""
        return Columns(
            [
                receipt(
                    heard.request,
                    heard.answer,
                    title=f"STORE {heard.store}",
                    currency=CURRENCY,
                    lines=heard.lines,
                    names=[self._name_of(line.product) or "article" for line in heard.lines],
                )
                for _, heard in sorted(self._kept.items())
            ],
            padding=(0, 1),
        )


def _kind_of(heard: Heard) -> str | None:
    answer, operation, count = heard.answer, heard.request.operation, len(heard.lines)
    if not answer.is_approved:
        return None
    if operation == "sale" and answer.value_minor and 3 <= count <= 7:
        return "2 sale with points"
    if operation == "sale" and not answer.value_minor and 5 <= count <= 7 and (answer.earned or 0) > 150:
        return "1 sale"
    if operation == "refund" and count == 2:
        return "3 refund"
    return None


def headline(report_of: str, days: str) -> RenderableType:
    """What the demo is about to do."""
    return Group(Rule(Text(report_of, style="bold")), Text(days, justify="center", style="dim"))


def figures(report: Report, width: int) -> RenderableType:
    """All tables of the day, beside each other where *width* columns have room for it."""
    left = Group(_operations(report), _troubles(report))
    right = Group(_points(report), _best_customers(report), _latencies(report))
    tables: RenderableType = Group(left, right)
    if width >= _WIDE:
        tables = Table.grid(padding=(0, 3))
        tables.add_row(left, right)
    return Group(tables, _feed(report), _verdict(report))


def _operations(report: Report) -> Group:
    table = _table()
    table.add_column("operation")
    table.add_column("approved", justify="right")
    table.add_column("declined", justify="right")
    table.add_column("reasons")
    codes = report.account.codes
    total = approved_total = 0
    for operation in _OPERATIONS:
        approved = sum(
            count for (name, code, _), count in codes.items() if name == operation and code in ("00", "10")
        )
        declined = {
            f"{code} {reason}": count
            for (name, code, reason), count in sorted(codes.items())
            if name == operation and code not in ("00", "10")
        }
        if not approved and not declined:
            continue
        reasons = "\n".join(f"{count} x {reason}" for reason, count in declined.items())
        table.add_row(
            operation, f"{approved:,}", f"{sum(declined.values()):,}", Text(reasons, style="yellow")
        )
        total += approved + sum(declined.values())
        approved_total += approved
    table.add_section()
    table.add_row("all", f"{approved_total:,}", f"{total - approved_total:,}", "", style="bold")
    return _titled("What the tills asked", table)


def _troubles(report: Report) -> Group:
    table = _table()
    table.add_column(justify="right")
    table.add_column()
    table.show_header = False
    account = report.account
    table.add_row(f"{account.repeated['redeem']}", "redemptions whose answer was lost were repeated")
    table.add_row(f"{account.unheard}", "redemptions that stayed unanswered were reversed later")
    for fate, text in _TROUBLES.items():
        table.add_row(f"{report.replay.fates[fate]}", text)
    table.add_row(f"{report.replay.skipped}", "baskets summed to 0.00 and were skipped")
    return _titled("What went wrong, on purpose", table)


def _points(report: Report) -> Group:
    account, books = report.account, report.totals
    table = _table()
    table.add_column("")
    table.add_column("by the tills", justify="right")
    table.add_column("by the books", justify="right")
    table.add_row("earned, less taken back", f"{account.earned - account.taken_back:,}", f"{books.issued:,}")
    table.add_row(
        "redeemed, less given back", f"{account.used - account.given_back:,}", f"{books.redeemed:,}"
    )
    outstanding = sum(customer.points for customer in account.customers.values())
    table.add_row("outstanding", f"{outstanding:,}", f"{books.outstanding:,}", style="bold")
    return _titled("Points", table)


def _best_customers(report: Report) -> Group:
    table = _table()
    for name in ("household", "visits", "spent", "earned", "redeemed", "balance"):
        table.add_column(name, justify="right")
    best = sorted(report.account.customers.items(), key=lambda item: (-item[1].earned, item[0]))
    for household, customer in best[:_BEST_CUSTOMERS]:
        table.add_row(
            str(household),
            str(customer.visits),
            format_minor(customer.spent_minor, CURRENCY),
            f"{customer.earned:,}",
            f"{customer.used:,}",
            f"{customer.points:,}",
        )
    return _titled("Best customers", table)


def _latencies(report: Report) -> Group:
    ordered = sorted(report.replay.latencies_s)
    table = _table()
    for percent in _PERCENTILES:
        table.add_column(f"p{percent:g}", justify="right")
    table.add_column("max", justify="right")
    table.add_column("")
    cells = [f"{percentile(ordered, percent) * 1000:.1f}" for percent in _PERCENTILES]
    note = "tills, switch and ledger on this machine; durable before answered"
    table.add_row(*cells, f"{ordered[-1] * 1000:.1f}", Text(note, style="dim"))
    return _titled("Answer times, in ms", table)


def _feed(report: Report) -> RenderableType:
    last = json.loads(report.feed[-1]) if report.feed else {}
    some = {
        key: last[key]
        for key in ("seq", "rrn", "operation", "code", "points", "at", "terminal_id")
        if key in last
    }
    text = Text.assemble(
        ("Feed to analytics: ", "bold"),
        f"{len(report.feed):,} JSON lines; the last begins\n",
        (json.dumps(some)[:-1] + ", …}", "dim"),
    )
    return Padding(text, (1, 1, 0, 1))


def _verdict(report: Report) -> Panel:
    decisions, blocks = f"{report.decisions:,} decisions", f"{report.blocks:,} blocks"
    heard, customers = len(report.account.heard), len(report.account.customers)
    lines = [
        _check(
            f"The books verify: {decisions} in {blocks}; chain, sums, guards, balances",
            holds=not report.findings,
            found=map(str, report.findings),
        ),
        _check(
            f"The tills' own account agrees: {heard:,} transactions, {customers:,} balances",
            holds=not report.disagreements,
            found=report.disagreements,
        ),
        _check(
            f"The feed has every decision: {len(report.feed):,} lines",
            holds=not report.unpublished,
            found=[f"{report.unpublished:,} are not in it"],
        ),
    ]
    return Panel(Group(*lines), border_style="green" if report.is_well else "red", expand=False)


def _check(text: str, *, holds: bool, found: Iterable[str]) -> Text:
    if holds:
        return Text.assemble(("✓ ", "bold green"), text)
    told = list(found)
    more = [f"… and {len(told) - _SHOWN_MAX} more"] if len(told) > _SHOWN_MAX else []
    return Text("\n  ".join([f"✗ not so: {text}", *told[:_SHOWN_MAX], *more]), style="red")


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def _titled(title: str, table: Table) -> Group:
    return Group(Text(title, style="bold"), table)
