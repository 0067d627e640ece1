"""What a budget has left and when it will be used up; and actuals that agree with the postings, always."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.account import AccountKind, account, owner_of
from rules.programme import Programme
from switch.counting import budget_account
from switch.database import open_for_reading
from switch.outcome import Record
from switch.spending import Spending, runs_out, spending_of
from tests.switch.measuring import BREAD, FRUIT, made, measured, write
from tests.switch.story import NOON, Story

BUDGET = budget_account("fruit")
HELD = account(AccountKind.BUDGET_HELD, owner_of(BUDGET))
TODAY = NOON.date()


def spending(path: Path, story: Story, programme: Programme, today: date = TODAY) -> Spending:
    asyncio.run(write(path, story, programme))
    with closing(open_for_reading(path / "puntual.db")) as database:
        found = spending_of(database, programme.campaigns[0], today)
    assert found is not None
    return found


def test_what_a_budget_reserves_gave_and_has_left(tmp_path: Path) -> None:
    """What holds keep is neither spent nor left; 20 points on 2 March are as many a day."""
    programme = made(FRUIT)
    story = Story(programme)
    story.play("""
        EARN card=A amount=900 lines=APPLE*300,APPLE*300,APPLE*300,BREAD*0
        back: EARN card=B amount=300 lines=APPLE*300
        one: HOLD card=B amount=600 lines=APPLE*300,APPLE*300
        two: HOLD card=C amount=300 lines=APPLE*300
        three: HOLD card=C amount=300 lines=APPLE*300
        REVERSAL of=two
        COMPLETE card=C amount=300 lines=APPLE*300 of=three
        REVERSAL of=back
    """)
    assert spending(tmp_path, story, programme) == Spending(
        planned=100,
        loaded=0,
        reserved=10,
        spent=20,
        left=70,
        daily=None,
        today=0,
        runs_out_on=TODAY + timedelta(days=3),
    )


def test_a_budget_that_is_used_up(tmp_path: Path) -> None:
    """The day on which that happened is told; what comes back puts an end to it."""
    programme = made(FRUIT.replace("budget_points = 100", "budget_points = 10"))
    story = Story(programme)
    story.play("""
        EARN card=A amount=300 lines=APPLE*300
        last: EARN card=A amount=600 lines=APPLE*300,APPLE*300 later=2  -> earned=11
    """)
    used_up = TODAY + timedelta(days=2)
    found = spending(tmp_path, story, programme, TODAY + timedelta(days=9))
    assert (found.spent, found.left, found.runs_out_on) == (10, 0, used_up)


def test_a_budget_that_is_paced(tmp_path: Path) -> None:
    """What was given today counts against the limit of a day, and what was given before does not."""
    programme = made(FRUIT.replace("budget_points = 100", "budget_points = 100\nbudget_daily = 12"))
    story = Story(programme)
    story.play("""
        EARN card=A amount=600 lines=APPLE*300,APPLE*300                     -> earned=16
        EARN card=A amount=600 lines=APPLE*300,APPLE*300                     -> earned=8
        back: EARN card=B amount=300 lines=APPLE*300 later=1                 -> earned=8
        HOLD card=B amount=300 lines=APPLE*300
        REVERSAL of=back
    """)
    found = spending(tmp_path, story, programme, TODAY + timedelta(days=1))
    assert (found.daily, found.today) == (12, 5)
    assert (found.spent, found.reserved, found.left) == (12, 5, 83)


def test_a_campaign_without_a_budget(tmp_path: Path) -> None:
    """Nothing is told of one."""
    programme = made(BREAD)
    asyncio.run(write(tmp_path, Story(programme), programme))
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        assert spending_of(database, programme.campaigns[0], TODAY) is None


def test_a_budget_that_lasts(tmp_path: Path) -> None:
    """The campaign of FRUIT ends with 20 March, and its 95 points are not used up before the 21st."""
    programme = made(FRUIT)
    story = Story(programme)
    story.play("EARN card=A amount=300 lines=APPLE*300")
    assert spending(tmp_path, story, programme).runs_out_on is None
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        (longer,) = made(FRUIT.replace("before = 2026-03-21", "before = 2026-03-22")).campaigns
        found = spending_of(database, longer, TODAY)
    assert found is not None
    assert found.runs_out_on == date(2026, 3, 21)


@pytest.mark.parametrize(
    ("left", "spent", "since", "expected"),
    [
        (100, 10, 0, date(2026, 3, 12)),  # 10 a day
        (101, 10, 0, date(2026, 3, 13)),
        (100, 10, 9, date(2026, 6, 10)),  # 1 a day
        (100, 0, 0, None),
        (100, -1, 0, None),
        (10**12, 1, 3000, None),
    ],
)
def test_when_a_budget_runs_out(left: int, spent: int, since: int, expected: date | None) -> None:
    """At the pace of the days since it began, the present one among them."""
    assert runs_out(left, spent, TODAY - timedelta(days=since), TODAY) == expected


ENDLESS = made(FRUIT.replace("budget_points = 100", "budget_points = 1000000"), BREAD)
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


@given(history=histories)
@settings(max_examples=20, deadline=None)
def test_actuals_are_what_the_decisions_tell(history: list[tuple[str, str | int, list[str] | int]]) -> None:
    """Points as the budget's postings have them, sales and spend as the records do, one by one."""
    programme = ENDLESS
    story = Story(programme)
    play(story, history)
    seqs = [each.record.seq for each in story.pending if each.record and each.record.operation == "EARN"]
    found = [story.worksheet.by_seq(seq) for seq in seqs]
    records = [each for each in found if each is not None and each.effective]
    with TemporaryDirectory() as folder, measured(Path(folder), story, programme) as measurement:
        fruit, bread = (measurement.campaigns[name].sums for name in ("fruit", "bread"))
    planned = 1_000_000 if sums_of(story, BUDGET) else 0
    assert fruit.points_kept == planned - sums_of(story, BUDGET)
    assert sums_of(story, HELD) == 0
    with_apples = [each for each in records if "apples +" in each.rules]
    for sums, its in ((fruit, with_apples), (bread, [each for each in records if each.discount_minor])):
        good = [each for each in its if stands(each)]
        spend = sum(each.covered_minor - each.discount_minor - each.refunded_minor for each in good)
        assert (sums.sales, sums.spend_minor) == (len(good), spend)
        assert sums.members == {each.member_id for each in good}
    assert bread.points == 0
    off = [
        (each.discount_minor, each.covered_minor - each.discount_minor, each.refunded_minor)
        for each in records
        if each.discount_minor and stands(each)
    ]
    assert bread.off_minor == sum(minor * (total - back) // total for minor, total, back in off)
