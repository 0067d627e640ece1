"""Limits over time, budgets and counters: they bind to the last point, and undoing gives back."""

import pytest

from ledger.account import AccountKind, name_of
from rules.evaluate import evaluate
from rules.facts import Facts
from rules.interpret import interpret
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.counting import budget_account
from tests.switch.story import Story, play, starter_text

CAMPAIGN = """[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
budget_points = 100
%s
[[rule]]
id = "sun"
text = "Sun"
then = { points = 40 }
"""
BUDGET = name_of(budget_account("summer"))


def rule(more: str, gives: str = "points = 40", name: str = "r") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\nthen = {{ {gives} }}\n{more}\n'


def made(rules: str = "", campaign: str | None = None) -> Programme:
    sources = {MAIN: starter_text() + rules}
    if campaign is not None:
        sources["campaigns/summer.toml"] = campaign
    return parse_programme(sources)


@pytest.mark.parametrize(
    ("cap", "story"),
    [
        (
            '{ points = 100, per = "day" }',
            """
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 -> earned=21
            EARN card=A amount=100 -> earned=1
            EARN card=B amount=100 -> earned=41
            EARN card=A amount=100 later=1 -> earned=41
            """,
        ),
        (
            '{ points = 50, per = "day", scope = "all" }',
            """
            EARN card=A amount=100 -> earned=41
            EARN card=B amount=100 -> earned=11
            EARN card=C amount=100 -> earned=1
            """,
        ),
        (
            '{ points = 50, per = "week", scope = "terminal" }',  # it begins on a Monday
            """
            EARN card=A amount=100 -> earned=41
            EARN card=B amount=100 later=6 -> earned=11
            EARN card=C amount=100 at=T2 -> earned=41
            EARN card=C amount=100 later=1 -> earned=41
            """,
        ),
        (
            '{ count = 2, per = "month" }',  # 2 March, then 31 March and 1 April
            """
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 later=29 -> earned=41
            EARN card=A amount=100 -> earned=1
            EARN card=A amount=100 later=1 -> earned=41
            """,
        ),
        (
            '{ cost = "0.50", per = "lifetime" }',  # a point is worth a cent
            """
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 later=400 -> earned=11
            EARN card=A amount=100 later=400 -> earned=1
            """,
        ),
        (
            '{ points = 50, per = "3 days" }',
            """
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 later=2 -> earned=11
            EARN card=A amount=100 -> earned=1
            EARN card=A amount=100 later=1 -> earned=41
            EARN card=A amount=100 later=1 -> earned=1
            EARN card=A amount=100 later=1 -> earned=11
            """,
        ),
        (
            '[{ points = 50, per = "day" }, { points = 60, per = "year" }]',
            """
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 -> earned=11
            EARN card=A amount=100 later=1 -> earned=11
            EARN card=A amount=100 later=304 -> earned=41  # 1 January
            """,
        ),
    ],
)
def test_limits_hold_over_time(cap: str, story: str) -> None:
    """Both sides of the edge of each span."""
    play(story, made(rule(f"cap = {cap}")))


@pytest.mark.parametrize(
    "undone",
    [
        "VOID of=x",
        "REVERSAL card=A of=x",
        "REFUND card=A of=x amount=100",
        "REVERSAL card=A of=x final=1",
    ],
)
def test_what_is_undone_is_counted_no_longer(undone: str) -> None:
    """What was taken back can be earned again, and no more than that."""
    play(
        f"""
        x: EARN card=A amount=100 -> earned=41
        EARN card=A amount=100 -> earned=11
        {undone}
        EARN card=A amount=100 -> earned=41
        EARN card=A amount=100 -> earned=1
        """,
        made(rule('cap = { points = 50, per = "day" }')),
    )


def test_undoing_an_undoing_counts_again() -> None:
    play(
        """
        x: EARN card=A amount=100 -> earned=41
        v: VOID of=x
        REVERSAL card=A of=v
        EARN card=A amount=100 -> earned=10
        x2: EARN card=A amount=100 -> earned=1
        REVERSAL card=A of=x -> kept=True
        EARN card=A amount=100 -> earned=41
        """,
        made(rule('cap = { points = 49, per = "day" }')),
    )


