# ruff: noqa: E501  (a row of a table is a line)
"""Several multipliers on one line: they add up, one multiplies the other, or the largest counts."""

from dataclasses import replace

import pytest

from loyalty.amount import Rounding
from rules.evaluate import evaluate
from rules.explain import tell, why_not
from rules.interpret import interpret
from rules.lint import lint
from rules.multiples import MULTIPLIERS_MAX
from rules.programme import Programme
from rules.stacking import Stacking
from tests.rules.sales import check, programme, sale


def several(
    how: str, rules: str, *, tiers: str = "", level: str = "transaction", more: str = ""
) -> Programme:
    """A programme whose multipliers are *how*."""
    written = f'level = "{level}"\nmultipliers = "{how}"\n{more}'
    return programme(rules, tiers=tiers, head={'level = "transaction"': written})


def rule(name: str, factor: str, more: str = "") -> str:
    then = f"multiply = {factor}" if "=" not in factor else factor
    return f'[[rule]]\nid = "{name}"\ntext = "Rule {name}"\n{more}\nthen = {{ {then} }}\n'


GOLD = rule("gold", "2", 'when = { tier = "gold" }')
APP = rule("app", "3", 'when = { channel = "MOBL" }')
COFFEE = rule("coffee", '"3/2"', 'lines = { category = "COFFEE" }')
MARKET = GOLD + APP + COFFEE


@pytest.mark.parametrize(
    ("how", "table"),
    [
        (
            "sum",
            """
            10.00                                            -> 10
            10.00 tier=gold                                  -> 20
            10.00 tier=gold channel=MOBL                     -> 40
            10.00 tier=gold channel=MOBL lines=COFFEE:4.00,TEA:6.00 -> 42
            10.00 channel=MOBL lines=COFFEE:4.00,TEA:6.00    -> 32
            """,
        ),
        (
            "product",
            """
            10.00                                            -> 10
            10.00 tier=gold                                  -> 20
            10.00 tier=gold channel=MOBL                     -> 60
            10.00 tier=gold channel=MOBL lines=COFFEE:4.00,TEA:6.00 -> 72
            10.00 channel=MOBL lines=COFFEE:4.00,TEA:6.00    -> 36
            10.00 lines=COFFEE:4.00,TEA:6.00                 -> 12
            """,
        ),
        (
            "max",
            """
            10.00                                            -> 10
            10.00 tier=gold                                  -> 20
            10.00 tier=gold channel=MOBL                     -> 30
            10.00 tier=gold channel=MOBL lines=COFFEE:4.00,TEA:6.00 -> 30
            10.00 lines=COFFEE:4.00,TEA:6.00                 -> 12
            10.00 tier=gold lines=COFFEE:4.00,TEA:6.00       -> 20
            """,
        ),
    ],
)  # fmt: skip
def test_what_several_make(how: str, table: str) -> None:
    """2, 3 and one and a half on coffee: each line by what covers it."""
    check(several(how, MARKET, tiers='"gold"'), table)


def test_the_largest_is_chosen_line_by_line() -> None:
    """Which no group could say: it picks one for the whole sale."""
    rules = rule("coffee", "2", 'lines = { category = "COFFEE" }') + rule(
        "tea", "3", 'lines = { category = "TEA" }'
    )
    rules += rule("hot", '"5/2"', 'lines = { category = ["COFFEE", "TEA"] }')
    check(
        several("max", rules),
        """
        10.00 lines=COFFEE:4.00,TEA:4.00,MILK:2.00 -> 24
        10.00 lines=COFFEE:10.00                   -> 25
        10.00 lines=TEA:10.00                      -> 30
        """,
    )


@pytest.mark.parametrize(
    ("how", "steps"),
    [
        ("sum", [("base", 1050, "21/2", 10), ("double", 1050, "21/2", 11), ("half", 1050, "21/4", 5), ("triple", 1050, "21", 21)]),
        ("product", [("base", 1050, "21/2", 10), ("double", 1050, "21/2", 11), ("half", 1050, "21/2", 10), ("triple", 1050, "63", 63)]),
        ("max", [("base", 1050, "21/2", 10), ("triple", 1050, "21", 21), ("double", 1050, "0", 0), ("half", 1050, "0", 0)]),
    ],
)  # fmt: skip
def test_the_steps_add_up(how: str, steps: list[tuple[str, int, str, int]]) -> None:
    """Each tells what it adds to those before it; rounded once, 47, 94 and 31 points."""
    made = several(how, rule("double", "2") + rule("half", '"3/2"') + rule("triple", "3"))
    award = evaluate(made, sale("10.50"))
    told = [
        (s.rule_id, s.base_minor, f"{s.numerator}/{s.denominator}".removesuffix("/1"), s.points)
        for s in award.steps
    ]
    assert told == steps
    assert award.points == sum(points for *_, points in steps)


