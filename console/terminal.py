"""``puntual terminal``: be one till."""

from collections.abc import Sequence
from typing import Final

import rich_click as click

from console.scenarios import run
from console.till import (
    TillOptions,
    basket,
    card_option,
    exchange,
    lines_option,
    money,
    tenders,
    till_options,
)
from simulator.message import Card

_PROCESSING_CODES: Final = {
    "sale": "000000",
    "redeem": "009000",
    "refund": "200000",
    "void": "020000",
    "transfer": "409090",
    "exchange": "409060",
    "pay": "006000",
}
APPROVAL_LENGTH: Final = 6  # DE 38
_amount = click.argument("amount")
_code = click.option("--code", metavar="CODE", help="The one-time code that the customer shows.")


@click.group(epilog="Example: puntual terminal sale 25.00 --card 6390120000000019")
def terminal() -> None:
    """Be one till: the receipt on the screen, and both messages element by element, masked.

    Exit code 0 when it was approved, 1 when it was declined or not answered.
    """


@terminal.command(
    epilog="Example: puntual terminal sale 4.50 --card 6390120000000019 --line milk,1,0.99 --line tea,2,3.51"
)
@_amount
@card_option
@lines_option
@click.option("--points", type=click.IntRange(min=0), help="Pay a part of it with so many points.")
@click.option("--coupon", "coupons", multiple=True, metavar="CODE", help="A coupon; repeat it.")
@click.option(
    "--tender", "paid", multiple=True, metavar="KIND:AMOUNT", help="How it is paid, as CASH:20.00; repeat it."
)
@click.option(
    "--ticket", metavar="NUMBER", help="The till's ticket number: it ties a sale to its redemptions."
)
@_code
@till_options
def sale(
    *,
    options: TillOptions,
    amount: str,
    card: str,
    lines: Sequence[str],
    points: int | None,
    coupons: Sequence[str],
    paid: Sequence[str],
    ticket: str | None,
    code: str | None,
) -> None:
    """Sell for AMOUNT: points are earned, and used if wanted."""
    customer = Card.parse(card)
    bought = basket(lines, options.currency)
    amount_minor = money(amount, options.currency)
    paid_with = tenders(paid, options.currency)
    exchange(
        options,
        lambda till: till.sale(
            customer,
            amount_minor,
            lines=bought,
            points=points,
            coupons=coupons,
            tenders=paid_with,
            ticket=ticket,
            code=code,
        ),
        lines=bought,
    )


@terminal.command(epilog="Example: puntual terminal quote 34.50 --card 6390120000000019")
@_amount
@card_option
@lines_option
@click.option("--points", type=click.IntRange(min=0), help="Points that would pay a part of it.")
@till_options
def quote(*, options: TillOptions, amount: str, card: str, lines: Sequence[str], points: int | None) -> None:
    """Ask what a sale of AMOUNT would bring."""
    customer = Card.parse(card)
    bought = basket(lines, options.currency)
    amount_minor = money(amount, options.currency)
    exchange(
        options, lambda till: till.quote(customer, amount_minor, lines=bought, points=points), lines=bought
    )


@terminal.command(epilog="Example: puntual terminal redeem 5.00 --card 6390120000000019 --can P")
@_amount
@card_option
@click.option("--ticket", metavar="NUMBER", help="The till's ticket number.")
@click.option("--prize", metavar="CODE", help="Buy this prize; AMOUNT is its price.")
@_code
@till_options
def redeem(
    *,
    options: TillOptions,
    amount: str,
    card: str,
    ticket: str | None,
    prize: str | None,
    code: str | None,
) -> None:
    """Cover AMOUNT with points."""
    customer = Card.parse(card)
    amount_minor = money(amount, options.currency)
    exchange(options, lambda till: till.redeem(customer, amount_minor, ticket=ticket, code=code, prize=prize))


@terminal.command(
    epilog="Example: puntual terminal transfer 5.00 --card 6390120000000019 --to 6390120000000027"
)
@_amount
@card_option
@click.option("--to", required=True, metavar="CARD", help="The number of the card that receives.")
@_code
@till_options
def transfer(*, options: TillOptions, amount: str, card: str, to: str, code: str | None) -> None:
    """Move points worth AMOUNT to another card."""
    customer = Card.parse(card)
    amount_minor = money(amount, options.currency)
    exchange(options, lambda till: till.transfer(customer, amount_minor, to, code=code))


@terminal.command("exchange", epilog="Example: puntual terminal exchange 10.00 --card 6390120000000019")
@_amount
@card_option
@_code
@till_options
def make_certificate(*, options: TillOptions, amount: str, card: str, code: str | None) -> None:
    """Make a certificate worth AMOUNT of points."""
    customer = Card.parse(card)
    amount_minor = money(amount, options.currency)
    exchange(options, lambda till: till.exchange(customer, amount_minor, code=code))


@terminal.command(
    epilog="Example: puntual terminal pay 4.00 --card 6390120000000019 --certificate 7K3M9QW2X4TB6N8P"
)
@_amount
@card_option
@click.option("--certificate", required=True, metavar="CODE", help="As its receipt tells it.")
@click.option("--ticket", metavar="NUMBER", help="The till's ticket number.")
@till_options
def pay(*, options: TillOptions, amount: str, card: str, certificate: str, ticket: str | None) -> None:
    """Cover AMOUNT with a certificate."""
    customer = Card.parse(card)
    amount_minor = money(amount, options.currency)
    exchange(options, lambda till: till.pay_certificate(customer, amount_minor, certificate, ticket=ticket))


