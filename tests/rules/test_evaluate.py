# ruff: noqa: E501  (a row of a table is a line)
"""What sales earn, in tables that a product person can read."""

import pytest

from rules.evaluate import evaluate
from tests.rules.sales import check, programme, sale


def rule(when: str, then: str = "multiply = 2", lines: str = "", more: str = "", name: str = "r") -> str:
    about = f"lines = {{ {lines} }}\n" if lines else ""
    condition = f"when = {{ {when} }}\n" if when else ""
    return f'[[rule]]\nid = "{name}"\ntext = "Rule {name}"\n{condition}{about}then = {{ {then} }}\n{more}\n'


def test_the_starter_gives_a_point_for_each_full_unit() -> None:
    """A started unit gives nothing."""
    check(
        programme(),
        """
        0.00  -> 0
        0.99  -> 0
        1.00  -> 1
        1.99  -> 1
        19.99 -> 19
        """,
    )


def test_lines_without_points_leave_the_base() -> None:
    """What carries N earns nothing, and what else was paid is not counted on it."""
    check(
        programme(),
        """
        10.00 lines=FOOD:6.00,WINE:4.00:N -> 6
        8.00  lines=FOOD:6.00,WINE:4.00:N -> 4
        3.00  lines=FOOD:6.00,WINE:4.00:N -> 0
        10.00 lines=WINE:10.00:N          -> 0
        6.00  lines=FOOD:10.00,FOOD:-4.00 -> 6
        0.00  lines=FOOD:4.00,FOOD:-4.00  -> 0
        6.00  lines=FOOD:-4.00,WINE:10.00:N -> 0
        """,
    )


@pytest.mark.parametrize(
    ("when", "table"),
    [
        ('mcc = ["5411", "5499"]', "10.00 mcc=5411 -> 20\n10.00 mcc=5499 -> 20\n10.00 mcc=5412 -> 10"),
        ('merchant = "M1"', "10.00 merchant=M1 -> 20\n10.00 merchant=M10 -> 10\n10.00 -> 10"),
        ('terminal = "T1"', "10.00 terminal=T1 -> 20\n10.00 terminal=T2 -> 10"),
        ('store = "S1"', "10.00 store=S1 -> 20\n10.00 -> 10"),
        ('partner = "P1"', "10.00 partner=P1 -> 20\n10.00 -> 10"),
        ('acquirer = "00000000001"', "10.00 acquirer=00000000001 -> 20\n10.00 -> 10"),
        ('channel = "ECOM"', "10.00 channel=ECOM -> 20\n10.00 -> 10"),
        ('tier = ["gold"]', "10.00 tier=gold -> 20\n10.00 tier=silver -> 10\n10.00 -> 10"),
        ('segment = ["vip"]', "10.00 segments=new,vip -> 20\n10.00 segments=new -> 10\n10.00 -> 10"),
        ('tender = ["CASH"]', "10.00 tenders=CARD,CASH -> 20\n10.00 tenders=CARD -> 10\n10.00 -> 10"),
        (
            'has_category = "FRESH"',
            "10.00 lines=FRESH:1.00,DRY:9.00 -> 20\n10.00 lines=DRY:10.00 -> 10\n10.00 -> 10",
        ),
        (
            'amount = { from = "20.00", below = "50.00" }',
            "19.99 -> 19\n20.00 -> 40\n49.99 -> 99\n50.00 -> 50",
        ),
        ('amount = { from = "20.00" }', "19.99 -> 19\n20.00 -> 40"),
        ('amount = { below = "50.00" }', "49.99 -> 99\n50.00 -> 50"),
        ("ticket = { from = 20 }", "10.00 ticket=19.99 -> 10\n10.00 ticket=20.00 -> 20"),
        (
            'counter = { "visits.month" = { from = 3, below = 5 } }',
            "10.00 -> 10\n10.00 visits=2 -> 10\n10.00 visits=3 -> 20\n10.00 visits=4 -> 20\n10.00 visits=5 -> 10",
        ),
    ],
)
def test_each_condition_at_both_edges(when: str, table: str) -> None:
    """Ranges take their lower edge in and leave their upper edge out."""
    check(programme(rule(when), tiers='"silver", "gold"'), table)


