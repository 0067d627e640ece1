"""Sales and programmes in words, for the tests of the rules."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files

from loyalty.transaction import BasketLine, Tender
from rules.evaluate import evaluate
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.programme import Programme

STARTER = files("rules").joinpath("starter.toml").read_text("utf-8")
TUESDAY_NOON = datetime(2026, 6, 2, 12)  # noqa: DTZ001  (the terminal's own clock)


def programme(
    rules: str = "", *, tiers: str = "", head: dict[str, str] | None = None, **campaigns: str
) -> Programme:
    """The starter with *rules*; *head* replaces texts of the starter, *campaigns* are files by name."""
    text = STARTER
    for old, new in {**(head or {}), "tiers = []": f"tiers = [{tiers}]"}.items():
        assert old in text, old
        text = text.replace(old, new)
    sources = {MAIN: text + rules}
    return parse_programme(sources | {f"campaigns/{name}.toml": text for name, text in campaigns.items()})


def minor(money: str) -> int:
    """``12.34`` in minor units."""
    return int(Decimal(money) * 100)


def sale(text: str) -> Facts:  # noqa: C901  (one case a word)
    """A sale in words.

    ``20.00 mcc=5411 at=2026-06-02T12:00 lines=FRESH:5.00,WINE:15.00:N`` and any field of ``Facts``.
    A line is ``category:amount``, optionally ``:flags``, optionally ``:quantity`` in thousandths.
    """
    amount, *words = text.split()
    fields: dict[str, object] = {}
    for word in words:
        key, _, value = word.partition("=")
        match key:
            case "at":
                fields["local_at"] = datetime.fromisoformat(value)
            case "mcc" | "tier" | "channel" | "store" | "partner" | "can":
                fields[key] = value
            case "merchant" | "terminal" | "acquirer":
                fields[f"{key}_id"] = value
            case "ticket":
                fields["ticket_minor"] = minor(value)
            case "tenders":
                fields["tenders"] = tuple(Tender(kind, 1) for kind in value.split(","))
            case "birthday" | "joined_on":
                fields[key] = date.fromisoformat(value)
            case "traits" | "segments" | "arms":
                fields[key] = frozenset(value.split(","))
            case "visits":
                fields["counters"] = (("visits.month", int(value)),)
            case "holdings":
                held = (each.partition(":") for each in value.split(","))
                fields[key] = tuple((name, int(points)) for name, _, points in held)
            case "lines":
                fields["lines"] = tuple(_lines(value))
            case _:
                raise AssertionError(key)
    return Facts(
        operation="EARN",
        base_minor=minor(amount),
        **{"ticket_minor": minor(amount), "local_at": TUESDAY_NOON, **fields},  # type: ignore[arg-type]  # words
    )


def _lines(text: str) -> Iterator[BasketLine]:
    for number, each in enumerate(text.split(","), 1):
        category, amount, flags, quantity = [*each.split(":"), "", ""][:4]
        yield BasketLine(f"P{number}", int(quantity or 1000), "U", minor(amount), category, flags)


def check(rules: Programme, table: str) -> None:
    """Rate each sale of *table*: ``sale -> points``, optionally ``| near miss``."""
    rows = [" ".join(row.split()) for row in table.strip().splitlines()]
    told = []
    for row in rows:
        words, _, wanted = row.partition(" -> ")
        award = evaluate(rules, sale(words))
        assert sum(points for _, points in award.parts) == award.points
        near = f" | {award.near_miss}" if "|" in wanted else ""
        told.append(f"{words} -> {award.points}{near}")
    assert told == rows, "\n".join(["told", *told, "wanted", *rows])
