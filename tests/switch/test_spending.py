"""What a budget has left and when it will be used up; and actuals that agree with the postings, always."""

import asyncio
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.account import AccountKind, account, owner_of
from rules.programme import Programme
from switch.counting import budget_account
from switch.database import open_for_reading
from switch.spending import Spending, runs_out, spending_of
from tests.switch.measuring import BREAD, FRUIT, made, write
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
