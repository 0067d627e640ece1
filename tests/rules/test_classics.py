"""The classic errors, each with a programme that makes it and one that does not."""

from collections.abc import Mapping

import pytest

from rules.lint import lint
from rules.outlook import Outlook
from rules.registered import unknown_names
from tests.rules.sales import programme

METRIC = '[qualification]\nmetric = "%s"\nwindow = "year"\ndowngrade = "one"\nfrom = { gold = %s }\n'


def rule(name: str, more: str, then: str) -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\n{more}\nthen = {{ {then} }}\n'


def told(
    text: str, costs: Mapping[str, int] | None = None, outlook: Outlook | None = None, **head: str
) -> list[str]:
    made = programme(text, **head)  # type: ignore[arg-type]  # tiers alone
    return [str(each).partition(" (")[0] for each in lint(made, costs or {}, outlook)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            rule("off", "", 'discount = "1/20"'),
            "guards.discount_max_bp: 83.33 percent of what the rules give is money off the price",
        ),
        (rule("off", "", 'discount = "1/100"'), ""),  # as much as the base
        (rule("off", 'lines = { category = "B" }', 'discount = "1/10"'), ""),  # one line of ten
        (rule("off", 'when = { weekday = "mon" }', 'discount = "7/100"'), ""),  # one day of seven
        ("[guards]\ndiscount_max_bp = 8400\n" + rule("off", "", 'discount = "1/20"'), ""),
    ],
)
def test_a_new_commodity(text: str, expected: str) -> None:
    """Weighed by the lines that a rule sees and the time of the week in which it holds."""
    assert [each.partition(", ")[0] for each in told(text)] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("more", "wait", "share"),
    [
        ('cap = { count = 1, per = "lifetime" }', "", True),
        ('when.counter = { "visits.lifetime" = { below = 1 } }', "", True),
        ("when.joined_days = { below = 7 }", "", True),
        ('when = { joined_days = { below = 7 }, amount = { from = "20.00" } }', "", False),  # a quarter of it
        ("when.joined_days = { from = 7, below = 30 }", "", False),
        (
            'when.counter = { "visits.lifetime" = { from = 2 } }\ncap = { count = 1, per = "lifetime" }',
            "",
            False,
        ),
        ('cap = { count = 1, per = "lifetime" }', "14 days", False),
    ],
)
def test_feeding_the_disloyal(more: str, wait: str, *, share: bool) -> None:
    """A welcome that can be burnt on the way out; one that waits, or asks to come back, is none."""
    head = {'available_after = "0 days"': f'available_after = "{wait or "0 days"}"'}
    text = "[guards]\ngiveaway_max_bp = 10000\n" if "20.00" not in more else ""
    made = programme("" + text + rule("hello", more, "points = 500"), head=head)
    found = [each for each in lint(made) if each.where == "rule hello"]
    assert bool(found) is share
    if found:
        assert found[0].what.startswith("welcomes newcomers with 5.00 for a first ticket of 1.00")


@pytest.mark.parametrize(
    ("price", "costs", "expected"),
    [("0.80", 81, "rule p: sells P1 at 0.80, which costs 0.81: the more of it, the larger the loss"),
     ("0.80", 80, ""), ("0.80", 0, "")],
)  # fmt: skip
def test_prices_below_cost(price: str, costs: int, expected: str) -> None:
    """Where it is known what a product costs."""
    text = rule("p", 'lines = { product = "P1" }', f'unit_price = "{price}"')
    assert told(text, {"P1": costs}) == ([expected] if expected else [])


def test_tiers_by_spending_where_costs_are_known() -> None:
    """The best customers of such a programme may be its dearest."""
    gold = rule("g", 'when = { tier = "gold" }', "multiply = 2")
    spend, profit = (METRIC % (metric, '"50.00"') + gold for metric in ("spend", "profit"))
    (found,) = told(spend, {"P1": 10}, tiers='"basic", "gold"')
    assert found.startswith("qualification.metric: is spend, though products.csv knows")
    assert told(spend, tiers='"basic", "gold"') == told(profit, {"P1": 10}, tiers='"basic", "gold"') == []


def test_points_on_what_brings_a_loss() -> None:
    """By the prices of the books, the points that are given on it paid for."""
    outlook = Outlook(sold={"A": (1000, 10_000), "B": (1000, 10_000), "C": (1000, 10_000)})
    (found,) = told("", {"A": 100, "B": 99, "C": 110}, outlook)
    assert found == (
        "earn.rate: gives points on 2 products that bring a loss once they are paid for:"
        " C brings -11 percent of its price"
    )
    assert told("", {"B": 99}, outlook) == []


