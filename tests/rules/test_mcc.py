"""Families of merchants are read as the categories that they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import Problems
from rules.conditions import OneOf
from rules.describe import describe
from rules.evaluate import evaluate
from rules.interpret import interpret
from rules.mcc import told_in_ranges
from rules.outline import outline
from rules.parse import restore_programme
from rules.schema import programme_schema
from tests.rules.sales import STARTER, check, programme, sale
from tests.rules.test_schema import accepts, document

FAMILIES = """
[[mcc_family]]
id = "fuel"
mcc = ["5541", "5542", "5500-5503"]
[[mcc_family]]
id = "food"
mcc = "5411"
[[mcc_family]]
id = "first"
mcc = "0000-0001"
[[mcc_family]]
id = "last"
mcc = ["9998-9999", "9999-9999"]
"""
RULE = '[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ {} }}\nthen = {{ points = 100 }}\n'


def test_both_ends_of_each_range() -> None:
    check(
        programme(FAMILIES + RULE.format('mcc_family = "fuel"')),
        """
        5.00 mcc=5499 -> 5
        5.00 mcc=5500 -> 105
        5.00 mcc=5503 -> 105
        5.00 mcc=5504 -> 5
        5.00 mcc=5540 -> 5
        5.00 mcc=5541 -> 105
        5.00 mcc=5542 -> 105
        5.00 mcc=5543 -> 5
        5.00 -> 5
        """,
    )
    check(
        programme(FAMILIES + RULE.format('mcc_family = ["first", "last"]')),
        """
        5.00 mcc=0000 -> 105
        5.00 mcc=0001 -> 105
        5.00 mcc=0002 -> 5
        5.00 mcc=9997 -> 5
        5.00 mcc=9998 -> 105
        5.00 mcc=9999 -> 105
        """,
    )


def test_with_other_conditions() -> None:
    """Both hold where both are asked; a segment, a campaign and a condition inside another may name one."""
    fuel = 'mcc_family = "fuel"'
    for when, holding in (
        (f'{fuel}, mcc = ["5541", "5411"]', {"5541"}),
        (f"not = {{ {fuel} }}", {"5411", "7011"}),
        (f'any = [{{ {fuel} }}, {{ mcc_family = "food" }}]', {"5541", "5502", "5411"}),
        ('segment = "driver"', {"5541", "5502"}),
    ):
        text = FAMILIES + f'[[segment]]\nid = "driver"\nwhen = {{ {fuel} }}\n' + RULE.format(when)
        made = programme(text)
        for mcc in ("5541", "5502", "5411", "7011"):
            facts = sale(f"5.00 mcc={mcc}")
            award = evaluate(made, facts)
            assert award == interpret(made, facts)
            assert (when, mcc, award.points) == (when, mcc, 105 if mcc in holding else 5)


def test_the_table_sees_plain_categories() -> None:
    """All rules that ask for the same families share one set, so many rules cost no more than one."""
    text = FAMILIES + "".join(
        RULE.replace('"r"', f'"r{at}"').format('mcc_family = ["fuel", "food"]') for at in range(3)
    )
    made = programme(text)
    asked = [rule.when[0] for rule in made.rules]
    assert all(isinstance(each, OneOf) and each.attribute == "mcc" for each in asked)
    assert len({id(each.values) for each in asked if isinstance(each, OneOf)}) == 1
    ((_, buckets),) = made.table.texts
    assert sorted(buckets) == ["5411", "5500", "5501", "5502", "5503", "5541", "5542"]
    assert restore_programme(made.text) == made
    other = programme(text.replace("5500-5503", "5500-5504"))
    assert other.version != made.version


def test_families_are_shown() -> None:
    made = programme(FAMILIES + RULE.format('mcc_family = "fuel"'))
    shown = {each.title: each.rows for each in outline(made)}
    assert shown["Families of merchants"] == (
        ("fuel", "5500-5503, 5541, 5542"),
        ("food", "5411"),
        ("first", "0000, 0001"),
        ("last", "9998, 9999"),
    )
    assert describe(made.rules[0].when[0], "978") == "mcc is 5500-5503 or 5541 or 5542"


@given(
    st.sets(st.integers(0, 9999).map(lambda code: f"{code:04}"))
    | st.sets(st.integers(40, 60).map("{:04}".format))
)
def test_ranges_say_what_there_is(codes: set[str]) -> None:
    """No more and no less, in order, however they lie."""
    told = told_in_ranges(codes)
    back = [
        f"{code:04}"
        for first, _, last in (each.partition("-") for each in told)
        for code in range(int(first), int(last or first) + 1)
    ]
    assert back == sorted(codes)
    assert told_in_ranges({"a", "b"}) == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (RULE.format('mcc_family = "feul"'), "mcc_family: cannot hold feul (did you mean fuel?)"),
        ('[[mcc_family]]\nid = "x"\n', "mcc_family[5].mcc: is missing (write mcc = "),
        ('[[mcc_family]]\nid = "x"\nmcc = []\n', "mcc_family[5].mcc: is an empty list"),
        ('[[mcc_family]]\nid = "x"\nmcc = 5541\n', "mcc_family[5].mcc: holds"),
        (
            '[[mcc_family]]\nid = "x"\nmcc = "5599-5500"\n',
            "mcc_family[5].mcc: holds 5599-5500, which ends before it begins (write 5500-5599)",
        ),
        ('[[mcc_family]]\nid = "x"\nmcc = "55-56"\n', "mcc_family[5].mcc: cannot hold 55-56 (write four"),
        ('[[mcc_family]]\nid = "x"\nmcc = "²541"\n', "mcc_family[5].mcc: cannot hold ²541"),
        ('[[mcc_family]]\nid = "fuel"\nmcc = "5541"\n', "mcc_family[5].id: two families have the id fuel"),
        ('[[mcc_family]]\nid = "x"\nmcc = "5541"\nname = "X"\n', "mcc_family[5].name: is not known here"),
    ],
)  # fmt: skip
def test_mistakes_are_told(written: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        programme(FAMILIES + written)
    assert problem in str(caught.value.problems[0])


def test_editors_know_families() -> None:
    schema = programme_schema()
    text = STARTER + FAMILIES + RULE.format('mcc_family = ["fuel", "food"]')
    assert accepts(schema, document(text), schema)
    for wrong in ('mcc = "55-56"', "mcc = []", 'mcc = "5541"\nmore = 1'):
        bad = STARTER + f'[[mcc_family]]\nid = "x"\n{wrong}\n'
        assert not accepts(schema, document(bad), schema)