def test_what_is_undone_later_belongs_to_the_day_of_the_sale() -> None:
    """The limit of today is not widened by what comes back of yesterday."""
    play(
        """
        x: EARN card=A amount=100 -> earned=41
        EARN card=A amount=100 later=1 -> earned=41
        REFUND card=A of=x amount=100
        EARN card=A amount=100 -> earned=11
        """,
        made(rule('cap = { points = 50, per = "day" }')),
    )


def test_a_part_that_comes_back_takes_its_part_of_the_limit() -> None:
    """With lines they are rated again; without lines in proportion, as the points are."""
    limited = made(
        rule('cap = { points = 30, per = "day" }\nlines = { product = "a" }', "points_per_line = 10")
    )
    play(
        """
        x: EARN card=A amount=300 lines=a*100,a*100,b*100 -> earned=23
        EARN card=A amount=200 lines=a*100,a*100 -> earned=12
        REFUND card=A of=x amount=100 lines=a*100
        EARN card=A amount=200 lines=a*100,a*100 -> earned=12
        EARN card=A amount=200 lines=a*100,a*100 -> earned=2
        """,
        limited,
    )
    play(
        """
        x: EARN card=A amount=400 -> earned=44
        REFUND card=A of=x amount=100 -> earned=-11
        EARN card=A amount=100 -> earned=21
        EARN card=A amount=100 -> earned=1
        """,
        made(rule('cap = { points = 50, per = "day" }')),
    )


def test_limits_of_campaigns_and_of_the_programme() -> None:
    """Limits of a campaign bind its rules together; those of the programme also the base rate."""
    play(
        """
        EARN card=A amount=100 -> earned=41
        EARN card=A amount=100 -> earned=21
        EARN card=B amount=100 -> earned=41
        """,
        made(campaign=CAMPAIGN % 'cap = { points = 60, per = "day" }'),
    )
    limited = made(rule('cap = { points = 45, per = "day" }'))
    limited = parse_programme(
        {
            MAIN: starter_text()
            + '[[cap]]\npoints = 50\nper = "day"\n'
            + rule('cap = { points = 45, per = "day" }')
        }
    )
    play(
        """
        EARN card=A amount=500 -> earned=45
        EARN card=A amount=1000 -> earned=5
        EARN card=A amount=1000 -> earned=0
        EARN card=B amount=10000 -> earned=50
        """,
        limited,
    )


def test_a_budget_is_an_account_with_a_floor() -> None:
    """What the campaign gives is borne by its budget, to the last point, and comes back to it."""
    story = play(
        """
        x: EARN card=A amount=100 -> earned=41
        EARN card=B amount=100 -> earned=41
        EARN card=C amount=100 -> earned=21
        EARN card=C amount=100 -> earned=1
        """,
        made(campaign=CAMPAIGN % ""),
    )
    assert story.sums().get(BUDGET, 0) == 0
    assert story.sums()["issue"] == -104
    story.play(
        """
        v: VOID of=x
        """
    )
    assert story.sums()[BUDGET] == 40
    assert story.sums()["issue"] == -103
    story.play("EARN card=C amount=100 -> earned=41")
    assert BUDGET not in story.sums()
    story.play("REVERSAL card=A of=v")  # the first sale stands again, and somebody has its part of the budget
    assert BUDGET not in story.sums()
    story.play("EARN card=C amount=100 -> earned=1")


def test_a_budget_is_paced() -> None:
    play(
        """
        EARN card=A amount=100 -> earned=41
        EARN card=B amount=100 -> earned=11
        EARN card=B amount=100 later=1 -> earned=41
        EARN card=B amount=100 later=1 -> earned=11
        EARN card=B amount=100 later=1 -> earned=1
        """,
        made(campaign=CAMPAIGN % "budget_daily = 50"),
    )


