"""A till's message in, the elements of the answer out: what is taken off reaches the till to the byte."""

import pytest

from loyalty.decision import Decision
from loyalty.transaction import BasketLine
from messages.basket import cut, read_discounts, write_basket
from messages.tags import read_tags
from rules.parse import MAIN, parse_programme
from switch.case import Case, Moment
from switch.decide import decide
from switch.outcome import Outcome
from tests.messages.wire import SALE, profile, tags, transaction
from tests.switch.story import NOON, NUMBERS, Story, starter_text, token_of

RULES = """
[[rule]]
id = "half"
text = "Half price for bread"
lines = { category = "BREAD" }
then = { discount = "1/2" }

[[rule]]
id = "five-off"
text = "5.00 off from 60.00"
when = { amount = { from = "60.00" } }
then = { discount_amount = "5.00" }
"""
PIECES = (63, 120, 121, 122, 123)
BASKET = r"0025W1\1\U\6000\WINE\B1\2\U\4000\BREAD" + "\\"


def decided(elements: dict[int, str], mti: str = "0200") -> Outcome:
    """What comes of a message of card A."""
    story = Story(parse_programme({MAIN: starter_text() + RULES}))
    asked = transaction(mti, SALE | {2: NUMBERS["A"]} | elements)
    moment = Moment(12345, NOON, NOON.date())

    def render(decision: Decision) -> dict[int, str]:
        return profile().elements(
            decision, operation=asked.operation, seq=moment.seq, business_date=moment.business_date
        )

    outcome = decide(Case(asked, story.worksheet, story.programmes, moment, token_of, render))
    assert isinstance(outcome, Outcome)
    return outcome


def test_sale() -> None:
    """Half of the bread, then 5.00 spread over what is left; 062 is DE 4 less 056."""
    elements = decided({4: "000000010000", 48: tags(t040="D"), 63: BASKET}).elements
    told = dict(read_tags(elements[48]))
    assert {tag: told.get(tag) for tag in ("050", "052", "056", "062", "063")} == {
        "050": "C000000000075",
        "052": "C000000000075",
        "056": "000000002500",
        "062": "000000007500",
        "063": None,
    }
    assert elements[63] == (
        "003"
        r"002\2000\half\Half price for bread" + "\\"
        r"001\375\five-off\5.00 off from 60.00" + "\\"
        r"002\125\five-off\5.00 off from 60.00" + "\\"
    )
    assert elements[54] == "9002999C0000000000759001999C000000000075"
    assert "Half price for bread            -20.00" in elements[62].split("|")


def test_quote_and_tills_that_cannot() -> None:
    """A quote says the same and books nothing; without D, and in an advice, the price stays."""
    sale = {4: "000000010000", 63: BASKET}
    quoted = decided(sale | {3: "380000", 48: tags(t040="D")}, "0100")
    assert quoted.record is None
    assert dict(read_tags(quoted.elements[48]))["062"] == "000000007500"
    for outcome in (decided(sale), decided(sale | {48: tags(t040="D")}, "0220")):
        told = dict(read_tags(outcome.elements[48]))
        assert (63 in outcome.elements, told.get("056"), told["062"]) == (False, None, "000000010000")


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (20, {("half", True)}),
        (60, {("half", True), ("five-off", True)}),
        (160, {("half", False), ("five-off", False)}),
        (300, {("", False)}),
    ],
)
def test_every_basket_has_an_answer_that_fits(count: int, names: set[tuple[str, bool]]) -> None:
    """Texts are left out before amounts: they add up to 056 whatever there is room for."""
    lines = [BasketLine("B", 1000, "U", 100, "BREAD") for _ in range(count)]
    basket = cut(write_basket(lines), PIECES, 999)
    elements = decided({4: f"{count * 100:012}", 48: tags(t040="D")} | basket).elements
    given = read_discounts("".join(elements.get(number, "") for number in PIECES))
    assert sum(each.amount_minor for each in given) == int(dict(read_tags(elements[48]))["056"])
    assert {each.line for each in given} == set(range(1, count + 1))
    assert {(each.promotion, bool(each.text)) for each in given} == names