@pytest.mark.parametrize(
    ("when", "table"),
    [
        (
            'weekday = ["tue"]',
            """10.00 at=2026-06-01T23:59:59 -> 10
            10.00 at=2026-06-02T00:00:00 -> 20
            10.00 at=2026-06-02T23:59:59 -> 20
            10.00 at=2026-06-03T00:00:00 -> 10""",
        ),
        (
            'time = { from = "16:00", before = "18:30" }',
            """10.00 at=2026-06-02T15:59:59 -> 10
            10.00 at=2026-06-02T16:00:00 -> 20
            10.00 at=2026-06-02T18:29:59 -> 20
            10.00 at=2026-06-02T18:30:00 -> 10""",
        ),
        (
            "time = { from = 22:00:00, before = 02:00:00 }",
            """10.00 at=2026-06-02T21:59:59 -> 10
            10.00 at=2026-06-02T22:00:00 -> 20
            10.00 at=2026-06-03T01:59:59 -> 20
            10.00 at=2026-06-03T02:00:00 -> 10""",
        ),
        (
            'time = { from = "22:00", before = "24:00" }',
            """10.00 at=2026-06-02T21:59:59 -> 10
            10.00 at=2026-06-02T23:59:59 -> 20
            10.00 at=2026-06-03T00:00:00 -> 10""",
        ),
        (
            # The night belongs to the Friday on which it began.
            'weekday = "fri", time = { from = "22:00", before = "02:00" }',
            """10.00 at=2026-06-05T01:59:59 -> 10
            10.00 at=2026-06-05T22:00:00 -> 20
            10.00 at=2026-06-06T01:59:59 -> 20
            10.00 at=2026-06-06T22:00:00 -> 10""",
        ),
        (
            # So does the one from Sunday to Monday.
            'weekday = "sun", time = { from = "22:00", before = "02:00" }',
            """10.00 at=2026-06-07T23:00:00 -> 20
            10.00 at=2026-06-08T01:00:00 -> 20
            10.00 at=2026-06-08T23:00:00 -> 10""",
        ),
        (
            'time = [{ from = "08:00", before = "09:00" }, { from = "13:00", before = "14:00" }]',
            """10.00 at=2026-06-02T08:30:00 -> 20
            10.00 at=2026-06-02T10:00:00 -> 10
            10.00 at=2026-06-02T13:00:00 -> 20""",
        ),
        (
            "period = { from = 2026-06-01, before = 2026-09-01 }",
            """10.00 at=2026-05-31T23:59:59 -> 10
            10.00 at=2026-06-01T00:00:00 -> 20
            10.00 at=2026-08-31T23:59:59 -> 20
            10.00 at=2026-09-01T00:00:00 -> 10""",
        ),
        (
            "period = { from = 2026-06-01T08:00:00 }",
            "10.00 at=2026-06-01T07:59:59 -> 10\n10.00 at=2026-06-01T08:00:00 -> 20",
        ),
        (
            "birthday = { days_before = 1, days_after = 2 }",
            """10.00 at=2026-03-07T12:00 birthday=1990-03-09 -> 10
            10.00 at=2026-03-08T12:00 birthday=1990-03-09 -> 20
            10.00 at=2026-03-11T12:00 birthday=1990-03-09 -> 20
            10.00 at=2026-03-12T12:00 birthday=1990-03-09 -> 10
            10.00 at=2026-12-31T12:00 birthday=1990-01-01 -> 20
            10.00 at=2026-01-02T12:00 birthday=1990-12-31 -> 20
            10.00 at=2026-03-09T12:00 -> 10""",
        ),
    ],
)
def test_time_conditions_at_both_edges(when: str, table: str) -> None:
    """Times are those of the terminal's clock, to the second."""
    check(programme(rule(when)), table)