def test_they_multiply_what_the_lines_earn() -> None:
    """Base rates of rules too; points that come on top are not multiplied."""
    fuel = rule("fuel", 'base = { points = 1, per = "2.00" }', 'lines = { category = "FUEL" }')
    more = rule("more", "points = 7")
    check(
        several("product", fuel + more + rule("double", "2") + rule("triple", "3")),
        """
        20.00 lines=FUEL:10.00,SHOP:10.00 -> 97
        20.00                             -> 127
        """,
    )


@pytest.mark.parametrize(
    ("level", "points"),
    # Lines of 1.50 and 0.70: base 1.5 and 0.7, double 1.5 and 0.7, triple 6 and 2.8
    [("transaction", 13), ("rule", 12), ("line", 10)],
)
def test_what_is_multiplied_is_not_rounded_before(level: str, points: int) -> None:
    """Each part is rounded where the programme says; the next multiplies it as it was."""
    made = several("product", rule("double", "2") + rule("triple", "3"), level=level)
    check(made, f"2.20 lines=A:1.50,B:0.70 -> {points}")


@pytest.mark.parametrize(("how", "points"), [("product", 10), ("max", 10)])
def test_what_returned_lines_would_take_away_multiplies_nothing(how: str, points: int) -> None:
    """The rule on what is returned brings nothing, as ever, and leaves the others as they are."""
    rules = rule("coffee", "2", 'lines = { category = "COFFEE" }') + rule("triple", "3")
    made = several(how, rules)
    check(
        made,
        """
        10.00 lines=COFFEE:-10.00,TEA:20.00 -> 30
        5.00  lines=COFFEE:-5.00,TEA:10.00  -> 15
        """,
    )
    back = evaluate(made, sale("0.00 lines=COFFEE:-10.00,TEA:2.00"))
    assert back.points == 0
    assert (
        evaluate(made, sale(f"{points}.00 lines=COFFEE:-1.00,COFFEE:1.00,TEA:{points}.00")).points
        == 3 * points
    )


@pytest.mark.parametrize(
    ("how", "left", "expected"),
    [
        # of the double's 10 points the limit leaves so many, and the triple goes on from there
        ("sum", 10, (10, 10, 20)), ("sum", 4, (10, 4, 20)), ("sum", 0, (10, 0, 20)),
        ("product", 10, (10, 10, 40)), ("product", 4, (10, 4, 28)), ("product", 0, (10, 0, 20)),
        ("max", 10, (10, 20, 0)), ("max", 4, (10, 20, 0)),
    ],
)  # fmt: skip
def test_a_limit_multiplies_what_it_leaves(how: str, left: int, expected: tuple[int, ...]) -> None:
    """A doubling that is used up is as if it were not there."""
    cap = 'cap = { points = 10, per = "day" }'
    made = several(how, rule("double", "2", cap) + rule("triple", "3"))
    facts = replace(sale("10.00"), counters=(("rule:double/member/day", 10 - left),))
    award = evaluate(made, facts)
    assert award == interpret(made, facts)
    assert tuple(step.points for step in award.steps) == expected


@pytest.mark.parametrize(("left", "expected"), [(20, (10, 20, 0)), (15, (10, 15, 0)), (6, (10, 6, 4)), (0, (10, 0, 10))])  # fmt: skip
def test_the_next_largest_gives_what_a_limit_kept(left: int, expected: tuple[int, ...]) -> None:
    """Up to its own factor: where the triple may give nothing more, the double counts."""
    cap = 'cap = { points = 20, per = "day" }'
    made = several("max", rule("double", "2") + rule("triple", "3", cap))
    facts = replace(sale("10.00"), counters=(("rule:triple/member/day", 20 - left),))
    assert tuple(step.points for step in evaluate(made, facts).steps) == expected


