"""``puntual demo``: a whole day on one machine."""

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import rich_click as click
from rich.console import Console

from console.day import CURRENCY, ZONE, Day, Report, till_of
from console.demo_view import Gallery, Ticker, figures, headline
from simulator.cards import card_number
from simulator.journey.sample import Basket, day, products
from simulator.journey.year import catalogue, year
from simulator.visit import Heard
from switch.running import Switch

_PICTURE_WIDTH = 132  # columns: three receipts beside each other


@click.command(epilog="Example: puntual demo")
@click.option("--keep", is_flag=True, help="Leave the switch running, and tell what to try next.")
@click.option("--full-year", is_flag=True, help="Replay the whole year (needs puntual[journey]).")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save what is shown as SVG.",
)
@click.pass_context
def demo(ctx: click.Context, *, keep: bool, full_year: bool, picture: Path | None) -> None:
    """Live a whole day: a switch, tills that replay a supermarket's baskets, receipts, verified books.

    Exit code 1 when the books do not verify, or differ from what the tills were told.
    """
    console = Console(record=picture is not None, width=_PICTURE_WIDTH if picture else None)
    folder = Path(tempfile.mkdtemp(prefix="puntual-demo-"))
    try:
        baskets, name_of = _year() if full_year else _day()
        a_day = Day(folder / "shop", baskets)
        report = _live(a_day, console, name_of)
        if picture is not None:
            _save(console, picture)
        if keep:
            a_day.keep(lambda switch: _tell_what_next(console, a_day, switch))
    finally:
        if keep:
            console.print(f"The deployment stays in {folder / 'shop'}")
        else:
            shutil.rmtree(folder)
    if not report.is_well:
        ctx.exit(1)


def _live(a_day: Day, console: Console, name_of: Callable[[str], str]) -> Report:
    first, last = (basket.at.astimezone(ZONE) for basket in (a_day.baskets[0], a_day.baskets[-1]))
    baskets, households = len(a_day.baskets), len(a_day.households)
    title = f"{baskets:,} baskets of {households:,} households in {len(a_day.stores)} stores"
    period = f"{first:%A %d %B %Y %H:%M} to {last:%A %d %B %Y %H:%M}"
    console.print(headline(title, f"The Complete Journey, {period}"))
    gallery = Gallery(name_of)
    # The ticker is gone in the end; what is recorded for a picture is only what stays.
    with Ticker(Console(width=console.width), len(a_day.baskets)) as ticker:

        def watch(heard: Heard) -> None:
            ticker.hear(heard)
            gallery.look(heard)

        report = a_day.live(ticker.tell, watch)
    console.print(gallery.show())
    console.print(figures(report, console.width))
    return report


def _save(console: Console, picture: Path) -> None:
    """Write what was shown, without the fonts that rich would have its readers fetch from elsewhere."""
    svg = console.export_svg(title="puntual demo", unique_id="demo")
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), "utf-8")


def _day() -> tuple[Sequence[Basket], Callable[[str], str]]:
    """The baskets that come with the product, and what their articles are called."""
    known = products()
    return list(day()), lambda product: known[product].category


def _year() -> tuple[Sequence[Basket], Callable[[str], str]]:
    known = catalogue()
    return list(year()), lambda product: known[int(product)].category if int(product) in known else ""


def _tell_what_next(console: Console, a_day: Day, switch: Switch) -> None:
    host, port = switch.iso8583[0]
    http_host, http_port = switch.http
    till = till_of(a_day.stores[0])
    best = a_day.households[0]
    at = f"--switch {host}:{port} --terminal {till.terminal_id} --currency {CURRENCY}"
    card = f"--card {card_number(best)}"
    for line in (
        f"The switch runs again on this day's books, at {host}:{port}. Try in another terminal:",
        f"  puntual terminal balance {at} {card}",
        f"  puntual terminal sale 25.00 {at} {card} --line 1082185,1,25.00,PRODUCE",
        f"  puntual terminal run lost-answers refusals {at} --set card={card_number(best)}",
        f"  puntual ledger history {card_number(best)} --config {a_day.config}",
        f"  puntual ledger verify --config {a_day.config}",
        f"  curl http://{http_host}:{http_port}/metrics",
        "Ctrl-C ends it.",
    ):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