def test_a_leap_day_birthday_is_kept_every_year() -> None:
    """On 28 February where there is no 29th."""
    check(
        programme(rule("birthday = { days_after = 0 }")),
        """
        10.00 at=2027-02-27T12:00 birthday=1996-02-29 -> 10
        10.00 at=2027-02-28T12:00 birthday=1996-02-29 -> 20
        10.00 at=2027-03-01T12:00 birthday=1996-02-29 -> 10
        10.00 at=2028-02-28T12:00 birthday=1996-02-29 -> 10
        10.00 at=2028-02-29T12:00 birthday=1996-02-29 -> 20
        """,
    )


def test_conditions_nest() -> None:
    """all, any and not say what they say."""
    check(
        programme(
            rule(
                'any = [{ mcc = "5411" }, { channel = "ECOM", amount = { from = 20 } }], '
                'not = [{ store = "S9" }, { partner = "P9" }]'
            )
        ),
        """
        10.00 mcc=5411              -> 20
        10.00 channel=ECOM          -> 10
        20.00 channel=ECOM          -> 40
        20.00 channel=ECOM store=S9 -> 20
        10.00 mcc=5411 partner=P9   -> 10
        """,
    )


def test_a_rule_may_be_about_some_lines() -> None:
    """It sees their part of the base only, and applies only where there are such lines."""
    check(
        programme(rule("", lines='category = "FRESH"')),
        """
        10.00                                    -> 10
        10.00 lines=DRY:10.00                    -> 10
        10.00 lines=FRESH:4.00,DRY:6.00          -> 14
        5.00  lines=FRESH:4.00,DRY:6.00          -> 7
        10.00 lines=FRESH:4.00:N,DRY:6.00        -> 6
        4.00  lines=FRESH:4.00,FRESH:-2.00,DRY:2.00 -> 6
        2.00  lines=FRESH:-4.00,DRY:6.00         -> 2
        """,
    )
    check(
        programme(
            rule("", lines='category = "FRESH", except_product = "P1", amount = { from = 3, below = 5 }')
        ),
        """
        10.00 lines=FRESH:4.00,DRY:6.00          -> 10
        10.00 lines=DRY:7.01,FRESH:2.99          -> 10 | 0.01 more: Rule r
        10.00 lines=DRY:7.00,FRESH:3.00          -> 13
        10.00 lines=DRY:5.01,FRESH:4.99          -> 14
        10.00 lines=DRY:5.00,FRESH:5.00          -> 10
        """,
    )


@pytest.mark.parametrize(
    ("then", "lines", "table"),
    [
        ("points = 500", "", "0.10 -> 500\n10.00 -> 510"),
        ('points_per_amount = { points = 1, per = "2.00" }', "", "1.99 -> 2\n2.00 -> 3\n10.00 -> 15"),
        ('points_per_amount = "1/100"', "", "10.00 -> 20"),
        ("points_per_line = 5", 'category = "A"', "3.00 lines=A:1.00,A:1.00,B:1.00 -> 13\n3.00 -> 3"),
        ("points_per_line = 5", 'category = "A"', "1.00 lines=A:1.00,A:-1.00,B:1.00 -> 1"),
        ("points_per_unit = 5", 'category = "A"', "3.00 lines=A:3.00::2999 -> 13"),
        ('multiply = "3/2"', "", "1.00 -> 1\n2.00 -> 3\n3.00 -> 4"),
        ('multiply = "1.5"', "", "1.00 -> 1\n2.00 -> 3\n3.00 -> 4"),
        ('base = { points = 2, per = "1.00" }', "", "1.00 -> 2\n0.50 -> 1"),
        ('base = { points = 0, per = "1.00" }', "", "100.00 -> 0"),
        (
            'base = { points = 1, per = "2.00" }',
            'category = "FUEL"',
            "30.00 lines=FUEL:20.00,SHOP:10.00 -> 20\n20.00 lines=FUEL:20.00 -> 10\n20.00 -> 20",
        ),
    ],
)
def test_each_effect(then: str, lines: str, table: str) -> None:
    """Effects add to the base, or are the base of the lines that they are about."""
    check(programme(rule("", then, lines)), table)


