"""What a till shows: the receipt, and both messages element by element, masked."""

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from loyalty.amount import format_minor
from loyalty.transaction import BasketLine
from simulator.mask import masked_rows, shown
from simulator.message import Answer, Request
from simulator.private import write_quantity

WIDTH: Final = 38  # columns of a till's printer
_LINES_MAX: Final = 12  # of a basket; the rest is counted


def receipt(
    request: Request,
    answer: Answer,
    *,
    title: str,
    currency: str,
    lines: Sequence[BasketLine] = (),
    names: Sequence[str] = (),
) -> Panel:
    """The receipt of an exchange under the name of the shop, *title*.

    *currency* is the ISO 4217 numeric code of its amounts; *names* are those of the basket's *lines*.
    """
    parts: list[RenderableType] = [_heading(request, title)]
    amount = request.elements.get("4")
    if lines:
        parts.append(_basket(lines, names, currency))
    if amount is not None and request.elements.get("49", currency) == currency:
        parts += [Text("─" * WIDTH, style="dim"), _sums(request, answer, int(amount), currency)]
    if answer.receipt:
        parts.append(Text("─" * WIDTH, style="dim"))
        # What the host wrote is text, whatever it holds.
        parts += [Text(shown(line), no_wrap=True, overflow="crop") for line in answer.receipt]
    parts += [
        Text(f"{shown(code)}: {shown(reason)}", no_wrap=True, overflow="crop")
        for reason, code in answer.coupons_refused
    ]
    parts += [Text("─" * WIDTH, style="dim"), *_verdict(answer)]
    style = "green" if answer.is_approved else "red"
    return Panel(Group(*parts), box=box.ROUNDED, width=WIDTH + 4, border_style=style)


def messages(request: Request, answer: Answer) -> Table:
    """Both messages side by side, masked; what the answer only echoes is dim."""
    sent, received = masked_rows(request.elements), masked_rows(answer.elements)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("DE", style="cyan")
    table.add_column("name")
    table.add_column("sent", overflow="fold")
    table.add_column("received", overflow="fold")
    for number in sorted(sent.keys() | received.keys(), key=_order):
        name, before = sent.get(number, ("", ""))
        name, after = received.get(number, (name, ""))
        echoed = before == after and number != "t"
        if number == "62":  # as wide as paper, and printed above
            after = "\n".join(" ".join(line.split()) for line in after.split("|"))
        label = "MTI" if number == "t" else number
        table.add_row(label, name, Text(before), Text(after, style="dim" if echoed else "bold"))
    return table


def _heading(request: Request, title: str) -> Group:
    sent = request.elements
    grid = _grid()
    grid.add_row(
        Text(request.terminal_id.strip()), Text(f"{sent['12'][:2]}:{sent['12'][2:4]}  no. {request.stan}")
    )
    return Group(Text(title, style="bold", justify="center"), grid)


def _basket(lines: Sequence[BasketLine], names: Sequence[str], currency: str) -> Table:
    grid = _grid()
    for line, name in zip(lines[:_LINES_MAX], names, strict=False):
        times = "" if line.quantity_milli == 1000 else f"{write_quantity(line.quantity_milli)} x "
        grid.add_row(
            Text(times + name.lower(), no_wrap=True, overflow="ellipsis"),
            Text(format_minor(line.amount_minor, currency)),
        )
    if len(lines) > _LINES_MAX:
        rest = lines[_LINES_MAX:]
        money = format_minor(sum(line.amount_minor for line in rest), currency)
        grid.add_row(Text(f"and {len(rest)} more", style="italic"), Text(money))
    return grid


def _sums(request: Request, answer: Answer, amount_minor: int, currency: str) -> Table:
    grid = _grid()
    asked = request.operation.upper().replace("_", " ")
    grid.add_row(Text(asked, style="bold"), Text(format_minor(amount_minor, currency)))
    if answer.value_minor:
        tender = "by certificate" if request.operation == "pay_certificate" else "in points"
        grid.add_row(Text(tender), Text(format_minor(answer.value_minor, currency)))
    if answer.left_to_pay_minor is not None and answer.left_to_pay_minor != amount_minor:
        label = "TO HAND OUT" if request.operation in ("refund", "void", "reversal") else "TO PAY"
        grid.add_row(Text(label, style="bold"), Text(format_minor(answer.left_to_pay_minor, currency)))
    return grid


def _verdict(answer: Answer) -> list[Text]:
    if answer.is_approved:
        verdict = Text(
            f"{answer.code} {'APPROVED' if answer.code == '00' else 'APPROVED IN PART'}", style="bold green"
        )
    else:
        verdict = Text(f"{shown(answer.code)} {shown(answer.reason)}".rstrip(), style="bold red")
    marks = [("no.", answer.rrn), ("approval", answer.approval)]
    reference = "  ".join(f"{label} {shown(value)}" for label, value in marks if value)
    return [verdict, Text(reference, style="dim")] if reference else [verdict]


def _grid() -> Table:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right")
    return grid


def _order(number: str) -> tuple[int, str]:
    element, _, tag = number.partition(".")
    return (0 if element == "t" else int(element)), tag