def test_what_was_rounded_up_multiplies_no_more_than_it_was() -> None:
    """A third of a point on each of two lines: rounded up they would give 2, the limit leaves 1."""
    cap = 'cap = { points = 1, per = "day" }'
    made = several("product", rule("third", '"4/3"', cap) + rule("double", "2"), level="line")
    made = replace(made, base=replace(made.base, rounding=Rounding.UP))
    facts = sale("2.00 lines=A:1.00,B:1.00")
    award = evaluate(made, facts)
    assert award == interpret(made, facts)
    assert [(step.rule_id, step.numerator, step.denominator, step.points) for step in award.steps[1:]] == [
        ("double", 2, 1, 2),
        ("third", 4, 3, 1),
    ]
    first = 'priority = 1\ncap = { points = 1, per = "day" }'
    made = several("product", rule("third", '"4/3"', first) + rule("double", "2"), level="line")
    made = replace(made, base=replace(made.base, rounding=Rounding.UP))
    assert [(step.numerator, step.denominator) for step in evaluate(made, facts).steps[1:]] == [
        (2, 3),
        (8, 3),
    ]


def test_a_group_that_takes_the_first_may_leave_the_largest_out() -> None:
    """What was not picked is not the largest that counts."""
    group = '[[group]]\nid = "g"\npick = "first"\n'
    rules = group + rule("double", "2", 'group = "g"\npriority = 9') + rule("triple", "3", 'group = "g"')
    award = evaluate(several("max", rules), sale("10.00"))
    assert [(step.rule_id, step.verdict.value, step.points) for step in award.steps] == [
        ("base", "applied", 10),
        ("triple", "lost", 0),
        ("double", "applied", 10),
    ]


@pytest.mark.parametrize(("how", "points"), [("sum", 40), ("product", 60), ("max", 30)])
def test_groups_pick_before(how: str, points: int) -> None:
    """By what each would bring alone; what was not picked multiplies nothing."""
    group = '[[group]]\nid = "g"\npick = "best"\n'
    rules = (
        group
        + rule("half", '"3/2"', 'group = "g"')
        + rule("double", "2", 'group = "g"')
        + rule("triple", "3")
    )
    award = evaluate(several(how, rules), sale("10.00"))
    assert award.points == points
    lost = {step.rule_id: (step.numerator, step.verdict.value) for step in award.steps}["half"]
    assert lost == (5, "lost")


def test_awards_of_products_stay_inside_twelve_digits() -> None:
    """However large the factors, an answer can carry the points and an account of them the numbers."""
    many = [rule(f"r{at:03}", '"999999999999999/7"') for at in range(MULTIPLIERS_MAX + 6)]
    made = several("product", "".join(many))
    award = evaluate(made, sale("10.00"))
    assert award.points == 999_999_999_999
    assert award == interpret(made, sale("10.00"))
    assert sum(1 for step in award.steps[1:] if step.numerator) == MULTIPLIERS_MAX
    assert len(tell(made, sale("10.00"))) > MULTIPLIERS_MAX


def test_what_brings_nothing_is_not_one_of_the_many_that_multiply() -> None:
    """However many are no larger than another on its lines, one on other lines counts."""
    many = [rule(f"r{at:03}", "3", 'lines = { category = "A" }') for at in range(MULTIPLIERS_MAX + 6)]
    made = several("max", "".join(many) + rule("last", "2"))
    check(made, "10.00 lines=A:4.00,B:6.00 -> 24")


def test_it_is_told_what_came_before() -> None:
    """Whoever reads the arithmetic sees why a triple brings forty."""
    rules = rule("double", "2") + rule("triple", "3")
    assert tell(several("product", rules), sale("10.00"))[1:5] == [
        "base: the programme's base rate: on 10.00 exactly 10, so +10",
        "double: Rule double: on 10.00 2 times what came before, exactly 10 more, so +10",
        "triple: Rule triple: on 10.00 3 times what came before, exactly 40 more, so +40",
        "= 60, rounded down on each transaction",
    ]
    largest = several("max", rules)
    assert tell(largest, sale("10.00"))[2:4] == [
        "triple: Rule triple: on 10.00 exactly 20, so +20",
        "double: Rule double: on 10.00 exactly 0, because a larger multiplier counts, so +0",
    ]
    (answer,) = why_not(largest, sale("10.00"), "double")
    assert (answer.holds, answer.asks, answer.found) == (
        False,
        "being the largest multiplier",
        "a larger one counts",
    )
    (answer,) = why_not(largest, sale("10.00"), "triple")
    assert (answer.holds, answer.found) == (True, "it gave 20")
    apart = several("max", rule("double", "2") + rule("tea", "3", 'lines = { category = "TEA" }'))
    (answer,) = why_not(apart, sale("10.00 lines=TEA:4.00,MILK:6.00"), "double")
    assert (answer.holds, answer.found) == (True, "it gave 6")


