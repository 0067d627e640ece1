"""What the commands of ``puntual terminal`` share: their options, and one exchange with the host."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Final

import rich_click as click
from click.exceptions import Exit
from rich.console import Console

from console.options import json_option, print_json
from loyalty.amount import exponent_of
from loyalty.clock import SystemClock
from loyalty.errors import LoyaltyError
from loyalty.transaction import BasketLine, Tender
from simulator.client import TIMEOUT_S, Address, HostLink, parse_address
from simulator.mask import masked_rows
from simulator.memory import Memory, Remembered
from simulator.message import Answer, Ending, Request
from simulator.private import read_quantity
from simulator.receipt import messages, receipt
from simulator.terminal import Answered, NotSent, Terminal, Unanswered
from simulator.till import Identity, Till
from simulator.wire import write_frame

DECLINED_EXIT_CODE: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TillOptions:
    """Which till talks to which host, and how what it hears is printed."""

    address: Address
    identity: Identity
    currency: str
    timeout_s: float
    memory: Path
    as_json: bool
    quiet: bool


class AddressType(click.ParamType[Address]):
    """``HOST:PORT``."""

    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, tuple):
            return value  # click converts what is converted already
        address = parse_address(str(value))
        if address is None:
            self.fail(f"{value!r} is not HOST:PORT", param, ctx)
        return address


def till_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every till; the command gets them as *options*."""

    @wraps(command)
    def with_options(
        *,
        switch: Address,
        terminal_id: str,
        merchant: str | None,
        acquirer: str | None,
        currency: str,
        can: str | None,
        cashier: str | None,
        channel: str | None,
        timeout_s: float,
        memory: Path | None,
        as_json: bool,
        quiet: bool,
        **rest: object,
    ) -> None:
        identity = Identity(
            terminal_id=terminal_id,
            merchant_id=merchant,
            acquirer_id=acquirer,
            can=can,
            cashier=cashier,
            channel=channel,
        )
        options = TillOptions(
            address=switch,
            identity=identity,
            currency=currency,
            timeout_s=timeout_s,
            memory=memory or _memory_of(terminal_id, switch),
            as_json=as_json,
            quiet=quiet,
        )
        command(options=options, **rest)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


_OPTIONS: Final = (
    click.option(
        "--switch",
        type=AddressType(),
        default="127.0.0.1:8583",
        show_default=True,
        help="Where the switch listens.",
    ),
    click.option(
        "--terminal",
        "terminal_id",
        default="T0000001",
        show_default=True,
        metavar="ID",
        help="DE 41 of the till.",
    ),
    click.option("--merchant", metavar="ID", help="DE 42; left out by default."),
    click.option("--acquirer", metavar="ID", help="DE 32; left out by default."),
    click.option(
        "--currency",
        default="978",
        show_default=True,
        metavar="CODE",
        help="Of amounts: ISO 4217, three digits.",
    ),
    click.option("--can", metavar="PD", help="What the till can: P partial approval, D discounts."),
    click.option("--cashier", metavar="NUMBER", help="Who is at the till; left out by default."),
    click.option(
        "--channel",
        type=click.Choice(["POSD", "ECOM", "MOBL", "IVRS", "SMSX"]),
        help="Where the customer is; left out by default, which is POSD.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        default=TIMEOUT_S,
        show_default=True,
        metavar="SECONDS",
        help="How long the till waits.",
    ),
    click.option(
        "--memory",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="What the till remembers: its STAN, and reversals that are still to be sent.",
    ),
    click.option("--quiet", is_flag=True, help="Only the receipt, without the messages."),
    json_option,
)

card_option: Final = click.option(
    "--card",
    envvar="PUNTUAL_CARD",
    metavar="CARD",
    required=True,
    help="A number, track 2, or KIND:value such as PHON:4915112345; or the variable PUNTUAL_CARD.",
)
lines_option: Final = click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="PRODUCT,QUANTITY,AMOUNT[,CATEGORY[,FLAGS]]",
    help="A line of the basket; repeat it.",
)


def money(text: str, currency: str) -> int:
    """The minor units of an amount that a person wrote, as ``12.34``.

    Raises:
        click.BadParameter: It is no amount, or has more decimals than the currency.
    """
    whole, _, decimals = text.removeprefix("-").partition(".")
    exponent = exponent_of(currency)
    digits = whole + decimals.ljust(exponent, "0")
    if not (digits.isascii() and digits.isdigit()) or len(decimals) > exponent or len(digits) > 12:
        raise click.BadParameter(f"{text!r} is not an amount with {exponent} decimals")
    return -int(digits) if text.startswith("-") else int(digits)