def test_each_line_takes_the_first_base_rate_that_is_about_it() -> None:
    """First by priority, then by id; multipliers multiply what the lines really earn."""
    rates = (
        rule("", 'base = "3/100"', 'category = "A"', "priority = 1", name="a")
        + rule('tier = "gold"', 'base = "2/100"', name="gold")
        + rule("", "multiply = 2", 'category = "A"', name="double")
    )
    check(
        programme(rates, tiers='"gold"'),
        """
        2.00 lines=A:1.00,B:1.00           -> 7
        2.00 lines=A:1.00,B:1.00 tier=gold -> 8
        2.00 tier=gold                     -> 4
        """,
    )


def test_multipliers_add_up() -> None:
    """Two doublings triple: each adds the base once more."""
    both = rule("", name="a") + rule("", name="b")
    check(programme(both), "10.00 -> 30")


@pytest.mark.parametrize(
    ("pick", "expected"),
    [("all", (("base", 10), ("few", 5), ("many", 50))), ("first", (("base", 10), ("few", 5))),
     ("best", (("base", 10), ("many", 50)))],
)  # fmt: skip
def test_groups_pick(pick: str, expected: tuple[tuple[str, int], ...]) -> None:
    """All, the first by priority, or the one that gives most."""
    text = f'[[group]]\nid = "g"\npick = "{pick}"\n'
    text += rule("", "points = 5", more='group = "g"\npriority = 9', name="few")
    text += rule("", "points = 50", more='group = "g"', name="many")
    assert evaluate(programme(text), sale("10.00")).parts == expected


@pytest.mark.parametrize(
    ("mode", "level", "points"),
    [
        # Lines of 1.50, 1.50 and 0.70; a rule that adds half: exactly 3.70 + 1.85 = 5.55
        ("down", "transaction", 5), ("up", "transaction", 6), ("half_up", "transaction", 6),
        ("half_even", "transaction", 6),
        ("down", "rule", 4), ("up", "rule", 6), ("half_up", "rule", 6), ("half_even", "rule", 6),
        ("down", "line", 2), ("up", "line", 8), ("half_up", "line", 7), ("half_even", "line", 7),
    ],
)  # fmt: skip
def test_rounding_modes_and_levels(mode: str, level: str, points: int) -> None:
    """Once for the transaction, on each rule, or on each line of each rule."""
    head = {'rounding = "down"': f'rounding = "{mode}"', 'level = "transaction"': f'level = "{level}"'}
    rules = programme(rule("", 'multiply = "3/2"'), head=head)
    check(rules, f"3.70 lines=A:1.50,A:1.50,A:0.70 -> {points}")


@pytest.mark.parametrize(("mode", "points"), [("half_up", "1 1 2 2"), ("half_even", "0 1 2 2")])
def test_halves(mode: str, points: str) -> None:
    """Half to even gives the even neighbour, half up the next."""
    rules = programme(head={'rounding = "down"': f'rounding = "{mode}"'})
    amounts = ("0.50", "0.51", "1.50", "2.49")
    check(rules, "\n".join(f"{amount} -> {n}" for amount, n in zip(amounts, points.split(), strict=True)))


def test_near_misses() -> None:
    """The nearest amount is told, when money is all that is missing."""
    text = (
        rule('amount = { from = "20.00" }', "multiply = 2", name="double")
        + rule('amount = { from = "25.00" }', "points = 500", name="fixed")
        + rule('amount = { from = "17.00" }, mcc = "5411"', "multiply = 3", name="market")
        + rule('amount = { from = "40.00", below = "50.00" }', 'multiply = "5/2"', name="half")
    )
    table = """
        16.80          -> 16 | 3.20 more doubles your points
        16.80 mcc=5411 -> 16 | 0.20 more triples your points
        20.00          -> 40 | 5.00 more brings 500 extra points
        25.00          -> 550 | 15.00 more multiplies your points by 5/2
        45.00          -> 657 | None
        50.00          -> 600 | None
    """
    check(programme(text), table)
    spanish = programme(text, head={'language = "en" ': 'language = "es" '})
    check(spanish, "16.80 -> 16 | 3.20 mas duplica sus puntos")
    near = programme(text, head={'level = "transaction"': 'level = "transaction"\nnear_miss_within = "3.19"'})
    check(near, "16.80 -> 16 | None\n16.81 -> 16 | 3.19 more doubles your points")


