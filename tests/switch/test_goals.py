"""How far goals of a programme are, held to figures that were worked out by hand."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rules.experiment import drawn
from rules.goal import Metric
from rules.parse import MAIN, parse_programme
from switch.attainment import Attainment
from switch.database import open_for_reading
from switch.purchases import Purchases
from tests.switch.measuring import (
    FRUIT,
    goal,
    made,
    sales,
    told,
    write,
)
from tests.switch.story import Story, starter_text


def test_who_is_held_out_is_the_control_of_everything_else(tmp_path: Path) -> None:
    """Of a campaign without arms, and of a goal of the programme."""
    held_bp = next(
        bp for bp in range(100, 5000, 100) if sum(drawn(ord(each), "") < bp for each in "ABC") == 1
    )
    held = next(each for each in "ABC" if drawn(ord(each), "") < held_bp)
    others = [each for each in "ABC" if each != held]
    own = FRUIT.replace('"points", target = 40', '"incremental_sales", target = 4')
    more = goal(Metric.INCREMENTAL_SPEND, '"5.00"').replace("2026-03-10", "2026-03-01")
    of = told(
        tmp_path,
        f"""
        EARN card={held} amount=600 lines=APPLE*600             -> earned=6
        EARN card={others[0]} amount=900 lines=APPLE*900        -> earned=14
        EARN card={others[1]} amount=700 lines=BREAD*700        -> earned=7
        """,
        made(own, more=more, head=f"holdout_bp = {held_bp}"),
    )
    fruit, spend = of["fruit"], of["incremental_spend"]
    assert sales(fruit) == (1, 1, 900)
    assert (fruit.by_arm["holdout"].sales, fruit.by_arm["others"].sales) == (1, 2)
    assert fruit.actual == (2 * held_bp - 1 * (10_000 - held_bp)) // held_bp
    assert spend.actual == (1600 * held_bp - 600 * (10_000 - held_bp)) // held_bp


def test_each_programme_has_its_own(tmp_path: Path) -> None:
    """Sales of another programme count for none of the deployment's own goals."""
    other = starter_text().replace("63901200", "63901300").replace("63901299", "63901399")
    more = goal(Metric.SALES).replace("2026-03-10", "2026-03-01")
    own = starter_text() + more
    programme = parse_programme(
        {MAIN: own, f"programmes/cafe/{MAIN}": other + more.replace('"sales"', '"all"', 1)}
    )
    story = Story(programme)
    story.play("EARN card=A amount=300")
    asyncio.run(write(tmp_path, story, programme))
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        for part, expected in (("", 1), ("cafe", 0)):
            its = programme.part(part)
            assert its is not None
            found = Attainment(Purchases(database), its)
            found.measure(lambda _done, _of: None)
            assert [each.actual for each in found.goals] == [expected]


LIFE = """
    EARN card=A amount=1000                        # on 2 March, a Monday
    early: EARN card=C amount=400
    REVERSAL of=early                              # C has never bought
    EARN card=H amount=100 later=7                 # 9 March, of A's family: a day too early
    EARN card=A amount=500 later=2                 # 11 March: nine days away
    mine: EARN card=B amount=2000 lines=APPLE*600,TV*1400
    EARN card=C amount=300
    void: EARN card=D amount=900
    REFUND card=B amount=600 lines=APPLE*600 of=mine
    EARN card=A amount=700 later=8                 # 19 March, still in time
    EARN card=B amount=800 later=1                 # 20 March: over
"""


@pytest.mark.parametrize(
    ("metric", "more", "actual"),
    [
        (Metric.SALES, "", 4),
        (Metric.SPEND, "", 500 + 1400 + 300 + 700),
        (Metric.MEMBERS, "", 3),
        (Metric.NEW_MEMBERS, "", 2),
        (Metric.REACTIVATED, "away_days = 8", 1),
        (Metric.REACTIVATED, "away_days = 9", 0),
        (Metric.FREQUENCY, "", 4 * 100 // 3),
        (Metric.AVERAGE_SPEND, "", (500 + 1400 + 300 + 700) // 4),
        (Metric.RETENTION, "", 5_000),  # A and H had bought, and A did again; C's sale before did not stand
        (Metric.POINTS, "", 5 + 14 + 3 + 7),
        (Metric.PROFIT, "", (1400 - 5000) - (5 + 14 + 3 + 7)),
        (Metric.INCREMENTAL_SALES, "", None),
    ],
)
def test_goals_of_a_programme(tmp_path: Path, metric: Metric, more: str, actual: int | None) -> None:
    """Of all sales in ten days; before and after them lie others."""
    is_money = metric in (Metric.SPEND, Metric.AVERAGE_SPEND, Metric.PROFIT)
    programme = made(more=goal(metric, '"5.00"' if is_money else "5", more))
    assert told(tmp_path, LIFE, programme)[metric.value].actual == actual


def test_a_goal_of_a_segment(tmp_path: Path) -> None:
    """Those who are in it today."""
    programme = made(more=goal(Metric.SPEND, '"5.00"', 'segment = "big"'))
    story = Story(programme)
    story.play(LIFE)
    asyncio.run(write(tmp_path, story, programme))
    with closing(sqlite3.connect(tmp_path / "puntual.db")) as books, books:
        for member, segments in ((65, "bigger big"), (66, "bigger"), (67, "a big z")):
            books.execute(
                "INSERT OR REPLACE INTO profile VALUES (?, ?, '', NULL, 'person')", (member, segments)
            )
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        found = Attainment(Purchases(database), programme)
        found.measure(lambda _done, _of: None)
    assert found.goals[0].actual == 500 + 700 + 300


def test_who_came_again(tmp_path: Path) -> None:
    """Members of as long a time just before, at both of its edges; whoever else comes counts for nothing."""
    of = told(
        tmp_path,
        """
        EARN card=B amount=100
        EARN card=A amount=100 later=1                   # 3 March: the first of seven days before the 10th
        EARN card=C amount=100 later=6                   # 9 March: the last
        EARN card=A amount=600 later=1 lines=APPLE*600   # 10 March: the first of seven days
        EARN card=B amount=600 lines=APPLE*600
        EARN card=C amount=100                           # no apples
        EARN card=A amount=100 later=6
        EARN card=C amount=600 later=1 lines=APPLE*600   # 17 March: over
        EARN amount=100
        """,
        made(
            FRUIT.replace('"points", target = 40', '"retention", target = 6000').replace(
                "from = 2026-03-01, before = 2026-03-21", "from = 2026-03-10, before = 2026-03-17"
            ),
            more=goal(Metric.RETENTION).replace("-20", "-17") + goal(Metric.FREQUENCY, '"1.50"'),
        ),
    )
    assert (of["fruit"].actual, len(of["fruit"].known)) == (5_000, 2)
    assert of["retention"].actual == 10_000
    assert of["frequency"].actual == 5 * 100 // 3


def test_nobody_came_at_all(tmp_path: Path) -> None:
    """Then nobody was kept, and there is no average."""
    more = "".join(goal(each) for each in (Metric.RETENTION, Metric.FREQUENCY))
    more += goal(Metric.AVERAGE_SPEND, '"5.00"') + goal(Metric.RETENTION).replace(
        '"retention"', '"e"', 1
    ).replace("from = 2026-03-10, ", "")
    of = told(tmp_path, "EARN card=A amount=100", made(more=more))
    assert [of[name].actual for name in ("retention", "frequency", "average_spend", "e")] == [0, 0, 0, None]
