"""Whatever is asked under limits, budgets, counters and tiers: nothing is passed, nothing is forgotten."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.account import AccountKind, account
from loyalty.transaction import Operation
from rules.counters import Place
from rules.evaluate import evaluate
from rules.facts import Facts
from rules.interpret import interpret
from rules.parse import MAIN, parse_programme
from switch.counting import budget_account
from switch.outcome import Outcome
from switch.tallies import changes_of
from tests.switch.story import Story, starter_text
from tests.switch.test_decide_properties import ask, check_books, lines

PROGRAMME = parse_programme(
    {
        MAIN: starter_text().replace("tiers = []", 'tiers = ["basic", "gold"]')
        + """
[[cap]]
points = 900
per = "day"

[qualification]
metric = "points"
window = "30 days"
downgrade = "all"
from = { gold = 100 }

[[rule]]
id = "few"
text = "30 points, not often"
then = { points = 30 }
cap = [{ count = 3, per = "week" }, { points = 50, per = "day", scope = "all" }]

[[rule]]
id = "again"
text = "20 points for the second visit"
when.counter = { "visits.day" = { from = 1, below = 3 } }
then = { points = 20 }

[[rule]]
id = "gold"
text = "Gold members get a half more"
when = { tier = "gold" }
then = { multiply = "3/2" }
cap = { cost = "0.70", per = "3 days" }
""",
        "campaigns/c.toml": """
[campaign]
id = "c"
text = "C"
nature = "points"
category = "proof"
state = "active"
period = { from = 2026-01-01 }
budget_points = 120
budget_daily = 90

[[rule]]
id = "bonus"
text = "A point more for each 1.00"
then = { points_per_amount = { points = 1, per = "1.00" } }
""",
    }
)
BUDGET = budget_account("c")


def played(asked: list[str], cuts: set[int]) -> tuple[Story, list[Outcome]]:
    story = Story(PROGRAMME)
    told = []
    for number, line in enumerate(asked):
        _, outcome = ask(story, number, line)
        assert isinstance(outcome, Outcome)
        told.append(outcome)
        if number in cuts:
            story.commit()
    return story, told


def totals(told: list[Outcome]) -> Counter[Place]:
    """Every place, added up from what decisions say that they changed."""
    sums: Counter[Place] = Counter()
    for outcome in told:
        for place, change, total in changes_of(outcome.sides):
            sums[place] += change
            assert sums[place] == total
    return sums


@settings(max_examples=60)
@given(asked=st.lists(lines(), min_size=3, max_size=16), cuts=st.sets(st.integers(0, 15)))
def test_batches_do_not_show(asked: list[str], cuts: set[int]) -> None:
    """One batch or many: the same answers, the same postings, the same counts; and the oracle agrees."""
    alone, first = played(asked, set(range(len(asked))))
    together, second = played(asked, cuts)
    assert first == second
    assert alone.sums() == together.sums()
    check_books(together)
    together.commit()
    sums = totals(second)
    assert {place: total for place, total in sums.items() if total} == {
        place: total for place, total in together.store.tallies.items() if total
    }
    for outcome in second:
        record = outcome.record
        if record is None or outcome.facts is None or record.operation != Operation.EARN.value:
            continue
        facts = Facts.from_json(outcome.facts)
        award = evaluate(PROGRAMME, facts)
        assert award.points == record.earned
        assert interpret(PROGRAMME, facts) == award


@settings(max_examples=60)
@given(asked=st.lists(lines(), min_size=3, max_size=16))
def test_no_limit_is_passed(asked: list[str]) -> None:
    """By sales; an undoing that is undone counts again what others may have had meanwhile."""
    asked = [line for line in asked if not line.startswith(("VOID", "REVERSAL"))]
    story, told = played(asked, set())
    bounds = {
        "rule:few/member#count": 3, "rule:few/all": 50, "rule:gold/member#cost": 70, "programme/member": 900,
        "campaign:c/all": 90, "budget:c/all": 120,
    }  # fmt: skip
    for place, total in totals(told).items():
        assert total >= 0 or place[0] == "profit/member"
        assert total <= bounds.get(place[0], total), place
    spent = sum(total for place, total in totals(told).items() if place[0] == "budget:c/all")
    held = story.sums().get(f"budget.{BUDGET - account(AccountKind.BUDGET)}", 0)
    assert held == (120 - spent if any(place[0].startswith("planned:") for place in totals(told)) else 0)


@settings(max_examples=60)
@given(asked=st.lists(lines(), max_size=10))
def test_reversing_everything_counts_nothing(asked: list[str]) -> None:
    """In the opposite order: only tiers and the plan of the budget stay, and the budget has it all again."""
    story = Story(PROGRAMME)
    told: list[Outcome] = []
    for number, line in enumerate(asked):
        _, outcome = ask(story, number, "INQUIRY card=A" if line.startswith("REVERSAL") else line)
        assert isinstance(outcome, Outcome)
        told.append(outcome)
    for number in reversed(range(len(asked))):
        if story.asked[f"n{number}"].operation not in (Operation.QUOTE, Operation.INQUIRY):
            _, outcome = ask(story, len(asked) + number, f"REVERSAL of=n{number}")
            assert isinstance(outcome, Outcome)
            told.append(outcome)
    story.free_kept()  # of holds whose time was over before they were reversed
    told += [each for each in story.pending if each not in told]
    stays = {"tier/member", "tier_below/member", "planned:c"}
    left = {place: total for place, total in totals(told).items() if total and place[0] not in stays}
    assert left == {}
    planned = totals(told)["planned:c", "", ""]
    assert story.sums().get(f"budget.{BUDGET - account(AccountKind.BUDGET)}", 0) == planned
