"""Limits of every scope, unit and span bind exactly, for whom they count, and give back what is undone."""

import pytest

from rules.cap import Per, Scope, Unit
from rules.parse import MAIN, parse_programme
from tests.switch.story import Story, starter_text

LIMITS = {Unit.POINTS: "points = 15", Unit.COUNT: "count = 1", Unit.COST: 'cost = "0.15"'}
OTHER = {  # whom a limit does not count together with card A at T1
    Scope.MEMBER: "card=B at=T1 cashier=1 partner=X",
    Scope.CARD: "card=B at=T1 cashier=1 partner=X",
    Scope.TERMINAL: "card=A at=T2 cashier=1 partner=X",
    Scope.CASHIER: "card=A at=T1 cashier=2 partner=X",
    Scope.PARTNER: "card=A at=T1 cashier=1 partner=Y",
    Scope.ALL: "",
}
ONE = "card=A at=T1 cashier=1 partner=X"
# By span: how many days later it is another one, and how many later it is the same still.
LATER = {
    "day": (1, 0),
    "week": (7, 6),
    "month": (30, 29),
    "year": (305, 304),
    "3 days": (3, 2),
    "lifetime": (0, 4000),
}


@pytest.mark.parametrize("span", LATER)
@pytest.mark.parametrize("unit", LIMITS)
@pytest.mark.parametrize("scope", Scope)
def test_a_limit_binds(scope: Scope, unit: Unit, span: str) -> None:
    """2 March is a Monday; a sale brings 10 points of the rule where the limit leaves them."""
    rule = f"""
[[rule]]
id = "r"
text = "R"
then = {{ points = 10 }}
cap = {{ {LIMITS[unit]}, per = "{span}", scope = "{scope.value}" }}
"""
    programme = parse_programme({MAIN: starter_text() + rule})
    rest = 0 if unit is Unit.COUNT else 5
    other = f"EARN {OTHER[scope]} amount=100 -> earned=11" if OTHER[scope] else ""
    another, same = LATER[span]
    story = Story(programme)
    story.play(
        f"""
        s: EARN {ONE} amount=100                    -> earned=11
        EARN {ONE} amount=100                       -> earned={1 + rest}
        EARN {ONE} amount=100                       -> earned=1
        {other}
        VOID of=s at=T1                             -> earned=-11
        EARN {ONE} amount=100                       -> earned=11
        EARN {ONE} amount=100 later={same}          -> earned=1
        """
    )
    if another:
        story.play(f"EARN {ONE} amount=100 later={another - same} -> earned=11")


@pytest.mark.parametrize("unit", LIMITS)
def test_a_limit_of_one_sale_is_for_all_its_rules(unit: Unit) -> None:
    """Two rules of a campaign share it; a sale counts once."""
    campaign = f"""
[campaign]
id = "c"
text = "C"
nature = "points"
category = "x"
state = "active"
period = {{ from = 2026-01-01 }}
cap = {{ {LIMITS[unit]}, per = "transaction" }}
"""
    for name in ("a", "b"):
        campaign += f'[[rule]]\nid = "{name}"\ntext = "R"\nthen = {{ points = 10 }}\n'
    programme = parse_programme({MAIN: starter_text(), "campaigns/c.toml": campaign})
    given = 21 if unit is Unit.COUNT else 16
    Story(programme).play(
        f"EARN card=A amount=100 -> earned={given}\nEARN card=A amount=100 -> earned={given}"
    )


def test_all_spans_are_tried() -> None:
    assert {Per.ROLLING if span == "3 days" else Per(span) for span in LATER} == set(Per) - {Per.TRANSACTION}
