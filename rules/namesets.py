"""Reads what a programme gives a name of its own: sets of products, and segments that conditions define.

Rules that name them are read as if the products, or the conditions, stood there. So both are part of the
programme's version, and nothing is kept of a member: he is in such a segment whenever its conditions hold.
"""

from collections import Counter

from rules.asked import named_in
from rules.conditionset import condition_of
from rules.names import COLUMNS, Names
from rules.reading import Section


def read_sets(main: Section, names: Names) -> None:
    """Put the sets of products and the segments of *main* among *names*; a segment may name one before it."""
    for section in main.sections("product_set"):
        name = section.name("id")
        products: set[str] = set(section.names("product")) if "product" in section else set()
        for column in COLUMNS[1:4]:
            if column in section:
                products |= names.products_of(column, section.names(column, names.values(column)))
        section.close()
        if name in names.product_sets:
            section.wrong(f"two sets of products have the id {name}", "id", "give each its own")
        if not products:
            section.wrong("is about no product at all", hint="name products, or a brand of products.csv")
        names.product_sets[name] = frozenset(products)
    _read_segments(main, names)


def _read_segments(main: Section, names: Names) -> None:
    segments = main.sections("segment")
    later = Counter([str(section.take("id")) for section in segments])
    for section in segments:
        name = section.name("id")
        when = section.section("when")
        if when is None:
            section.wrong("is missing", "when", 'write when = { counter = { "visits.30d" = { from = 4 } } }')
            when = Section({}, section.at("when"), [])
        condition = condition_of(when, names)
        section.close()
        for other in sorted(named_in((condition,), "segment")):
            if later[other]:
                what = "itself" if other == name else f"{other}, which is declared after it"
                section.refuse(f"names {what}", "when", "let a segment name only those before it")
        later[name] -= 1
        if name in names.segments:
            section.wrong(f"two segments have the id {name}", "id", "give each its own")
        names.segments[name] = condition