def basket(texts: Sequence[str], currency: str) -> list[BasketLine]:
    """The lines that ``--line`` names.

    Raises:
        click.BadParameter: One is not as the option asks.
    """
    lines = []
    for text in texts:
        match text.split(","):
            case [product, quantity, amount, *rest] if len(rest) <= 2 and "\\" not in text:
                category, flags = [*rest, "", ""][:2]
            case _:
                raise click.BadParameter(f"{text!r} is not PRODUCT,QUANTITY,AMOUNT[,CATEGORY[,FLAGS]]")
        whole, _, decimals = quantity.partition(".")
        if not (whole.isascii() and (whole + decimals).isdigit()) or len(decimals) > 3:
            raise click.BadParameter(f"{quantity!r} is not a quantity with at most three decimals")
        amount_minor = money(amount, currency)
        lines.append(BasketLine(product, read_quantity(quantity), "U", amount_minor, category, flags))
    return lines


def tenders(texts: Sequence[str], currency: str) -> list[Tender]:
    """The tenders that ``--tender KIND:AMOUNT`` names.

    Raises:
        click.BadParameter: One is not as the option asks.
    """
    found = []
    for text in texts:
        kind, _, amount = text.partition(":")
        if kind not in ("CASH", "CARD", "PNTS", "CERT", "OTHR"):
            raise click.BadParameter(f"{text!r} is not KIND:AMOUNT with CASH, CARD, PNTS, CERT or OTHR")
        found.append(Tender(kind, money(amount, currency)))
    return found


def exchange(
    options: TillOptions, make: Callable[[Till], Request], *, lines: Sequence[BasketLine] = ()
) -> None:
    """Make a request, send it by the till's rule, print how it ended, and end the command by that.

    The reversal that would undo it is in the till's memory before it leaves, and forgotten with the answer:
    a till that is switched off meanwhile sends it first thing.
    """
    memory = Memory(options.memory)
    remembered = memory.load()
    till = Till(options.identity, SystemClock(), stan=remembered.stan)
    terminal = Terminal(till, kept=remembered.kept)
    request = make(till)
    write_frame(request.elements)  # what cannot be sent fails here, before anything is kept of it
    undoing = (
        (till.reversal(request),) if request.ending is Ending.REVERSE and not request.is_reversal else ()
    )
    memory.save(Remembered(till.stan, (*terminal.kept, *undoing)))
    with HostLink(terminal, options.address, timeout_s=options.timeout_s) as link:
        result = link.exchange(request)
    memory.save(Remembered(till.stan, terminal.kept))
    for sent_first, answer in terminal.settled:
        click.echo(f"sent first: the {sent_first.operation} that was kept; answer {answer.code}", err=True)
    for error in terminal.unreadable:
        click.echo(f"dropped: {error}", err=True)
    match result:
        case Answered(request=sent, answer=answer):
            show(options, sent, answer, lines=lines)
            if not answer.is_approved:
                raise Exit(DECLINED_EXIT_CODE)
        case NotSent() if terminal.kept:
            raise LoyaltyError(
                "a reversal that is kept has no answer yet, so nothing else was sent",
                where=_text_of(options.address),
                hint="give the command again when the switch answers",
            )
        case NotSent():
            raise LoyaltyError(
                "nobody listens there", where=_text_of(options.address), hint="start it: puntual serve"
            )
        case Unanswered(kept=kept):
            click.echo(f"no answer: {_CONSEQUENCES[None if kept is None else kept.mti[1]]}", err=True)
            raise Exit(DECLINED_EXIT_CODE)


def show(options: TillOptions, request: Request, answer: Answer, *, lines: Sequence[BasketLine] = ()) -> None:
    """Print the receipt and both messages, masked."""
    if options.as_json:
        print_json(
            {
                "code": answer.code,
                "reason": answer.reason or None,
                "rrn": answer.rrn or None,
                "sent": _as_json(request),
                "received": _as_json(answer),
            }
        )
        return
    console = Console()
    names = [line.product for line in lines]
    title = options.identity.merchant_id or "Puntual"
    console.print(receipt(request, answer, title=title, currency=options.currency, lines=lines, names=names))
    if not options.quiet:
        console.print(messages(request, answer))


_CONSEQUENCES: Final = {
    None: "nothing was booked by it, forget it",
    "2": "the sale stands, but its points may not be booked",  # the advice names the card, so it is not kept
    "4": "a reversal is kept and goes out before the next message",
}


def _as_json(message: Request | Answer) -> dict[str, str]:
    return {key: text for key, (_, text) in masked_rows(message.elements).items()}


def _memory_of(terminal_id: str, address: Address) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    safe = "".join(character if character.isalnum() else "_" for character in terminal_id)
    host, port = address
    return Path(state) / "puntual" / f"{safe}-{host.replace(':', '_')}-{port}.json"


def _text_of(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
