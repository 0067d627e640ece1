"""Calendars, parts of the day and master data: what rules call by name."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from loyalty.errors import Problems
from rules.counters import counter_named, counting_of
from rules.evaluate import evaluate
from rules.interpret import interpret
from rules.parse import MAIN, parse_programme, restore_programme
from rules.programme import Programme
from tests.rules.sales import STARTER, minor, sale

PRODUCTS = """product,category,brand,supplier,cost
milk,DAIRY,ACME,S1,0.60
cheese,DAIRY,BEST,S1,2.00
soap,CARE,ACME,S2,1.10
"""
DECLARED = """
[[calendar]]
id = "feasts"
days = [2026-06-02, "2026-12-25"]
[[day_part]]
id = "noon"
from = "12:00"
before = "14:00"
[[day_part]]
id = "late"
from = "22:00"
before = "02:00"
"""


def made(rule: str, products: str | None = PRODUCTS, declared: str = DECLARED) -> Programme:
    text = f'[[rule]]\nid = "r"\ntext = "R"\nthen = {{ points_per_line = 10 }}\n{rule}\n'
    sources = {MAIN: STARTER + declared + text}
    return parse_programme(sources if products is None else sources | {"products.csv": products})


def bonus(programme: Programme, facts: str, **more: object) -> int:
    seen = replace(sale(facts), **more)  # type: ignore[arg-type]  # any field of facts
    award = evaluate(programme, seen)
    assert award == interpret(programme, seen)
    return dict(award.parts).get("r", 0)


@pytest.mark.parametrize(
    ("when", "at", "holds"),
    [
        ('calendar = "feasts"', "2026-06-02T00:00", True),
        ('calendar = "feasts"', "2026-06-01T23:59:59", False),
        ('calendar = "feasts"', "2026-06-03T00:00", False),
        ('calendar = "feasts"', "2026-12-25T23:59:59", True),
        ('not = { calendar = "feasts" }', "2026-12-25T12:00", False),
        ('day_part = "noon"', "2026-06-02T11:59:59", False),
        ('day_part = "noon"', "2026-06-02T12:00", True),
        ('day_part = "noon"', "2026-06-02T14:00", False),
        ('day_part = ["noon", "late"]', "2026-06-02T23:00", True),
        ('day_part = "late", weekday = "tue"', "2026-06-03T01:59:59", True),
        ('day_part = "late", weekday = "tue"', "2026-06-02T01:00", False),
        ('day_part = "late", time = { from = "23:00" }', "2026-06-02T22:30", False),
    ],
)
def test_days_and_parts_of_the_day(when: str, at: str, holds: bool) -> None:  # noqa: FBT001  (a table)
    """Both edges of each."""
    assert bonus(made(f"when = {{ {when} }}"), f"1.00 at={at}") == (10 if holds else 0)


@pytest.mark.parametrize(
    ("when", "birthday", "at", "holds"),
    [
        ("age = { from = 18 }", "2008-06-02", "2026-06-02T00:00", True),
        ("age = { from = 18 }", "2008-06-02", "2026-06-01T23:59", False),
        ("age = { below = 18 }", "2008-06-02", "2026-06-01T23:59", True),
        ("age = { from = 18 }", "2008-02-29", "2026-02-28T12:00", False),
        ("age = { from = 18 }", "2008-02-29", "2026-03-01T12:00", True),
        ("age = { from = 20 }", "2008-02-29", "2028-02-29T12:00", True),
        ("age = { below = 99 }", None, "2026-06-02T12:00", False),
    ],
)
def test_age(when: str, birthday: str | None, at: str, holds: bool) -> None:  # noqa: FBT001  (a table)
    born = None if birthday is None else date.fromisoformat(birthday)
    moment = datetime.fromisoformat(at)
    assert bonus(made(f"when = {{ {when} }}"), "1.00", birthday=born, local_at=moment) == (10 if holds else 0)


@pytest.mark.parametrize(
    ("joined", "holds"),
    [(date(2026, 5, 3), True), (date(2026, 5, 4), False), (date(2026, 6, 2), False), (None, False)],
)
def test_days_since_joining(joined: date | None, holds: bool) -> None:  # noqa: FBT001  (a table)
    programme = made("when = { joined_days = { from = 30 } }")
    assert bonus(programme, "1.00", joined_on=joined) == (10 if holds else 0)


@pytest.mark.parametrize(
    ("lines", "points"),
    [
        ('brand = "ACME"', 20),
        ('supplier = "S1"', 20),
        ('brand = "ACME", supplier = "S1"', 10),
        ('brand = ["ACME", "BEST"], except_brand = "BEST"', 20),
        ('product = ["milk", "x"], supplier = "S1"', 10),
        ('category = "DAIRY"', 20),
        ('except_supplier = "S2"', 30),
    ],
)
def test_brands_and_suppliers_stand_for_their_products(lines: str, points: int) -> None:
    programme = made(f"lines = {{ {lines} }}")
    seen = sale("4.00 lines=A:1.00,A:1.00,A:1.00,A:1.00")
    assert seen.lines is not None
    products = ("milk", "DAIRY"), ("cheese", "DAIRY"), ("soap", "CARE"), ("x", "")
    basket = tuple(
        replace(line, product=product, category=category)
        for line, (product, category) in zip(seen.lines, products, strict=True)
    )
    assert bonus(programme, "4.00", lines=basket) == points
    assert restore_programme(programme.text) == programme
    assert restore_programme(programme.text).categories == programme.categories


def test_the_version_depends_on_what_is_asked_of_the_file() -> None:
    """Another product of another brand is another file and the same programme."""
    asked = made('lines = { brand = "BEST" }')
    assert asked.version == made('lines = { brand = "BEST" }', PRODUCTS + "x,A,OTHER,S9,1.00\n").version
    assert asked.version != made('lines = { brand = "BEST" }', PRODUCTS + "x,A,BEST,S9,1.00\n").version
    assert made("").version == made("", None).version
    assert made('lines = { category = "DAIRY" }').categories == {"milk": "DAIRY", "cheese": "DAIRY"}


def test_profit_is_what_lines_bring_above_their_cost() -> None:
    """Lines whose cost is not known bring none; a returned line takes its profit back."""
    programme = made('when.counter = { "profit.month" = { from = "1.00" } }')
    counting = programme.counting
    assert counting is not None
    seen = sale("5.00 lines=A:1.00,A:5.00,A:-1.00")
    assert seen.lines is not None
    milk, other, back = seen.lines
    basket = (replace(milk, product="milk", quantity_milli=1500), other, replace(back, product="milk"))
    facts = replace(seen, lines=basket)
    assert counting.growth(facts, evaluate(programme, facts)) == {
        "profit/member": minor("1.00") - 90 + minor("-1.00") + 60
    }


@pytest.mark.parametrize(
    ("rule", "products", "problem"),
    [
        ('when = { calendar = "feast" }', None, "when.calendar: cannot hold feast (did you mean feasts?)"),
        ('when = { day_part = "dawn" }', None, "rule[1].when.day_part: cannot hold dawn"),
        ('lines = { brand = "ACNE" }', PRODUCTS, "lines.brand: cannot hold ACNE (did you mean ACME?)"),
        ('lines = { brand = "BEST", supplier = "S2" }', PRODUCTS, "lines: is about no product at all"),
        ("", "product,colour\nx,red\n", "products.csv: line.1: has other columns"),
        ("", "product,cost\nx,1.005\n", "products.csv: line.2.cost: has more decimals"),
        ("", "product,cost\nx,1.00\nx,2.00\n", "products.csv: line.3: tells of a product twice"),
        ("", "product,cost\nx\n", "products.csv: line.2: has 1 columns, the header 2"),
        ("when = { age = {} }", None, "rule[1].when.age: is an empty range"),
    ],
)  # fmt: skip
def test_problems_are_told_where_they_stand(rule: str, products: str | None, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        made(rule, products)
    told = [str(each) for each in caught.value.problems]
    assert any(problem in each for each in told), told


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ('[[calendar]]\nid = "a"\ndays = []\n', "calendar[1].days: is not a list of days"),
        ('[[calendar]]\nid = "a"\ndays = [1]\n', "calendar[1].days: holds something that is no day"),
        (
            '[[day_part]]\nid = "a"\nfrom = "10:00"\nbefore = "10:00"\n',
            "day_part[1].before: is an empty time",
        ),
    ],
)
def test_problems_of_what_is_declared(declared: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        made("", None, declared)
    assert problem in str(caught.value.problems[0])


@pytest.mark.parametrize(
    "name",
    [
        "visits", "visits.", "visits.hour", "visits.0d", "visits.367d", "streak.7d", "streak.year",
        "product.day", "days_since.spend", "coupons.day",
    ],
)  # fmt: skip
def test_names_that_are_no_counters(name: str) -> None:
    assert counter_named(name) is None


def test_a_counter_is_kept_in_the_stretches_that_are_asked() -> None:
    programme = made('when.counter = { "visits.month" = { from = 1 }, "visits.30d" = { from = 1 } }')
    counting = counting_of(programme.rules, (), {})
    assert counting is not None
    assert [(measure, [per.value for per in stretches]) for measure, _, stretches in counting.kept] == [
        ("visits/member", ["day", "month"])
    ]