def test_near_misses_of_quantity_and_tier() -> None:
    """Where no amount is near: too few of something, else what the next tier brings."""
    three = rule("", "points = 9", 'category = "A", units = { from = 3 }', name="three")
    gold = rule('tier = "gold"', "multiply = 2", name="gold")
    head = {'level = "transaction"': 'level = "transaction"\nnear_miss_tiers = true'}
    table = """
        3.00 lines=A:1.00,A:2.00 -> 3 | 1 unit more: Rule three
        3.00 lines=A:3.00 -> 3 | 2 units more: Rule three
        3.00 lines=A:3.00::3000 -> 12 | None
        3.00 lines=B:3.00 tier=silver -> 3 | with gold: Rule gold
        3.00 lines=A:3.00 tier=silver -> 3 | 2 units more: Rule three
        3.00 lines=B:3.00 tier=gold -> 6 | None
        3.00 lines=B:3.00 tier=basic -> 3 | None
        3.00 lines=B:3.00 -> 3 | None
    """
    text = three + gold
    check(programme(text, tiers='"basic", "silver", "gold"', head=head), table)
    spanish = programme(text, tiers='"silver", "gold"', head=head | {'language = "en" ': 'language = "es" '})
    check(
        spanish,
        "3.00 lines=A:3.00 -> 3 | 2 unidades mas: Rule three\n3.00 tier=silver -> 3 | con gold: Rule gold",
    )


def test_campaigns_bind_their_rules() -> None:
    """Period and audience hold for each rule of the file, and only scheduled and active campaigns count."""
    campaign = """
        [campaign]
        id = "summer"
        text = "Summer"
        nature = "points"
        category = "seasonal"
        state = "STATE"
        period = { from = 2026-06-01, before = 2026-09-01 }
        audience = { tier = "gold" }
    """ + rule('mcc = "5411"')
    table = """
        10.00 mcc=5411 tier=gold -> GOLD
        10.00 mcc=5411           -> 10
        10.00 tier=gold          -> 10
        10.00 mcc=5411 tier=gold at=2026-09-01T00:00:00 -> 10
    """
    states = [
        ("draft", "10"), ("checked", "10"), ("scheduled", "20"), ("active", "20"), ("paused", "10"), ("ended", "10")
    ]  # fmt: skip
    for state, gold in states:
        rules = programme(tiers='"gold"', summer=campaign.replace("STATE", state))
        check(rules, table.replace("GOLD", gold))


def test_awards_stay_inside_twelve_digits() -> None:
    """However many rules give however much, an answer can carry it."""
    text = "".join(rule("", "points = 1000000000000", name=f"r{n}") for n in range(3))
    award = evaluate(programme(text), sale("10.00"))
    assert award.points == 999_999_999_999
    assert sum(points for _, points in award.parts) == award.points


def test_the_steps_tell_the_arithmetic() -> None:
    """Which rule, on which base, how much exactly, and what it came to."""
    text = '[[group]]\nid = "g"\npick = "best"\n'
    text += rule("", 'multiply = "3/2"', more='group = "g"', name="half")
    text += rule("", "multiply = 2", more='group = "g"', name="double")
    steps = evaluate(programme(text), sale("10.50")).steps
    assert [
        (s.rule_id, s.verdict.value, s.base_minor, s.numerator, s.denominator, s.points) for s in steps
    ] == [
        ("base", "applied", 1050, 21, 2, 10),
        ("double", "applied", 1050, 21, 2, 11),
        ("half", "lost", 1050, 21, 4, 0),
    ]