_pays = click.option("--pays", is_flag=True, help="Points pay the amount; without it, it is a sale.")
_ticket = click.option("--ticket", metavar="NUMBER", help="The till's ticket number.")


@terminal.command(epilog="Example: puntual terminal hold 80.00 --card 6390120000000019 --points 500")
@_amount
@card_option
@_pays
@lines_option
@click.option("--points", type=click.IntRange(min=0), help="Points that will pay a part of a sale.")
@_ticket
@_code
@till_options
def hold(
    *,
    options: TillOptions,
    amount: str,
    card: str,
    pays: bool,
    lines: Sequence[str],
    points: int | None,
    ticket: str | None,
    code: str | None,
) -> None:
    """Reserve what AMOUNT will need; `complete` takes it, by the approval (DE 38) of the answer."""
    customer = Card.parse(card)
    bought = basket(lines, options.currency)
    amount_minor = money(amount, options.currency)
    exchange(
        options,
        lambda till: till.hold(
            customer, amount_minor, pays=pays, lines=bought, points=points, ticket=ticket, code=code
        ),
        lines=bought,
    )


@terminal.command(epilog="Example: puntual terminal complete 63.20 00001A --card 6390120000000019")
@_amount
@click.argument("approval")
@card_option
@_pays
@_ticket
@till_options
def complete(
    *, options: TillOptions, amount: str, approval: str, card: str, pays: bool, ticket: str | None
) -> None:
    """Complete the hold with this APPROVAL (DE 38) at AMOUNT; 0 releases it."""
    if len(approval) != APPROVAL_LENGTH:
        what = "is not the approval (DE 38) of a hold: six letters and digits"
        raise click.BadParameter(what, param_hint="APPROVAL")
    customer = Card.parse(card)
    amount_minor = money(amount, options.currency)
    exchange(options, lambda till: till.complete(customer, amount_minor, approval, pays=pays, ticket=ticket))


@terminal.command(epilog="Example: puntual terminal refund 10.00 --original 632500000012")
@_amount
@click.option("--card", envvar="PUNTUAL_CARD", metavar="CARD", help="The card, where no original is named.")
@click.option("--original", metavar="NUMBER", help="The number (DE 37) on the receipt of the sale.")
@lines_option
@till_options
def refund(
    *, options: TillOptions, amount: str, card: str | None, original: str | None, lines: Sequence[str]
) -> None:
    """Take goods back that cost AMOUNT."""
    if card is None and original is None:
        raise click.UsageError("name the card or the original")
    customer = None if card is None else Card.parse(card)
    returned = basket(lines, options.currency)
    amount_minor = money(amount, options.currency)
    exchange(
        options,
        lambda till: till.refund(amount_minor, card=customer, original=original, lines=returned),
        lines=returned,
    )


@terminal.command(epilog="Example: puntual terminal void 632500000012")
@click.argument("original")
@till_options
def void(*, options: TillOptions, original: str) -> None:
    """Undo the transaction whose receipt has the number ORIGINAL, on its business day."""
    exchange(options, lambda till: till.void(original))


@terminal.command(epilog="Example: puntual terminal reverse 632500000012 --final 20.00")
@click.argument("original")
@click.option(
    "--of",
    "kind",
    type=click.Choice(list(_PROCESSING_CODES)),
    default="sale",
    show_default=True,
    help="What is reversed.",
)
@click.option("--final", metavar="AMOUNT", help="What shall stay of it.")
@till_options
def reverse(*, options: TillOptions, original: str, kind: str, final: str | None) -> None:
    """Reverse the transaction whose receipt has the number ORIGINAL, wholly or in part."""
    final_minor = None if final is None else money(final, options.currency)
    exchange(
        options,
        lambda till: till.reversal(
            original, processing_code=_PROCESSING_CODES[kind], final_minor=final_minor
        ),
    )


@terminal.command(epilog="Example: puntual terminal balance --card 6390120000000019")
@card_option
@till_options
def balance(*, options: TillOptions, card: str) -> None:
    """Ask what is on a card."""
    customer = Card.parse(card)
    exchange(options, lambda till: till.balance(customer))


@terminal.command(epilog="Example: puntual terminal activate --card 6390120000000019 --link PHON:4915112345")
@card_option
@click.option("--link", metavar="KIND:VALUE", help="An identifier that leads to the card from now on.")
@till_options
def activate(*, options: TillOptions, card: str, link: str | None) -> None:
    """Activate a card."""
    customer = Card.parse(card)
    identifier = None if link is None else Card.parse(link).identifier
    exchange(options, lambda till: till.activate(customer, link=identifier or None))


@terminal.command(epilog="Example: puntual terminal echo --switch 127.0.0.1:8583")
@till_options
def echo(*, options: TillOptions) -> None:
    """Test the line."""
    exchange(options, lambda till: till.network("301"))


@terminal.command("sign-on", epilog="Example: puntual terminal sign-on")
@till_options
def sign_on(*, options: TillOptions) -> None:
    """Sign on."""
    exchange(options, lambda till: till.network("001"))


@terminal.command("sign-off", epilog="Example: puntual terminal sign-off")
@till_options
def sign_off(*, options: TillOptions) -> None:
    """Sign off."""
    exchange(options, lambda till: till.network("002"))


terminal.add_command(run)