def test_near_misses_keep_their_word() -> None:
    """What a larger one would outdo is not near; the next nearest is told."""
    from_20 = 'when = { amount = { from = "20.00" } }'
    rules = rule("double", "2", from_20) + rule("app", "3", 'when = { channel = "MOBL" }')
    rules += rule("points", "points = 5", 'when = { amount = { from = "25.00" } }')
    rules += rule("gold", "3", 'when = { tier = "gold" }')
    check(
        several("max", rules, tiers='"silver", "gold"'),
        """
        19.00              -> 19 | 1.00 more doubles your points
        19.00 channel=MOBL -> 57 | 6.00 more brings 5 extra points
        """,
    )
    check(
        several("product", rules, tiers='"silver", "gold"'),
        """
        19.00              -> 19 | 1.00 more doubles your points
        19.00 channel=MOBL -> 57 | 1.00 more doubles your points
        """,
    )
    check(
        several("max", rules, tiers='"silver", "gold"', more="near_miss_tiers = true"),
        """
        30.00 tier=silver              -> 65 | with gold: Rule gold
        30.00 tier=silver channel=MOBL -> 95 | None
        """,
    )
    units = rule("six", "2", 'lines = { category = "A", units = { from = 6 } }') + APP
    check(
        several("max", units),
        """
        5.00 lines=A:5.00::5000              -> 5 | 1 unit more: Rule six
        5.00 lines=A:5.00::5000 channel=MOBL -> 15 | None
        """,
    )


@pytest.mark.parametrize(("how", "worth"), [("sum", 500), ("product", 1200), ("max", 300)])
def test_what_may_come_together(how: str, worth: int) -> None:
    """The worst stack of 100.00: 2, 3 and 2 again; what holds on other days excludes it."""
    rules = rule("double", "2") + rule("triple", "3")
    rules += rule("mon", "2", 'when.weekday = "mon"') + rule("tue", '"3/2"', 'when.weekday = "tue"')
    stack = Stacking(several(how, rules)).on(10_000)
    assert stack.is_exact
    assert stack.worth_minor == worth


def test_limits_bind_what_may_come_together() -> None:
    """Each may give what is left of its limit, and together no more than the largest makes of it.

    A product may multiply a point more than the limit leaves: so much rounding can hide from it.
    """
    cap = 'cap = { points = 30, per = "day" }'
    rules = rule("double", "2", cap) + rule("triple", "3", cap)
    worth = {how: Stacking(several(how, rules)).on(10_000).worth_minor for how in ("sum", "product", "max")}
    assert worth == {"sum": 160, "product": 160, "max": 160}
    rules = rule("double", "2", cap) + rule("triple", "3")
    worth = {how: Stacking(several(how, rules)).on(10_000).worth_minor for how in ("sum", "product", "max")}
    assert worth == {"sum": 330, "product": 392, "max": 300}


def test_what_excludes_each_other_does_not_hide_the_worst() -> None:
    """Five times alone, or four times on Tuesdays and four times again: of its rivals the larger is looked for."""
    days = {"mon": '"mon"', "tue": '"tue"', "wed": '"wed"'}
    rules = rule("alone", "5", f"when.weekday = {days['mon']}") + rule(
        "rest", "4", 'when.weekday = ["tue", "wed"]'
    )
    rules += rule("tue", "4", f"when.weekday = {days['tue']}") + rule(
        "wed", '"11/10"', f"when.weekday = {days['wed']}"
    )
    stack = Stacking(several("product", rules)).on(10_000)
    assert (stack.worth_minor, stack.is_exact) == (1600, True)
    crowd = "".join(
        rule(f"{kind}{at}", "2", f'when.{kind} = "{at}"')
        for kind in ("store", "merchant", "cashier", "terminal")
        for at in range(8)
    )
    stack = Stacking(several("product", crowd)).on(10_000)
    assert (stack.worth_minor, stack.is_exact) == (1600, True)


def test_a_multiplier_that_never_counts_is_told() -> None:
    """Another asks for less and gives more; one with a limit may leave it something."""
    gold = rule("gold", "2", 'when = { tier = "gold" }')

    def told(how: str, more: str) -> list[str]:
        made = several(how, gold + rule("all", "3", more), tiers='"gold"')
        return [each.where for each in lint(made) if "never counts" in each.what]

    assert told("max", "") == ["rule gold"]
    assert told("max", 'cap = { points = 9, per = "day" }') == []
    assert told("max", 'lines = { category = "TEA" }') == []
    assert told("product", "") == []