@pytest.mark.parametrize(
    ("when", "story"),
    [
        (
            '"visits.month" = { from = 2 }',
            """
            EARN card=A amount=100 -> earned=1
            x: EARN card=A amount=100 -> earned=1
            EARN card=A amount=100 -> earned=41
            EARN card=B amount=100 -> earned=1
            VOID of=x
            EARN card=A amount=100 -> earned=41
            EARN card=A amount=100 later=30 -> earned=1
            """,
        ),
        (
            '"spend.7d" = { from = "5.00" }',
            """
            x: EARN card=A amount=500 -> earned=5
            EARN card=A amount=100 later=6 -> earned=41
            EARN card=A amount=100 later=1 -> earned=1
            """,
        ),
        (
            '"spend.lifetime" = { from = "5.00" }',
            """
            x: EARN card=A amount=500 -> earned=5
            QUOTE card=A amount=100 -> earned=41
            REFUND card=A of=x amount=1
            EARN card=A amount=100 -> earned=1
            EARN card=A amount=100 -> earned=41
            """,
        ),
        (
            '"points.week" = { below = 5 }',
            """
            EARN card=A amount=500 -> earned=45
            EARN card=A amount=100 -> earned=1
            """,
        ),
        (
            '"product.a.lifetime" = { from = 2 }',
            """
            EARN card=A amount=200 lines=a*100,b*100 -> earned=2
            x: EARN card=A amount=100 lines=a*100 -> earned=1
            EARN card=A amount=100 lines=b*100 -> earned=41
            REFUND card=A of=x amount=100 lines=a*100
            EARN card=A amount=100 lines=b*100 -> earned=1
            """,
        ),
        (
            '"streak.day" = { from = 2 }',
            """
            EARN card=A amount=100 -> earned=1
            EARN card=A amount=100 later=1 -> earned=1
            x: EARN card=A amount=100 later=1 -> earned=41
            EARN card=A amount=100 later=2 -> earned=1
            """,
        ),
        (
            '"streak.month" = { from = 1 }',
            """
            x: EARN card=A amount=100 -> earned=1
            EARN card=A amount=100 later=35 -> earned=41
            EARN card=A amount=100 later=60 -> earned=1
            """,
        ),
        (
            '"days_since.visit" = { from = 10 }',
            """
            EARN card=A amount=100 -> earned=1
            x: EARN card=A amount=100 later=9 -> earned=1
            EARN card=A amount=100 later=10 -> earned=41
            EARN card=A amount=100 -> earned=1
            y: EARN card=A amount=100 later=3 -> earned=1
            VOID of=y
            EARN card=A amount=100 later=7 -> earned=41
            """,
        ),
    ],
)
def test_counters_tell_what_was_before(when: str, story: str) -> None:
    """Both edges, what was undone, and the edge of the span."""
    play(story, made(rule(f"when.counter = {{ {when} }}")))


def test_a_sale_without_a_card_counts_for_all_but_the_member() -> None:
    story = play(
        """
        EARN* amount=100
        EARN card=A amount=100 -> earned=11
        """,
        made(
            rule(
                'when.counter = { "visits.day" = { below = 1 } }\n'
                'cap = [{ points = 50, per = "day", scope = "all" }]'
            )
        ),
    )
    assert story.sums()["suspense"] == 41


def test_what_a_decision_saw_tells_its_award_again() -> None:
    """The counters are among the facts that are kept, so table and oracle tell what was earned then."""
    programme = made(
        rule('when.counter = { "visits.day" = { from = 1 } }\ncap = { points = 60, per = "day" }'),
        CAMPAIGN % "",
    )
    story = play("\n".join(["EARN card=A amount=100"] * 4), programme)
    for record in story.store.records.values():
        facts = Facts.from_json(story.store.facts(record.seq) or "")
        assert evaluate(programme, facts).points == record.earned
        assert interpret(programme, facts) == evaluate(programme, facts)


def test_an_ordinary_programme_counts_nothing() -> None:
    assert made(rule('cap = { points = 1, per = "transaction" }')).counting is None
    story = play("EARN card=A amount=100", made(rule("")))
    assert story.store.tallies == {}
    assert all(kind is not AccountKind.BUDGET for kind in AccountKind if kind.name.lower() in story.sums())


def test_a_plan_that_is_cut_leaves_what_is_spent() -> None:
    """A later version plans less: nothing more is given, and the budget does not fall below nothing."""
    story = Story(made(campaign=CAMPAIGN % ""))
    story.play("x: EARN card=A amount=100\nEARN card=A amount=100 -> earned=41")
    less = made(campaign=(CAMPAIGN % "").replace("= 100", "= 50"))
    story.programmes = story.programmes.then(story.now, less)
    story.play("EARN card=A amount=100 -> earned=1\nVOID of=x")
    assert story.sums()[BUDGET] == 10
    story.play("EARN card=A amount=100 -> earned=11")
    assert BUDGET not in story.sums()
