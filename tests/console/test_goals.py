# ruff: noqa: E501  (a row of a table is a line)
"""How far goals are, as people and programs are told it."""

import asyncio
import json
from pathlib import Path

import pytest

from rules.goal import Metric
from tests.console.commands import puntual
from tests.switch.measuring import BREAD, FRUIT, HALVES, PRODUCTS, goal, made, write
from tests.switch.story import Story

# They began long ago and never end, so what is told does not depend on the day of the test.
OF_ALL = goal(Metric.SALES, "1", 'segment = "big"').replace("2026-03-10, before = 2026-03-20", "2020-01-01")
CAMPAIGNS = tuple(
    text.replace("from = 2026-03-01", "from = 2020-01-01")
    for text in (
        FRUIT.replace(", before = 2026-03-21", "").replace("target = 40", "target = 5"),
        BREAD.replace('goal = { metric = "spend", target = "50.00" }', 'goal = "more bread"'),
        HALVES,
    )
)
GOALS = """
Goals of campaigns:
campaign  state   from        before  time over  measured by        target  actual  reached  stands
fruit     active  2020-01-01                     points             5       5       100%     reached
bread     active  2020-01-01                     words alone
halves    active  2020-01-01                     incremental spend  10.00   9.60    96%      open

What campaigns brought and cost:
campaign  sales  members  spend  points given  taken back  set right  points now  cost of points  cost of discounts  cost of gifts  cost
fruit         1        1  9.60             10           5          0           5  0.05            0.00               0.00           0.05
bread         1        1  9.60              0           0          0           0  0.00            0.40               0.00           0.40
halves        1        1  9.60             20          10          0          10  0.10            0.00               0.00           0.10

Their budgets, in points:
campaign  planned  loaded  reserved  spent  left  daily  today  runs out on
fruit         100       0         0      5    95                """
REST = """

All sales in their time, by arm:
campaign  arm      share  members  sales  spend
halves    A        50%          1      1  9.60
halves    control  50%          0      0  0.00

Goals of the programme:
goal   segment  from        before  time over  measured by  target  actual  reached  stands
sales  big      2020-01-01                     sales             1       0  0%       open
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a deployment with three campaigns, a goal and some sales."""
    folder = tmp_path / "shop"
    puntual("init", folder)
    (folder / "campaigns").mkdir(exist_ok=True)
    for at, text in enumerate(CAMPAIGNS):
        (folder / "campaigns" / f"{at}.toml").write_text(text)
    with (folder / "programme.toml").open("a") as programme:
        programme.write(OF_ALL)
    (folder / "products.csv").write_text(PRODUCTS)
    story = Story(made(*CAMPAIGNS, more=OF_ALL))
    story.play("""
        one: EARN card=A can=D amount=1000 lines=APPLE*600,BREAD*400
        two: EARN card=A amount=300 lines=APPLE*300
        REVERSAL of=two
    """)
    asyncio.run(write(folder, story, story.programmes.current))
    return folder / "puntual.toml"


def test_goals_as_tables(shop: Path) -> None:
    """One of goals, one of what was brought, one of budgets, one of arms, one of the programme's goals."""
    told = puntual("rules", "goals", "--config", shop)
    assert told.exit_code == 0
    shown, _, rest = told.output.partition("    95                ")
    assert f"\n{shown}    95                " == GOALS
    assert rest[rest.index("\n") :].lstrip("\n") == REST.lstrip("\n")


def test_goals_as_json(shop: Path) -> None:
    """With money in minor units and parts in basis points."""
    told = json.loads(puntual("rules", "goals", "halves", "--json", "--config", shop).output)
    (halves,) = told.pop("campaigns")
    assert told == {"through": 3, "goals": [], "erased": 0}
    assert halves["goal"] == {
        "text": None,
        "metric": "incremental_spend",
        "target": 1000,
        "actual": 960,
        "reached_bp": 9600,
        "standing": "open",
    }
    assert halves["points"] == {"given": 20, "back": 10, "corrected": 0, "stand": 10}
    assert halves["cost"] == {"points": 10, "discounts": 0, "gifts": 0, "whole": 10}
    assert [each["spend"] for each in halves["arms"]] == [960, 0]
    assert halves["budget"] is None
    (sales,) = json.loads(puntual("rules", "goals", "sales", "--json", "--config", shop).output)["goals"]
    assert (sales["segment"], sales["metric"], sales["actual"]) == ("big", "sales", 0)


def test_a_campaign_that_is_paused_by_order(shop: Path) -> None:
    """Its file says that it is active."""
    assert puntual("pause", "fruit", "--by", "ana", "--config", shop).exit_code == 0
    (fruit,) = json.loads(puntual("rules", "goals", "fruit", "--json", "--config", shop).output)["campaigns"]
    assert fruit["state"] == "paused"
    assert fruit["sales"] == 1


def test_what_is_no_goal(shop: Path) -> None:
    """A name that is mistyped gives nothing to look at."""
    told = puntual("rules", "goals", "friut", "--config", shop)
    assert told.exit_code == 2
    assert "friut: is neither a campaign nor a goal (did you mean fruit?)" in told.output


def test_a_programme_without_goals(tmp_path: Path) -> None:
    """As the starter; and no sale was ever made."""
    puntual("init", tmp_path / "shop")
    told = puntual("rules", "goals", "--config", tmp_path / "shop" / "puntual.toml")
    assert (told.exit_code, "there are no books" in told.output) == (2, True)
