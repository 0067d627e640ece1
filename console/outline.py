"""Prints a programme's tables on a terminal, and writes them as a page."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rules.outline import Listing

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  overflow-x: auto; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #8886; padding: .35rem .6rem; text-align: left; vertical-align: top;
  white-space: pre-line; overflow-wrap: break-word; }
thead th { background: #8882; }
tbody th { font-weight: 600; width: 12rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } tr { break-inside: avoid; } }
"""


def print_listings(title: str, listings: Iterable[Listing], console: Console) -> None:
    """Print *listings* below *title*, as wide as the terminal at most."""
    console.print(Text(title, style="bold"))
    for listing in listings:
        console.print()
        console.print(Text(listing.title, style="italic"))
        console.print(_table(listing))


def _table(listing: Listing) -> Table:
    has_lines = bool(listing.columns) and any("\n" in cell for row in listing.rows for cell in row)
    table = Table(show_header=bool(listing.columns), show_lines=has_lines)
    for at, column in enumerate(listing.columns or ("", "")):
        table.add_column(column, overflow="fold", no_wrap=not listing.columns and at == 0)
    for row in listing.rows:
        table.add_row(*(Text(cell) for cell in row))  # what is written in brackets is no markup
    return table


def page(title: str, listings: Sequence[Listing], about: str = "") -> str:
    """*listings* as one HTML page that needs nothing beside it."""
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n",
            f"<h1>{escape(title)}</h1>\n",
            f"<p>{escape(about)}</p>\n" if about else "",
            *(part for listing in listings for part in _section(listing)),
            "</body>\n</html>\n",
        ]
    )


def _section(listing: Listing) -> Iterator[str]:
    yield f"<h2>{escape(listing.title)}</h2>\n<table>\n"
    if listing.columns:
        heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in listing.columns)
        yield f"<thead><tr>{heads}</tr></thead>\n"
    yield "<tbody>\n"
    for row in listing.rows:
        first, *others = (escape(cell) for cell in row)
        head = f"<td>{first}</td>" if listing.columns else f'<th scope="row">{first}</th>'
        yield f"<tr>{head}{''.join(f'<td>{cell}</td>' for cell in others)}</tr>\n"
    yield "</tbody>\n</table>\n"