CAMPAIGN = """[campaign]
id = "c"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-06-01, before = 2026-09-01 }
goal = { metric = "members", target = 9 }
budget_points = 1000
"""


def test_promises_that_the_reserve_does_not_cover() -> None:
    """What is outstanding, and what budgets may still give."""
    made = programme(
        '[guards]\nreserve = "20.00"\n',
        c=CAMPAIGN + rule("r", 'when.amount = { from = "9.00" }', "points = 1"),
    )
    good = Outlook(outstanding=1400, spent_of={"c": 400})
    assert lint(made, outlook=good) == []
    (found,) = lint(made, outlook=Outlook(outstanding=1401, spent_of={"c": 400}))
    assert found.what == "is 20.00; points worth 14.01 are outstanding, and budgets may give 6.00 more"


def test_what_partners_owe_and_pools_have_left() -> None:
    """Members have points that nobody has paid for, or are promised what is not there."""
    partner = '[[partner]]\nid = "FUEL"\ntext = "Fuel"\nfunds = true\n[guards]\npartner_owes_max = 500\n'
    assert told(partner, outlook=Outlook(owed_by={"FUEL": 500})) == []
    (found,) = told(partner, outlook=Outlook(owed_by={"FUEL": 501}))
    assert found.startswith("partner FUEL: owes 501 points, and 500 are allowed")
    pool = '[[pool]]\nid = "mugs"\ntext = "Mug"\nstock = 50\ncost = "0.10"\n' + rule(
        "m", "", 'giveaway = "mugs"'
    )
    assert told(pool, outlook=Outlook(given_of={"mugs": 45})) == []
    (found,) = told(pool, outlook=Outlook(given_of={"mugs": 46}))
    assert found.startswith("pool mugs: has 4 of 50 left")


def test_names_that_no_terminal_has() -> None:
    """Such a rule never applies; the nearest name is suggested."""
    made = programme(rule("s", 'when = { store = ["S1", "S9"], any = [{ mcc = "5412" }] }', "points = 1"))
    found = [str(each) for each in unknown_names(made, {"store": {"S1"}, "mcc": {"5411"}})]
    assert found == [
        "rule s: asks for the mcc 5412, which no terminal has (did you mean 5411?)",
        "rule s: asks for the store S9, which no terminal has (known are S1)",
    ]


def test_families_that_no_terminal_is_of() -> None:
    """One merchant of a family is enough; of codes beside it each is told."""
    family = '[[mcc_family]]\nid = "fuel"\nmcc = ["5541", "5500-5599"]\n'
    made = programme(
        family + rule("s", 'when = { mcc_family = "fuel", not = { mcc = "5412" } }', "points = 1")
    )
    told = [[each.what for each in unknown_names(made, {"mcc": mccs})] for mccs in ({"5599"}, {"5411"})]
    other = "asks for the mcc 5412, which no terminal has"
    assert told == [[other], [other, "asks for the mcc 5500-5599, which no terminal has"]]


def test_segments_and_categories_that_no_member_has() -> None:
    """Bands of a member change, and may be empty today; where nobody was imported nothing is known."""
    text = rule(
        "r",
        'when = { segment = ["vpi", "staff"], card_category = "clasic", rfmp = { p = { from = 4 } } }',
        "points = 1",
    )
    outlook = Outlook(segments=frozenset({"vip", "staff"}), card_categories=frozenset({"classic"}))
    told = [str(each) for each in lint(programme(text), outlook=outlook) if each.where == "rule r"]
    assert told == [
        "rule r: asks for members of the segment vpi, and there are none (did you mean vip?)",
        "rule r: asks for cards of the category clasic, and there are none (did you mean classic?)",
    ]
    assert not [each for each in lint(programme(text), outlook=Outlook()) if each.where == "rule r"]


def test_types_that_no_card_has() -> None:
    """Their names are the operator's own, so a slip is told with the likeliest of those that cards have."""
    text = rule(
        "r",
        'when = { any = [{ card_type = ["corprate", "rfid"] }, { amount = { from = "1.00" } }] }',
        "points = 1",
    )
    told = [
        str(each)
        for types in ({"corporate", "rfid"}, {"corprate", "rfid", "x"}, set())
        for each in lint(programme(text), outlook=Outlook(card_types=frozenset(types)))
        if each.where == "rule r"
    ]
    none = "give cards this type: puntual cards import"
    assert told == [
        f"rule r: asks for cards of the type {name}, and there are none ({hint})"
        for name, hint in (("corprate", "did you mean corporate?"), ("corprate", none), ("rfid", none))
    ]
    assert not [each for each in lint(programme(text), outlook=Outlook()) if each.where == "rule r"]
