"""Each thing that rules ask of baskets and cards, and both edges of every range."""

import pytest

from loyalty.errors import Problems
from rules.conditions import SomeOf
from rules.describe import describe, found
from rules.facts import Facts
from rules.overlap import excludes
from rules.parse import MAIN, parse_programme
from tests.rules.sales import STARTER, check, programme, sale

RULE = """
[[rule]]
id = "r"
text = "R"
then = {{ points = 100 }}
{}
"""
PRODUCTS = "product,category,brand,supplier\nP1,A,Sol,North\nP2,B,Luna,North\nP3,C,Sol,South\n"


def test_how_many_lines_and_units() -> None:
    """Returned units are taken off; parts of a unit are none."""
    check(
        programme(RULE.format('lines = { category = "A", lines = { from = 2, below = 4 } }')),
        """
        5.00 lines=A:5.00 -> 5
        5.00 lines=A:1.00,B:1.00,A:3.00 -> 105
        5.00 lines=A:1.00,A:1.00,A:3.00 -> 105
        5.00 lines=A:1.00,A:1.00,A:1.00,A:2.00 -> 5
        """,
    )
    check(
        programme(RULE.format('lines = { category = "A", units = { from = 3, below = 5 } }')),
        """
        5.00 lines=A:5.00::2999 -> 5
        5.00 lines=A:5.00::3000 -> 105
        5.00 lines=A:3.00::2000,A:2.00::2000,B:0.00::9000 -> 105
        5.00 lines=A:5.00::5000 -> 5
        4.00 lines=A:5.00::5000,A:-1.00::1000 -> 104
        """,
    )


@pytest.mark.parametrize(
    ("when", "products", "expected"),
    [
        ('has_brand = "Sol"', "A", 105),
        ('has_brand = ["Sol", "Luna"]', "A", 105),
        ('has_brand = "Luna"', "A", 5),
        ('has_supplier = "North"', "A", 105),
        ('has_supplier = "South"', "A", 5),
        ('has_all_products = ["P1", "P2"]', "A", 5),
        ('has_all_products = ["P1", "P2"]', "A,B", 105),
        ('has_all_categories = ["A", "B"]', "B,A", 105),
        ('has_all_categories = ["A", "B"]', "A,A", 5),
        ('not = { has_all_categories = ["A", "B"] }', "A,A", 105),
    ],
)
def test_what_the_basket_has(when: str, products: str, expected: int) -> None:
    made = parse_programme({MAIN: STARTER + RULE.format(f"when = {{ {when} }}"), "products.csv": PRODUCTS})
    each = 5.00 / len(products.split(","))
    lines = ",".join(f"{category}:{each:.2f}" for category in products.split(","))
    check(made, f"5.00 lines={lines} -> {expected}")


@pytest.mark.parametrize(
    ("when", "segments", "expected"),
    [
        ("rfmp = { r = { from = 4 } }", "r4", 105),
        ("rfmp = { r = { from = 4 } }", "r5", 105),
        ("rfmp = { r = { from = 4 } }", "r3,f5", 5),
        ("rfmp = { r = { below = 3 }, p = { from = 5 } }", "r2,p5", 105),
        ("rfmp = { r = { below = 3 }, p = { from = 5 } }", "r2,p4", 5),
        ("rfmp = { r = { below = 3 }, p = { from = 5 } }", "r3,p5", 5),
    ],
)
def test_bands(when: str, segments: str, expected: int) -> None:
    check(programme(RULE.format(f"when = {{ {when} }}")), f"5.00 segments={segments} -> {expected}")


def test_traits_are_asked_and_kept() -> None:
    """Only what rules ask is told, and it comes back with the facts."""
    made = programme(RULE.format('when = { role = "child", entry_mode = ["chip", "contactless"] }'))
    assert made.asks == {"role", "entry_mode"}
    check(
        made,
        """
        5.00 traits=role:child,entry_mode:chip -> 105
        5.00 traits=role:child,entry_mode:manual -> 5
        5.00 traits=role:parent,entry_mode:chip -> 5
        5.00 -> 5
        """,
    )
    facts = sale("5.00 traits=role:child")
    assert Facts.from_json(facts.to_json()) == facts


