"""What a programme declares beside its rules, and rules call by name: calendars, parts of the day, products.

Master data of products stands in ``products.csv`` beside the programme. Rules that name a brand or a
supplier are about its products: the names are replaced by these when the programme is read, so nothing is
looked up when a sale is decided. The programme's text keeps of the file what its rules ask for.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from loyalty.transaction import BasketLine
from rules.conditions import Condition
from rules.reading import DAY, Section
from rules.stock import Pool, StampCard

PRODUCTS: Final = "products.csv"
COLUMNS: Final = ("product", "category", "brand", "supplier", "cost")
_TEXT_MAX: Final = 80

Product = tuple[str, str, str, str, int]  # product, category, brand, supplier, cost of a unit in minor units


@dataclass(frozen=True, slots=True)
class Declared:
    """What a programme declares for its rules to call by name, whether or not any does.

    Attributes:
        calendars: Days by calendar.
        day_parts: Seconds after midnight, from and before, by name.
        stamp_cards, pools: By id.
        product_sets: Products by set.
        segments: Those that conditions define.
        mcc_families: Categories of merchants by family.
    """

    calendars: Mapping[str, frozenset[date]] = field(default_factory=dict)
    day_parts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    stamp_cards: Mapping[str, StampCard] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    product_sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    segments: Mapping[str, Condition] = field(default_factory=dict)
    mcc_families: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Names:
    """All that rules may call by name.

    Attributes:
        tiers: From the lowest to the highest.
        calendars: Days by calendar.
        day_parts: Seconds after midnight, from and before, by name.
        products: Master data; ``None`` without a file.
        stamp_cards, pools: By id.
        currencies: In which terminals write amounts: the programme's, and the code that stands for points.
        product_sets: Products by set.
        segments: Those that conditions define.
        mcc_families: Categories of merchants by family.
        mccs: Categories of the families that rules named together.
        asks_costs: Something asks what products cost.
        asked: Brands, suppliers and categories that rules named, as ``(column, name)``.
    """

    tiers: tuple[str, ...] = ()
    calendars: Mapping[str, frozenset[date]] = field(default_factory=dict)
    day_parts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    products: tuple[Product, ...] | None = None
    stamp_cards: Mapping[str, StampCard] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    currencies: tuple[str, ...] = ()
    product_sets: dict[str, frozenset[str]] = field(default_factory=dict)
    segments: dict[str, Condition] = field(default_factory=dict)
    mcc_families: dict[str, frozenset[str]] = field(default_factory=dict)
    mccs: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    asked: set[tuple[int, str]] = field(default_factory=set)
    asks_costs: bool = False

    def declared(self) -> Declared:
        """What the programme keeps of it for people to see."""
        sets = self.product_sets, self.segments, self.mcc_families
        return Declared(self.calendars, self.day_parts, self.stamp_cards, self.pools, *sets)

    def mccs_in(self, families: frozenset[str]) -> frozenset[str]:
        """The categories of merchants of *families*: one set for all rules that ask for the same."""
        codes = self.mccs.get(families)
        if codes is None:
            found = {code for name in families for code in self.mcc_families.get(name, ())}
            codes = self.mccs[families] = frozenset(found)
        return codes

    def products_in(self, sets: Iterable[str]) -> frozenset[str]:
        """The products of *sets*."""
        return frozenset(product for name in sets for product in self.product_sets.get(name, ()))

    def products_of(self, column: str, names: Iterable[str]) -> frozenset[str]:
        """The products whose *column* is one of *names*."""
        at = COLUMNS.index(column)
        wanted = set(names)
        self.asked |= {(at, name) for name in wanted}
        return frozenset(row[0] for row in self.products or () if row[at] in wanted)

    def values(self, column: str) -> set[str]:
        """What stands in *column* of the master data."""
        at = COLUMNS.index(column)
        return {str(row[at]) for row in self.products or ()}

    def categories(self) -> dict[str, str]:
        """Category by product, of those categories that the rules ask for."""
        at = COLUMNS.index("category")
        return {
            product: category for product, category, *_ in self.products or () if (at, category) in self.asked
        }

    def kept(self, *, costs: bool) -> list[list[str | int]]:
        """The rows that the rules need: of what they named, or all when *costs* are asked."""
        return [
            list(row)
            for row in self.products or ()
            if costs or any(row[at] == name for at, name in self.asked)
        ]


def read_calendars(main: Section) -> dict[str, frozenset[date]]:
    """The calendars, each a list of days."""
    calendars: dict[str, frozenset[date]] = {}
    for section in main.sections("calendar"):
        name = section.name("id")
        days = section.take("days")
        section.close()
        if name in calendars:
            section.wrong(f"two calendars have the id {name}", "id", "give each its own")
        if not isinstance(days, list) or not days:
            section.wrong("is not a list of days", "days", "write days = [2026-12-25, 2027-01-01]")
            days = []
        calendars[name] = frozenset(_days(section, days))
    return calendars


def _days(section: Section, days: list[Any]) -> Iterator[date]:
    for each in days:
        day = each
        if isinstance(each, str) and (section.is_restored or DAY.fullmatch(each)):
            try:
                day = date.fromisoformat(each)
            except ValueError:
                day = None
        if isinstance(day, date) and not isinstance(day, datetime):
            yield day
        else:
            section.wrong("holds something that is no day", "days", "write 2026-12-25")


def read_day_parts(main: Section) -> dict[str, tuple[int, int]]:
    """The parts of the day, in seconds after midnight."""
    parts: dict[str, tuple[int, int]] = {}
    for section in main.sections("day_part"):
        name = section.name("id")
        start, end = section.clock("from"), section.clock("before")
        section.close()
        if name in parts:
            section.wrong(f"two parts of the day have the id {name}", "id", "give each its own")
        if start is None or end is None or start == end:
            section.wrong("is an empty time", "before", 'write from = "06:00" and before = "10:00"')
            start, end = 0, 1
        parts[name] = start, end
    return parts


def read_products(document: object, main: Section) -> tuple[Product, ...] | None:
    """The master data: rows of a canonical text, or the text of the file."""
    if document is None:
        return None
    if isinstance(document, str):
        return tuple(_read_file(document, main))
    assert isinstance(document, list)
    return tuple((row[0], row[1], row[2], row[3], row[4]) for row in document)


def costs_of(text: str, currency: str) -> dict[str, int]:
    """What a unit costs, in minor units, by product, as the *text* of the file has it; wrong lines apart."""
    rows = _read_file(text, Section({}, PRODUCTS, [], currency))
    return {product: cost for product, _, _, _, cost in rows if cost}


def _read_file(text: str, main: Section) -> Iterator[Product]:
    where = Section({}, f"{PRODUCTS}: line", main.problems, main.currency)
    rows = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(rows, [])]
    if "product" not in header or not set(header) <= set(COLUMNS) or len(set(header)) < len(header):
        where.wrong("has other columns", "1", f"write product, and any of {', '.join(COLUMNS[1:])}")
        return
    seen: set[str] = set()
    for number, cells in enumerate(rows, 2):
        if not cells:
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        product = row.get("product", "")
        wrong = _wrong(cells, header, row)
        if product in seen:
            wrong = "tells of a product twice"
        if wrong:
            where.wrong(wrong, str(number))
            continue
        seen.add(product)
        cost = Section({"cost": row.get("cost") or 0}, where.at(str(number)), main.problems, main.currency)
        yield (
            product,
            row.get("category", ""),
            row.get("brand", ""),
            row.get("supplier", ""),
            cost.money("cost"),
        )


def _wrong(cells: list[str], header: list[str], row: Mapping[str, str]) -> str:
    if len(cells) != len(header):
        return f"has {len(cells)} columns, the header {len(header)}"
    if not row["product"] or any(len(cell) > _TEXT_MAX or not cell.isprintable() for cell in row.values()):
        return f"has an empty product, or more than {_TEXT_MAX} printable characters"
    return ""


def categorised(lines: tuple[BasketLine, ...], categories: Mapping[str, str]) -> tuple[BasketLine, ...]:
    """*lines*, where the till sent no category with that of the master data."""
    return tuple(
        [
            replace(line, category=categories[line.product])
            if not line.category and line.product in categories
            else line
            for line in lines
        ]
    )
