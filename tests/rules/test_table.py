"""The compiled table gives what the plain interpreter gives, to the last step of the arithmetic."""

import pickle
from dataclasses import replace
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from loyalty.amount import Rate, Rounding
from rules.amend import amended
from rules.cap import Cap
from rules.columns import Columns, bits
from rules.compile import COLUMNS_FROM, compile_rules
from rules.conditions import AmountWithin, Condition, OneOf, SomeOf
from rules.effects import (
    EXTRA_LANES,
    POINT_LANES,
    PRICE_LANES,
    REDEEM_LANES,
    FixedPoints,
    Multiply,
    PointsPerAmount,
)
from rules.evaluate import evaluate
from rules.extras import declined_by, extras, interpreted
from rules.facts import Facts
from rules.interpret import interpret
from rules.programme import BaseRate, Multipliers, Programme, RoundingLevel
from rules.redeem import interpreted as redemption_by_rules
from rules.redeem import redemption_in
from rules.rule import Rule
from tests.rules.sales import programme, sale
from tests.rules.strategies import caps, multiplier_lists, rates, rule_lists, sales

STARTER = programme()


def compiled(made: Programme, columns_from: int, cells_max: int) -> Programme:
    """*made* with a table of that shape."""
    made = replace(made)
    prices = tuple(rule for rule in made.rules if rule.lane in PRICE_LANES)
    points = tuple(rule for rule in made.rules if rule.lane in POINT_LANES)
    others = tuple(rule for rule in made.rules if rule.lane in EXTRA_LANES)
    redeem = tuple(rule for rule in made.rules if rule.lane in REDEEM_LANES)
    tables = (("prices", prices), ("table", points), ("extras", others), ("redemptions", redeem))
    for name, rules in tables:
        adds_up = made.base.multipliers is Multipliers.SUM
        table = compile_rules(rules, adds_up=adds_up, columns_from=columns_from, cells_max=cells_max)
        object.__setattr__(made, name, table)
    return made


@given(
    rules=rule_lists(),
    facts=st.lists(sales(), min_size=1, max_size=5),
    rate=rates,
    rounding=st.just(Rounding.DOWN)
    | st.sampled_from(Rounding),  # most programmes do both; it has a way of its own
    level=st.just(RoundingLevel.TRANSACTION) | st.sampled_from(RoundingLevel),
    multipliers=st.just(Multipliers.SUM) | st.sampled_from(Multipliers),
    within=st.none() | st.integers(0, 1000),
    columns_from=st.sampled_from([0, 3, 1000]),
    cells_max=st.sampled_from([1, 3, 128]),
    paused=st.frozensets(st.sampled_from("xy")),
    stopped=st.frozensets(st.sampled_from(["redeem", "redeem", "earn"]), max_size=1),
)
def test_the_table_and_the_interpreter_agree(
    rules: tuple[Rule, ...],
    facts: list[Facts],
    rate: object,
    rounding: Rounding,
    level: RoundingLevel,
    multipliers: Multipliers,
    within: int | None,
    columns_from: int,
    cells_max: int,
    paused: frozenset[str],
    stopped: frozenset[str],
) -> None:
    """Points, parts, near misses, every step: whatever the table's shape, what is paused, who is held out."""
    base = BaseRate(rate, rounding, level, multipliers)  # type: ignore[arg-type]  # hypothesis gives rates
    made = replace(STARTER, rules=rules, base=base, near_miss_within_minor=within, holdout_bp=1)
    made = replace(made, costs={"a": 300, "b": 40}, tiers=("a", "b"), near_miss_tiers=columns_from == 0)
    made = amended(compiled(made, columns_from, cells_max), paused=paused, stopped=stopped)
    for each in facts:
        award = evaluate(made, each)
        assert award == interpret(made, each)
        guard, given = interpreted(made, each, award.counted)
        assert extras(made, each, award.counted) == given
        declining = declined_by(made, each)
        assert (None if declining is None else declining.id) == guard
        assert redemption_in(made, each) == redemption_by_rules(made, each)


@given(
    rules=multiplier_lists(),
    facts=st.lists(sales(), min_size=1, max_size=4),
    rate=rates,
    rounding=st.sampled_from(Rounding),
    level=st.sampled_from(RoundingLevel),
    multipliers=st.sampled_from([Multipliers.PRODUCT, Multipliers.MAX]),
    limits=st.lists(caps, max_size=1),
    columns_from=st.sampled_from([0, 1000]),
)
def test_they_agree_where_multipliers_meet(
    rules: tuple[Rule, ...],
    facts: list[Facts],
    rate: Rate,
    rounding: Rounding,
    level: RoundingLevel,
    multipliers: Multipliers,
    limits: list[Cap],
    columns_from: int,
) -> None:
    """Several on a line, on other lines, in groups, under limits, where lines are returned."""
    base = BaseRate(rate, rounding, level, multipliers)
    made = replace(STARTER, rules=rules, base=base, limits=tuple(limits), costs={"a": 300, "b": 40})
    made = compiled(replace(made, tiers=("a", "b"), near_miss_tiers=columns_from == 0), columns_from, 3)
    for each in facts:
        each.arms = frozenset()  # nobody is held out, so the shortest way is taken
        award = evaluate(made, each)
        assert award == interpret(made, each)
        assert sum(points for _, points in award.parts) == award.points


