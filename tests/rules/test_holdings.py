"""Rules ask for what a member has: both edges of each range, and what is not known."""

import pytest

from loyalty.errors import Problems
from rules.conditions import HoldingWithin
from rules.describe import describe, found
from rules.explain import why_not
from rules.facts import Facts
from rules.holdings import days_of, expiring_within, holdings_in
from rules.idle import idle_things
from rules.overlap import excludes, implies
from rules.schema import programme_schema
from tests.rules.sales import STARTER, check, programme, sale
from tests.rules.test_schema import accepts, document

RULE = '[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ {} }}\nthen = {{ points = 100 }}\n'


def test_the_balance() -> None:
    """From its lower end to before its upper one; a member who owes points has less than none."""
    made = programme(RULE.format("balance = { from = 10, below = 20 }"))
    assert made.asks == {"balance", "holdings"}
    check(
        made,
        """
        5.00 holdings=balance:9 -> 5
        5.00 holdings=balance:10 -> 105
        5.00 holdings=balance:19 -> 105
        5.00 holdings=balance:20 -> 5
        5.00 -> 5
        """,
    )
    few = programme(RULE.format("balance = { below = 1 }"))
    check(
        few, "5.00 holdings=balance:-3 -> 105\n5.00 holdings=balance:0 -> 105\n5.00 holdings=balance:1 -> 5"
    )
    check(few, "5.00 -> 5")  # nobody knows how many he has
    check(
        programme(RULE.format("not = { balance = { from = 1 } }")),
        "5.00 holdings=balance:0 -> 105\n5.00 -> 105",
    )


def test_what_expires() -> None:
    made = programme(
        RULE.format(
            "expiring = { days = 30, from = 5, below = 9 }, any = [{ expiring = { days = 0, below = 2 } }]"
        )
    )
    assert holdings_in(made.asks) == ("expiring.0d", "expiring.30d")
    check(
        made,
        """
        5.00 holdings=expiring.0d:1,expiring.30d:4 -> 5
        5.00 holdings=expiring.0d:1,expiring.30d:5 -> 105
        5.00 holdings=expiring.0d:1,expiring.30d:8 -> 105
        5.00 holdings=expiring.0d:1,expiring.30d:9 -> 5
        5.00 holdings=expiring.0d:2,expiring.30d:8 -> 5
        5.00 holdings=expiring.30d:8 -> 5
        """,
    )
    assert days_of(expiring_within(30)) == 30
    assert days_of("expiring.d") is None


def test_it_is_kept_and_told() -> None:
    """With the facts of the sale, from which everything is worked out again."""
    facts = sale("5.00 holdings=balance:9,expiring.1d:0")
    assert Facts.from_json(facts.to_json()) == facts
    made = programme(RULE.format("balance = { from = 10 }, expiring = { days = 1, below = 3 }"))
    assert [(each.holds, each.asks, each.found) for each in why_not(made, facts, "r")] == [
        (False, "the balance is 10 or more", "9"),
        (True, "what expires within 1 day is below 3", "0"),
    ]
    asked = made.rules[0].when[0]
    assert (describe(asked, "978"), found(asked, sale("5.00"), "978")) == (
        "the balance is 10 or more",
        "unknown",
    )


def test_ranges_that_exclude_each_other() -> None:
    """Of one thing they do, of two they never do."""
    low, high = HoldingWithin("balance", None, 5), HoldingWithin("balance", 5, None)
    other = HoldingWithin("expiring.1d", 5, None)
    assert excludes(low, high)
    assert not excludes(low, other)
    assert implies(HoldingWithin("balance", 1, 4), low)
    assert not implies(other, high)
    text = RULE.format("balance = { from = 5 }, not = { balance = { from = 4 } }")
    (advice,) = idle_things(programme(text))
    assert advice.what.startswith("asks for things that exclude each other")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("balance = 5", "balance: is a whole number, not a table"),
        ("balance = {}", "balance: is an empty range (write from, below, or both)"),
        ("balance = { from = 5, below = 5 }", "balance.below: ends before it begins, so it would never hold"),
        ("balance = { from = -1 }", "balance.from: is not from 0 to"),
        ("balence = { from = 1 }", "balence: is not known here (did you mean balance?)"),
        ("expiring = { from = 5 }", "expiring.days: is missing"),
        ("expiring = { days = 5 }", "expiring: is an empty range (write from, below, or both)"),
        ("expiring = { days = 3651, from = 1 }", "expiring.days: is not from 0 to 3650"),
        ("expiring = { days = 1, from = 2, below = 2 }", "expiring.below: ends before it begins"),
        ("expiring = { days = 1, from = 2, till = 2 }", "expiring.till: is not known here"),
    ],
)
def test_mistakes_are_told(written: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        programme(RULE.format(written))
    assert problem in str(caught.value.problems[0])
    schema = programme_schema()
    if "ends before" not in problem:  # which a schema cannot see
        assert not accepts(schema, document(STARTER + RULE.format(written)), schema)


def test_editors_know_it() -> None:
    schema = programme_schema()
    text = STARTER + RULE.format("balance = { below = 9 }, expiring = { days = 0, from = 1 }")
    assert accepts(schema, document(text), schema)
