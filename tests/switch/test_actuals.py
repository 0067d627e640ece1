"""Whatever is sold, returned and undone: what is measured is what the decisions tell, one by one."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.account import AccountKind, account, owner_of
from rules.goal import Metric
from switch.counting import budget_account
from switch.outcome import Record
from tests.switch.measuring import BREAD, FRUIT, goal, made, measured
from tests.switch.story import Story

BUDGET = budget_account("fruit")
HELD = account(AccountKind.BUDGET_HELD, owner_of(BUDGET))
AWAY_DAYS = 2
FIRST_DAY = date(2026, 3, 5)  # of the goals; the stories begin three days before
METRICS = (Metric.SALES, Metric.SPEND, Metric.MEMBERS, Metric.NEW_MEMBERS, Metric.REACTIVATED, Metric.POINTS)


def of_all(metric: Metric) -> str:
    target = '"5.00"' if metric is Metric.SPEND else "5"
    more = f"away_days = {AWAY_DAYS}" if metric is Metric.REACTIVATED else ""
    return goal(metric, target, more).replace("2026-03-10", f"{FIRST_DAY}").replace("03-20", "12-31")


ENDLESS = made(
    FRUIT.replace("budget_points = 100", "budget_points = 1000000"),
    BREAD + 'cap = { cost = "9999.00", per = "lifetime", scope = "all" }',  # which counts what is off
    more="".join(of_all(metric) for metric in METRICS),
)
LINES = ("APPLE*300", "APPLE*500", "BREAD*400", "TV*900", "MILK*50")
sales = st.tuples(
    st.just("sale"), st.sampled_from("AABCH"), st.lists(st.sampled_from(LINES), min_size=1, max_size=4)
)
returns = st.tuples(
    st.sampled_from(["line", "part", "void", "reverse", "reduce"]), st.integers(0, 40), st.integers(1, 100)
)
histories = st.lists(st.one_of(sales, sales, returns), min_size=5, max_size=30)


def play(story: Story, history: Sequence[tuple[str, str | int, list[str] | int]]) -> None:
    """Sales, and what becomes of them; what is refused has no effect."""
    sold: list[tuple[str, str, list[str]]] = []
    for at, (what, whose, how) in enumerate(history):
        name = f"s{at}"
        if isinstance(whose, str) and isinstance(how, list):
            amount = sum(int(line.partition("*")[2]) for line in how)
            can = " can=D" if at % 2 else ""
            can += " later=1" if at % 4 == 3 else ""
            story.play(f"{name}: EARN card={whose}{can} amount={amount} lines={','.join(how)}")
            sold.append((name, whose, how))
        elif sold and isinstance(whose, int) and isinstance(how, int):
            sale, letter, lines = sold[whose % len(sold)]
            line = lines[how % len(lines)]
            amount = sum(int(line.partition("*")[2]) for line in lines)
            part = max(amount * how // 100, 1)
            match what:
                case "line":
                    price = line.partition("*")[2]
                    words = f"{name}: REFUND card={letter} amount={price} lines={line} of={sale}"
                case "part":
                    words = f"{name}: REFUND card={letter} amount={part} of={sale}"
                case "void":
                    words = f"VOID of={sale}"
                case "reverse":
                    words = f"REVERSAL of={sale}"
                case _:
                    words = f"REVERSAL* of={sale} final={part}"
            story.play(words)


def sums_of(story: Story, at: int) -> int:
    """What the postings on one account add up to."""
    outcomes = (*story.store.outcomes.values(), *story.pending)
    postings = [posting for outcome in outcomes for posting in outcome.postings]
    return sum(each.points * ((each.credit == at) - (each.debit == at)) for each in postings)


def stands(record: Record) -> bool:
    total = record.covered_minor - record.discount_minor
    is_returned = record.refunded_minor > 0 and record.refunded_minor >= total
    return not is_returned and (not record.undone or record.final_minor is not None)


def came(records: Sequence[Record]) -> tuple[int, int]:
    """Members who bought for the first time, and again after some time, in the time of the goals."""
    new = again = 0
    for member in {each.member_id for each in records}:
        days = [each.business_date for each in records if each.member_id == member]
        first = next((at for at, day in enumerate(days) if day >= FIRST_DAY), None)
        if first is not None:
            new += first == 0
            again += first > 0 and (days[first] - days[first - 1]).days > AWAY_DAYS
    return new, again


@given(history=histories)
@settings(max_examples=20, deadline=None)
def test_actuals_are_what_the_decisions_tell(history: list[tuple[str, str | int, list[str] | int]]) -> None:
    """Points as the budget has them, money off as its limit, sales and spend as the records do."""
    story = Story(ENDLESS)
    play(story, history)
    seqs = [each.record.seq for each in story.pending if each.record and each.record.operation == "EARN"]
    found = [story.worksheet.by_seq(seq) for seq in seqs]
    records = [each for each in found if each is not None and each.effective]
    with TemporaryDirectory() as folder, measured(Path(folder), story, ENDLESS) as measurement:
        fruit, bread = (measurement.campaigns[name].sums for name in ("fruit", "bread"))
        actual = {each.metric: each.actual for each in measurement.goals}
    planned = 1_000_000 if sums_of(story, BUDGET) else 0
    assert fruit.points_kept == planned - sums_of(story, BUDGET)
    assert sums_of(story, HELD) == 0
    with_apples = [each for each in records if "apples +" in each.rules]
    for sums, its in ((fruit, with_apples), (bread, [each for each in records if each.discount_minor])):
        good = [each for each in its if stands(each)]
        assert (sums.sales, sums.spend_minor) == (len(good), sum(map(spent_minor, good)))
        assert sums.members == {each.member_id for each in good}
    assert bread.points == 0
    assert bread.off_minor == story.worksheet.tally(("off:tenth/all#cost", "", ""))
    good = [each for each in records if stands(each)]
    within = [each for each in good if each.business_date >= FIRST_DAY]
    assert actual[Metric.SALES] == len(within)
    assert actual[Metric.SPEND] == sum(map(spent_minor, within))
    assert actual[Metric.MEMBERS] == len({each.member_id for each in within})
    assert (actual[Metric.NEW_MEMBERS], actual[Metric.REACTIVATED]) == came(good)
    points = [each.earned - each.clawed for each in records if each.business_date >= FIRST_DAY]
    assert actual[Metric.POINTS] == sum(points)


def spent_minor(record: Record) -> int:
    """What a sale came to, and comes to now."""
    return record.covered_minor - record.discount_minor - record.refunded_minor