@given(seed=st.integers(0, 2**32), columns_from=st.sampled_from([2, 6, COLUMNS_FROM]))
def test_the_same_where_many_rules_ask_for_the_same_few_values(seed: int, columns_from: int) -> None:
    """So that buckets are divided, and divided again, some of their parts few rules and others many."""
    chance = Random(seed)
    rules = crowd(chance)
    made = compiled(replace(STARTER, rules=rules), columns_from, 128)
    for _ in range(4):
        merchant, store, mcc, tier = chance.choices("abcd", k=4)
        facts = sale(f"{chance.randrange(40)}.00 merchant={merchant} store={store} mcc={mcc} tier={tier}")
        assert evaluate(made, facts) == interpret(made, facts)


def crowd(chance: Random) -> tuple[Rule, ...]:
    """Many rules, each for one merchant or all, and some stores, trades and tiers of three."""
    givers = (FixedPoints(3), Multiply(Rate(3, 2)), PointsPerAmount(Rate(1, 70)))
    effects = [chance.choice(givers) for _ in range(chance.randrange(20, 60))]
    made = []
    for number, effect in enumerate(effects):
        asked = [name for name in ("store", "mcc", "tier", "merchant") if chance.random() < 0.5]
        when: list[Condition] = [
            OneOf(name, frozenset(chance.sample("abc", 1 if name == "merchant" else chance.randint(1, 2))))
            for name in asked
        ]
        if chance.random() < 0.5:
            when.append(AmountWithin("amount", chance.randrange(4000), None))
        made.append(Rule(id=f"r{number:02}", text="R", effect=effect, when=tuple(when)))
    return tuple(sorted(made, key=lambda rule: rule.order))


def test_rules_are_reached_through_their_rarest_equality() -> None:
    """Ten thousand rules of ten thousand merchants cost a sale one look."""
    rules = tuple(
        Rule(
            id=f"r{n:05}",
            text="R",
            effect=FixedPoints(1),
            when=(OneOf("tier", frozenset({"gold"})), OneOf("merchant", frozenset({f"M{n}"}))),
        )
        for n in range(10_000)
    )
    table = compile_rules(rules)
    ((_, buckets),) = table.texts
    assert len(buckets) == 10_000
    assert not table.sets
    assert table.common == ()
    made = replace(STARTER, rules=rules)
    assert evaluate(made, sale("1.00 merchant=M77 tier=gold")).parts == (("base", 1), ("r00077", 1))


def test_what_is_found_in_several_places_counts_once_and_in_order() -> None:
    """Two categories lead to the first rule, and the merchant to the second, which the search meets first."""
    rules = (
        Rule(
            id="r1",
            text="R",
            effect=FixedPoints(1),
            when=(SomeOf("has_category", frozenset({"A", "B"})),),
        ),
        Rule(id="r2", text="R", effect=FixedPoints(2), when=(OneOf("merchant", frozenset({"M1"})),)),
    )
    made = replace(STARTER, rules=rules)
    assert made.table.texts
    assert made.table.sets
    both = sale("2.00 merchant=M1 lines=A:1.00,B:1.00")
    assert evaluate(made, both).parts == (("base", 2), ("r1", 1), ("r2", 2))


def test_hours_that_overlap_are_one_stretch() -> None:
    """Whether one lies in the other, or they meet."""
    hours = ", ".join(
        f'{{ from = "{start}:00", before = "{end}:00" }}' for start, end in (("08", 14), ("09", 10), (14, 15))
    )
    rule = f'[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ time = [{hours}] }}\nthen = {{ points = 1 }}\n'
    bucket = programme(rule).table.common
    assert isinstance(bucket, tuple)
    day = 24 * 3600
    assert bucket[0].windows == (tuple(day * n + 3600 * hour for n in range(7) for hour in (8, 15)),)


def test_large_buckets_have_columns() -> None:
    """Rules without any equality are found by their amounts, and so is the nearest near miss."""
    rules = tuple(
        Rule(
            id=f"r{n:04}",
            text="R",
            effect=FixedPoints(n),
            when=(AmountWithin("amount", n * 10, n * 10 + 10),),
        )
        for n in range(1, 2000)
    )
    made = replace(STARTER, rules=rules)
    assert isinstance(made.table.common, Columns)
    award = evaluate(made, sale("50.05"))
    assert award.parts == (("base", 50), ("r0500", 500))
    assert award.near_miss == "0.05 more brings 501 extra points"
    assert award == interpret(made, sale("50.05"))


def test_another_process_can_build_it() -> None:
    """A programme with its table survives the way between two processes, and rates as before."""
    text = '[[rule]]\nid = "r"\ntext = "R"\nwhen = { segment = "vip" }\nlines = { category = "A" }\n'
    made = programme(text + "then = { points = 7 }\n")
    there = pickle.loads(pickle.dumps(made))
    facts = sale("5.00 segments=vip lines=A:5.00")
    assert there == made
    assert evaluate(there, facts) == evaluate(made, facts)
    assert evaluate(there, facts).points == 12


@given(mask=st.integers(0, 2**2000))
@example(mask=0)
@example(mask=1 << 512)
def test_bits_are_the_ones_of_a_mask(mask: int) -> None:
    """Short and long masks are walked differently, to the same end."""
    assert list(bits(mask)) == [at for at in range(mask.bit_length()) if mask >> at & 1]
