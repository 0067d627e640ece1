"""Scenarios: what is expected is compared, what is wrong with a file is told."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loyalty.clock import ManualClock
from loyalty.errors import LoyaltyError, Problems
from simulator.message import Answer, Request, answer_type
from simulator.private import write_tags
from simulator.scenario import play
from simulator.scenario_file import load_scenario, parse_scenario, shipped
from simulator.terminal import Answered, Result, Unanswered
from simulator.till import Identity, Till


def till() -> Till:
    return Till(Identity(terminal_id="T0000001"), ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC)))


def host(**own: str) -> Callable[[Request], Result]:
    """Approves everything with the elements *own* (``de38="A1"``)."""

    def exchange(request: Request) -> Result:
        elements = {key.removeprefix("de"): text for key, text in own.items()}
        answer = {
            **request.elements,
            "t": answer_type(request.mti),
            "39": "00",
            "37": "6325" + request.stan,
            **elements,
        }
        return Answered(request=request, answer=Answer(answer), sent=1)

    return exchange


def failed(expect: str, **own: str) -> list[str]:
    """Which expectations of a sale do not hold."""
    text = f"""
        title = "t"
        [[step]]
        request = {{ mti = "0200", 2 = "6390120000000019", 4 = "000000000100" }}
        expect = {expect}
    """
    (played,) = play(parse_scenario(text, {}, where="f"), till(), host(**own))
    assert played.holds == all(check.holds for check in played.checks)
    return [check.key for check in played.checks if not check.holds]


@pytest.mark.parametrize(
    ("expect", "fails"),
    [
        ('{ 39 = "00", mti = "0210" }', []),
        ('{ 39 = "51", mti = "0230" }', ["39", "t"]),
        ('{ 4 = "@echoed", 3 = "@echoed", 37 = "@echoed" }', ["3", "37"]),
        ('{ 37 = "@present", 44 = "@present" }', ["44"]),
        ('{ 37 = "@absent", 44 = "@absent" }', ["37"]),
        ('{ 37 = "@any", 44 = "@any" }', []),
        ('{ 48 = { 050 = "C1", 051 = "@absent", 065 = ["a", "b"] } }', []),
        (
            '{ 48 = { 050 = "C2", 051 = "@present", 065 = ["a"], 060 = "x" } }',
            ["48.050", "48.051", "48.065", "48.060"],
        ),
        ('{ 11 = "$step1.sent.11", 37 = "6325$step1.sent.11" }', []),
    ],
)
def test_expectations(expect: str, fails: list[str]) -> None:
    """Each kind of expectation can hold and can fail."""
    assert failed(expect, de48=write_tags([("050", "C1"), ("065", "a"), ("065", "b")])) == fails


def test_variables_and_repeats() -> None:
    """What a step sent and got is known to the next; a repeat is the same message, changed as asked."""
    text = """
        title = "t"
        [variables]
        card = "1"
        [[step]]
        name = "sale"
        request = { mti = "0200", 2 = "$card", 3 = "000000", 48 = { 023 = "A1" } }
        [[step]]
        name = "again"
        again = "sale"
        request = { mti = "0201", 4 = "000000000100", 7 = "@absent", 48 = { 040 = "P" } }
        [[step]]
        [step.request]
        mti = "0420"
        90 = "$sale.original"
        48 = { 013 = "$sale.37" }
        63 = [["m", "1.5", "U", "-5", ""]]
    """
    scenario = parse_scenario(text, {"card": "77"}, where="f")
    sent: list[dict[str, str]] = []

    def exchange(request: Request) -> Result:
        sent.append(dict(request.elements))
        return host()(request)

    assert all(step.holds for step in play(scenario, till(), exchange))
    sale, again, reversal = sent
    assert sale["2"] == "77"
    changed = {**sale, "t": "0201", "4": "000000000100", "48": "023002A1040001P"}
    del changed["7"]
    assert again == changed
    assert reversal["90"] == "0200000001" + "0301120000" + "0" * 22
    assert reversal["48"] == "0130106325000001"
    assert reversal["63"] == "0015m\\1.5\\U\\-5\\\\"


def test_card_is_masked() -> None:
    """What a failed expectation shows of a card is its last four digits."""
    text = """
        title = "t"
        [[step]]
        request = { mti = "0200", 2 = "6390120000000019" }
        expect = { 2 = "6390120000000027" }
    """
    (played,) = play(parse_scenario(text, {}, where="f"), till(), host())
    (check,) = played.checks
    assert (check.expected, check.found) == ("************0027", "************0019")


def test_no_answer_ends_it() -> None:
    """A step without an answer does not hold, and the rest is not played."""
    scenario = load_scenario("till", {})
    played = list(play(scenario, till(), lambda request: Unanswered(request=request, kept=None)))
    assert [step.holds for step in played] == [False]


def test_missing_element() -> None:
    """A variable of an answer that did not have it is told with the step."""
    text = """
        title = "t"
        [[step]]
        name = "a"
        request = { mti = "0100" }
        [[step]]
        request = { mti = "0100", 38 = "$a.38" }
    """
    *_, last = play(parse_scenario(text, {}, where="f"), till(), host())
    assert (last.step.name, last.holds, last.trouble) == ("step2", False, "the answer had no $a.38")


def test_shipped() -> None:
    """All that is shipped can be read."""
    assert shipped() == ["holds", "lost-answers", "refusals", "till"]
    assert all(load_scenario(name, {}).steps for name in shipped())


def test_all_problems_at_once() -> None:
    """An author sees everything that is wrong, with its place."""
    text = """
        titel = "t"
        [variables]
        card = 5
        [[step]]
        request = { 2 = "$crd", 65 = "x", 48 = { 5 = "@echoed" }, 4 = 12, 63 = [["m", "x", "U", "1", ""]] }
        [[step]]
        name = "Bad name"
        again = "nope"
        expect = { 39 = "@presnt", 38 = "50 $" }
    """
    with pytest.raises(Problems) as raised:
        parse_scenario(text, {"x": "y"}, where="f.toml")
    where = [problem.where.removeprefix("f.toml: ") for problem in raised.value.problems]
    assert where == [
        "titel", "variables.card", "--set", "title", "step[1].request.2", "step[1].request.65",
        "step[1].request.48.5", "step[1].request.48.5", "step[1].request.4", "step[1].request.63[1]",
        "step[1].request", "step[2].name", "step[2].again", "step[2].expect.39", "step[2].expect.38",
    ]  # fmt: skip


def test_no_such_file() -> None:
    with pytest.raises(LoyaltyError, match="shipped are holds, lost-answers, refusals, till"):
        load_scenario("tils", {})


def test_the_documented_one() -> None:
    """The example of the page is a scenario, and names what it names."""
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(parse_scenario(text, {}, where="docs/simulator.md").steps) == 3