def test_the_kind_of_the_member_and_the_currency_are_traits() -> None:
    """Who is not known is of no kind; a sale's amount is money or points."""
    firms = 'when = { kind = "organization" }'
    check(
        programme(RULE.format(firms)),
        """
        5.00 traits=kind:organization -> 105
        5.00 traits=kind:person -> 5
        5.00 -> 5
        """,
    )
    both = programme(RULE.format('when = { kind = ["person", "organization"], not = { currency = "999" } }'))
    assert both.asks == {"kind", "currency"}
    check(
        both,
        """
        5.00 traits=kind:person,currency:978 -> 105
        5.00 traits=kind:organization,currency:978 -> 105
        5.00 traits=kind:person,currency:999 -> 5
        5.00 traits=currency:978 -> 5
        """,
    )
    money = programme(RULE.format('when = { currency = "978" }'))
    check(money, "5.00 traits=currency:978 -> 105\n5.00 traits=currency:999 -> 5")


def test_the_type_of_the_card_and_the_condition_are_traits() -> None:
    """A card without a type is of none of them; what nobody told is not known, and holds nothing."""
    made = programme(RULE.format('when = { card_type = ["corporate", "virtual"], pos_condition = "01" }'))
    assert made.asks == {"card_type", "pos_condition"}
    check(
        made,
        """
        5.00 traits=card_type:corporate,pos_condition:01 -> 105
        5.00 traits=card_type:virtual,pos_condition:01 -> 105
        5.00 traits=card_type:rfid,pos_condition:01 -> 5
        5.00 traits=card_type:,pos_condition:01 -> 5
        5.00 traits=card_type:corporate,pos_condition:00 -> 5
        5.00 traits=card_type:corporate -> 5
        5.00 -> 5
        """,
    )
    others = programme(RULE.format('when = { not = { card_type = "corporate" } }'))
    check(others, "5.00 traits=card_type:corporate -> 5\n5.00 traits=card_type: -> 105\n5.00 -> 105")
    asked, told = made.rules[0].when[0], [sale("5.00 traits=card_type:"), sale("5.00")]
    assert [found(asked, each, "978") for each in told] == ["none", "unknown"]
    assert describe(asked, "978") == "card_type is corporate or virtual"


def test_what_no_sale_can_be_is_not_added_up() -> None:
    """Of each trait a sale has one value."""
    person, firm = (SomeOf("traits", frozenset({f"kind:{kind}"})) for kind in ("person", "organization"))
    child = SomeOf("traits", frozenset({"role:child"}))
    either = SomeOf("traits", frozenset({"kind:person", "kind:organization"}))
    assert excludes(person, firm)
    assert not any(excludes(person, other) for other in (person, child, either))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('when = { kind = "firm" }', "kind: cannot hold firm"),
        ('when = { currency = "840" }', "currency: cannot hold 840 (known are 978, 999)"),
        ('when = { role = "aunt" }', "role: cannot hold aunt"),
        (
            'when = { card_type = "a b" }',
            "card_type: cannot hold a b (write a name as lists of cards have it",
        ),
        ('when = { pos_condition = "1" }', "pos_condition: cannot hold 1 (write two digits)"),
        ('when = { card_typ = "a" }', "card_typ: is not known here (did you mean card_type?)"),
        ("when = { rfmp = {} }", "rfmp: is empty"),
        ("when = { rfmp = { r = { from = 6 } } }", "rfmp.r: has no band from 1 to 5"),
        ("when = { rfmp = { x = { from = 1 } } }", "rfmp.x: is not known here"),
        ("lines = { lines = { from = 3, below = 3 } }", "lines.lines.below: ends before it begins"),
        ("lines = { units = {} }", "lines.units: is an empty range"),
        ('when = { has_brand = "Nobody" }', "has_brand: cannot hold Nobody"),
    ],
)
def test_mistakes_are_told(written: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        programme(RULE.format(written))
    assert problem in str(caught.value.problems[0])
