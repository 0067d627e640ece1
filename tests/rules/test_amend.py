"""What is paused gives nothing, under a version that says so."""

from rules.amend import amended, restored
from rules.evaluate import evaluate
from rules.explain import tell, why_not
from rules.programme import Programme
from tests.rules.sales import programme, sale

CAMPAIGN = """
[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }

[[rule]]
id = "double"
text = "Double points"
then = { multiply = 2 }
"""
WHOLE = programme(summer=CAMPAIGN)
NOTHING: frozenset[str] = frozenset()


def nobody(version: str) -> Programme:
    raise AssertionError(version)


def test_a_paused_campaign_gives_nothing_and_its_version_can_be_made_again() -> None:
    paused = amended(WHOLE, paused=frozenset({"summer"}), stopped=NOTHING)
    facts = sale("10.00")
    assert evaluate(WHOLE, facts).points == 20
    assert evaluate(paused, facts).points == 10
    assert paused.version != WHOLE.version
    again = restored(paused.text, {WHOLE.version: WHOLE}.__getitem__)
    assert again == paused
    assert evaluate(again, facts).points == 10
    assert restored(WHOLE.text, nobody) == WHOLE
    assert why_not(paused, facts, "double")[-1].found == "summer was paused"


def test_nothing_is_earned_while_earning_is_stopped() -> None:
    stopped = amended(WHOLE, paused=NOTHING, stopped=frozenset({"earn"}))
    assert evaluate(stopped, sale("10.00")).points == 0
    assert tell(stopped, sale("10.00")) == ["earning was paused"]
    assert why_not(stopped, sale("10.00"), "double")[-1].found == "earning was paused"


def test_what_nothing_is_paused_of_is_the_whole_again() -> None:
    paused = amended(WHOLE, paused=frozenset({"summer"}), stopped=frozenset({"redeem"}))
    assert amended(paused, paused=NOTHING, stopped=NOTHING) is WHOLE
