"""What the switch does not do, it does not take either."""

from importlib.resources import files
from pathlib import Path

import pytest

from loyalty.errors import Problems
from rules.conditions import SET_ATTRIBUTES, TEXT_ATTRIBUTES
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from switch.ability import load_enforced, unenforced
from switch.case import Case, Moment
from switch.sales import facts_of
from tests.switch.story import NOON, Story, new_card, starter_text, token_of

CAMPAIGN = """
[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-06-01, before = 2026-09-01 }
audience = { segment = "new" }
budget_points = 100
"""


def rule(more: str, name: str = "r") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\nthen = {{ points = 5 }}\n{more}\n'


def told(rules: str, campaign: str | None = None) -> list[str]:
    coupon = '[[coupon]]\nid = "1"\ntext = "C"\n'
    sources = {MAIN: starter_text().replace("tiers = []", 'tiers = ["1"]') + coupon + rules}
    if campaign is not None:
        sources["campaigns/summer.toml"] = campaign
    return [str(problem) for problem in unenforced(parse_programme(sources))]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('when = { mcc = "5411", weekday = "tue", tender = "CASH", language = "es" }', []),
        ('cap = { points = 4, per = "transaction" }', []),
        ('cap = { points = 4, per = "day" }', []),
        ('when = { segment = "vip" }', ["rule r: when: segment"]),
        ('when = { card_category = "gold" }', ["rule r: when: card_category"]),
        ("when = { birthday = { days_before = 3 } }", ["rule r: when: birthday"]),
        ('when.counter = { "visits.month" = { from = 2 } }', []),
        ('when.not = { segment = "staff" }', ["rule r: when: segment"]),
        (
            'when.any = [{ mcc = "1", segment = "a" }, { segment = "b" }, { all = [{ birthday = {} }] }]',
            ["rule r: when: segment", "rule r: when: birthday"],
        ),
    ],
)
def test_rules(more: str, expected: list[str]) -> None:
    """Each once, however deep it stands."""
    more = more.replace('mcc = "1"', 'mcc = "0001"').replace("birthday = {}", "birthday = { days_after = 1 }")
    assert told(rule(more)) == [f"{each} is not enforced by this version (take it out)" for each in expected]


def test_campaigns() -> None:
    """The audience is told once, not for every rule; what does not count is no matter."""
    campaign = CAMPAIGN + rule("", "a") + rule('when = { segment = "old" }', "b")
    assert [line.partition(" is not")[0] for line in told("", campaign)] == [
        "campaign summer: audience: segment",
        "rule b: when: segment",
    ]
    assert told("", campaign.replace('"active"', '"draft"')) == []


def test_all_at_once(tmp_path: Path) -> None:
    """A programme that the switch cannot keep to is refused with all that it cannot."""
    path = tmp_path / MAIN
    path.write_text(starter_text() + rule('when = { segment = "a", card_category = "b" }'))
    with pytest.raises(Problems) as caught:
        load_enforced(path)
    assert [(each.where, each.hint) for each in caught.value.problems] == [
        ("rule r: when", "take it out"),
        ("rule r: when", "take it out"),
    ]
    path.write_text(starter_text())
    assert load_enforced(path).name == "Starter"


def test_the_shipped_programmes_are_enforced() -> None:
    """Nobody should meet a refusal with a programme that came along."""
    for starter in files("rules").joinpath("starters").iterdir():
        programme = parse_programme({MAIN: starter.read_text("utf-8")})
        assert unenforced(programme) == [], starter.name


def test_a_refused_condition_is_one_that_nothing_is_told_of() -> None:
    """Whoever fills these facts must take them off the list, and the other way round."""
    story = Story()
    asked = story.transaction(["EARN", "card=A", "amount=100", "lines=a*100"])
    moment = Moment(1, NOON, NOON.date())
    case = Case(asked, story.worksheet, story.programmes, moment, token_of, lambda _: {37: "1"})
    facts: Facts = facts_of(case, new_card("A"), 100)
    assert (facts.segments, facts.card_category, facts.birthday, facts.joined_on, facts.counters) == (
        frozenset(), "", None, None, (),
    )  # fmt: skip
    refused = {
        key
        for key in (*TEXT_ATTRIBUTES, *SET_ATTRIBUTES)
        if told(rule(f"when = {{ {key} = {value_of(key)} }}"))
    }
    assert refused == {"segment", "card_category"}


def value_of(key: str) -> str:
    """Some value that *key* may have."""
    closed = {"channel": "ECOM", "card_status": "active", "tender": "CASH", "mcc": "5411", "language": "es"}
    closed["acquirer"] = "00000000001"
    return f'"{closed.get(key, "1")}"'
