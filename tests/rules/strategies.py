"""Random rules and sales from a small world, so that they meet."""

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from loyalty.amount import Rate
from loyalty.transaction import BasketLine, Tender
from rules.cap import Cap, Per, Scope, Unit
from rules.conditions import (
    AgeWithin,
    AllOf,
    AmountWithin,
    AnyOf,
    BirthdayWithin,
    Condition,
    CounterWithin,
    HoldingWithin,
    JoinedWithin,
    LineFilter,
    Not,
    OnDays,
    OneOf,
    Period,
    SomeOf,
    Window,
)
from rules.effects import (
    BasePoints,
    CashBack,
    Decline,
    Effect,
    FixedPoints,
    FreeForStamps,
    FreeUnits,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Message,
    MoneyOff,
    MoveTier,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    TierPoints,
    TierPointsPerAmount,
    UnitPrice,
)
from rules.facts import Facts
from rules.redemption import Redemption
from rules.rule import Pick, Rule
from rules.span import Span, SpanUnit
from rules.stock import FREE, FREE_WITHIN, Pool, StampCard

NOON = datetime(2026, 2, 27, 12)  # noqa: DTZ001  (the terminal's own clock)
names = st.sampled_from("abc")
sets = st.frozensets(names, min_size=1, max_size=2)
money = st.integers(0, 3000)
moments = st.integers(-5 * 24, 5 * 24).map(lambda hours: NOON + timedelta(hours=hours))
rates = st.builds(Rate, st.integers(0, 5), st.integers(1, 300))
caps = st.builds(
    Cap,
    st.sampled_from(("rule:a", "campaign:b")),
    st.integers(1, 60),
    st.just(Scope.ALL),
    st.sampled_from([per for per in Per if per is not Per.ROLLING]),
    st.sampled_from(Unit),
    value=st.builds(Rate, st.integers(1, 3), st.integers(1, 3)),
)
TAKES = (1, 1, 1, 2, 2)  # by group
PICKS = (Pick.ALL, Pick.FIRST, Pick.BEST, Pick.BEST, Pick.BEST_MARGIN)  # by group
SCALARS = ("merchant", "store", "mcc", "tier", "channel")


@st.composite
def ranges(draw: st.DrawFn, ends: st.SearchStrategy[int]) -> tuple[int | None, int | None]:
    low, high = draw(st.none() | ends), draw(st.none() | ends)
    if low is not None and high is not None and low >= high:
        low, high = high, low + 1
    return low, high


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start, end = draw(st.integers(0, 23)), draw(st.integers(0, 24))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Window(days, start * 3600, (end if end != start else start + 1) * 3600)


amount_ranges = st.builds(
    lambda name, pair: AmountWithin(name, *pair), st.sampled_from(("amount", "ticket")), ranges(money)
)
traits = st.sampled_from(("card_type:a", "card_type:b", "card_type:", "pos_condition:01"))
simple: st.SearchStrategy[Condition] = st.one_of(
    st.builds(OneOf, st.sampled_from(SCALARS), sets),
    st.builds(OneOf, st.sampled_from(SCALARS), sets),
    st.builds(
        SomeOf,
        st.sampled_from(("segment", "tender", "coupon", "has_category", "has_product", "traits")),
        sets,
    ),
    st.builds(
        lambda name, pair: AmountWithin(name, *pair), st.sampled_from(("amount", "ticket")), ranges(money)
    ),
    st.builds(
        lambda name, pair: AmountWithin(name, *pair), st.sampled_from(("amount", "ticket")), ranges(money)
    ),
    st.builds(
        lambda pair, every: CounterWithin("visits", pair[0], pair[1], every or 2 * (pair == (None, None))),
        ranges(st.integers(0, 5)),
        st.sampled_from([0, 0, 2, 3]),
    ),
    windows(),
    st.builds(Period, st.none() | moments, st.none() | moments),
    st.builds(BirthdayWithin, st.integers(0, 3), st.integers(0, 3)),
    st.builds(OnDays, st.just(("c",)), st.frozensets(moments.map(datetime.date))),
    st.builds(lambda pair: AgeWithin(*pair), ranges(st.integers(20, 50))),
    st.builds(lambda pair: JoinedWithin(*pair), ranges(st.integers(0, 9))),
    st.builds(
        lambda name, pair: HoldingWithin(name, *pair),
        st.sampled_from(("balance", "expiring.9d")),
        ranges(st.integers(0, 9)),
    ),
    st.builds(lambda some: SomeOf("traits", frozenset(some)), st.sets(traits, min_size=1, max_size=2)),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda each: AllOf(tuple(each))),
        st.lists(inner, min_size=1, max_size=2).map(lambda each: AnyOf(tuple(each))),
        st.builds(Not, inner),
    ),
    max_leaves=3,
)
redemptions = st.builds(Redemption, rates, st.integers(1, 50), rates, rule=names)
stamp_cards = st.sampled_from([StampCard("s", "S", 2), StampCard("t", "T", 3, "a")])
pools = st.sampled_from(
    [Pool("p", "P", 2, 40, Span(1, SpanUnit.DAYS)), Pool("q", "Q", 1, 0, Span(1, SpanUnit.DAYS))]
)
effects: st.SearchStrategy[Effect] = st.one_of(
    st.builds(Redeem, redemptions),
    st.builds(BasePoints, rates),
    st.builds(PointsPerAmount, rates),
    st.builds(FixedPoints, st.integers(1, 50)),
    st.builds(PointsPerLine, st.integers(1, 5)),
    st.builds(PointsPerUnit, st.integers(1, 5)),
    st.builds(lambda a, b: Multiply(Rate(a + b, b)), st.integers(1, 7), st.integers(1, 3)),
    st.builds(lambda a, b: ShareOff(Rate(min(a, b), b)), st.integers(1, 7), st.integers(1, 7)),
    st.builds(UnitPrice, money),
    st.builds(MoneyOff, st.integers(1, 2000)),
    st.builds(FreeUnits, st.integers(2, 3)),
    st.builds(Decline, st.just("NO_WAY")),
    st.builds(IssueCoupon, names),
    st.builds(Message, names),
    st.just(FreeForStamps(StampCard("s", "S", 2))),
    st.builds(IssueCertificate, money.filter(bool)),
    st.builds(IssueMoney, money.filter(bool)),
    st.builds(lambda a, b: CashBack(Rate(min(a, b), b)), st.integers(1, 7), st.integers(1, 7)),
    st.builds(GiveAway, pools),
    st.builds(GiveStamps, stamp_cards, st.booleans()),
    st.builds(TierPoints, st.integers(1, 50)),
    st.builds(TierPointsPerAmount, rates),
    st.builds(MoveTier, names, st.just(Span(1, SpanUnit.DAYS))),
)


@st.composite
def line_filters(draw: st.DrawFn) -> LineFilter:
    low, high = draw(ranges(money))
    return LineFilter(
        draw(st.none() | sets),
        draw(st.none() | sets),
        draw(st.frozensets(names, max_size=1)),
        draw(st.frozensets(names, max_size=1)),
        low,
        high,
        draw(st.none() | ranges(st.integers(0, 4))),
        draw(st.none() | ranges(st.integers(-2, 5))),
    )


floors = st.sampled_from([None, None, None, 0, 3000, 9000])


@st.composite
def rule_lists(draw: st.DrawFn, max_size: int = 16) -> tuple[Rule, ...]:
    """Rules in order; groups 1 and 2 hold bonuses, 3 multipliers, 4 and 5 prices."""
    made = []
    for number in range(draw(st.integers(0, max_size))):
        effect = draw(effects)
        group = 0
        if draw(st.booleans()):
            group = (
                3
                if isinstance(effect, Multiply)
                else 0
                if isinstance(effect, BasePoints)
                else draw(st.sampled_from([1, 2, 4]))
            )
        made.append(
            Rule(
                id=f"r{number}",
                text=f"Rule {number}",
                effect=effect,
                priority=draw(st.integers(-2, 2)),
                group=group,
                pick=PICKS[group],
                take=TAKES[group],
                when=tuple(draw(st.lists(conditions, max_size=3))),
                lines=draw(st.none() | line_filters()),
                campaign=draw(st.sampled_from(["", "", "x", "y"])),
                caps=tuple(draw(st.lists(caps, max_size=2))),
                margin_floor_bp=None if isinstance(effect, BasePoints) else draw(floors),
                arms=draw(
                    st.sampled_from([frozenset(), frozenset(), frozenset({"x/A"}), frozenset({"x/B"})])
                ),
            )
        )
    return tuple(sorted(made, key=lambda rule: rule.order))


@st.composite
def multiplier_lists(draw: st.DrawFn) -> tuple[Rule, ...]:
    """Rules in order, nearly all of which multiply, most of which hold, so that several meet on a line."""
    made = []
    for number in range(draw(st.integers(2, 7))):
        group = draw(st.sampled_from([0, 0, 0, 1, 2]))
        factor = st.builds(lambda a, b: Multiply(Rate(a + b, b)), st.integers(1, 7), st.integers(1, 3))
        when = st.builds(lambda low: (AmountWithin("amount", low, None),), st.integers(500, 3000))
        tier = OneOf("tier", frozenset("b"))
        made.append(
            Rule(
                id=f"m{number}",
                text=f"Rule {number}",
                effect=draw(factor),
                priority=draw(st.integers(-2, 2)),
                group=group,
                pick=(Pick.ALL, Pick.BEST, Pick.FIRST)[group],
                take=(1, 1, 2)[group],
                when=draw(st.sampled_from([(), (), (), (tier,)]) | when),
                lines=draw(st.none() | st.builds(LineFilter, st.none(), sets)),
                caps=tuple(draw(st.sampled_from([(), (), ()]) | st.lists(caps, max_size=2))),
                margin_floor_bp=draw(st.sampled_from([None, None, None, None, 3000])),
            )
        )
    others: tuple[Effect, ...] = (
        BasePoints(Rate(3, 200)),
        FixedPoints(7),
        PointsPerLine(2),
    )
    made += [
        Rule(id=f"o{at}", text="O", effect=each) for at, each in enumerate(others) if draw(st.booleans())
    ]
    return tuple(sorted(made, key=lambda rule: rule.order))


lines = st.builds(
    BasketLine,
    names,
    st.sampled_from([0, 999, 1000, 2500]),
    st.just("U"),
    st.integers(-500, 1500),
    names,
    st.sampled_from(["", "", "", "N", "D"]),
)


@st.composite
def sales(draw: st.DrawFn) -> Facts:
    basket = draw(st.none() | st.lists(lines, max_size=6).map(tuple))
    ticket = draw(money) if basket is None else max(sum(line.amount_minor for line in basket), 0)
    return Facts(
        operation="EARN",
        base_minor=draw(st.integers(0, ticket)) if draw(st.booleans()) else ticket,
        ticket_minor=ticket,
        local_at=draw(moments),
        lines=basket,
        merchant_id=draw(names),
        store=draw(names),
        mcc=draw(names),
        tier=draw(st.sampled_from(["", "a", "b"])),
        channel=draw(names),
        can=draw(st.sampled_from(["", "D", "PD"])),
        arms=frozenset(draw(st.sampled_from([(), (), ("x/A",), ("x/B",), ("holdout",)]))),
        coupons=tuple(sorted(draw(st.frozensets(names)))),
        segments=draw(st.frozensets(names)),
        traits=draw(st.frozensets(names)) | draw(st.frozensets(traits, max_size=2)),
        tenders=tuple(Tender(kind, 1) for kind in draw(st.lists(names, max_size=2))),
        birthday=draw(st.none() | st.sampled_from([date(1980, 2, 29), date(1990, 2, 26), date(1999, 3, 1)])),
        joined_on=draw(st.none() | moments.map(datetime.date)),
        holdings=draw(
            st.sampled_from([(), (("balance", -3),)])
            | st.builds(
                lambda all_, some: (("balance", all_), ("expiring.9d", some)), *[st.integers(0, 9)] * 2
            )
        ),
        counters=(
            ("campaign:b/all/day", draw(st.integers(0, 70))),
            (f"{FREE}r1", draw(st.integers(0, 2))),
            (f"{FREE_WITHIN}r1", draw(st.integers(0, 1))),
            ("pool.p", draw(st.integers(0, 2))),
            ("stamps.s", draw(st.integers(-1, 5))),
            ("stamps.t", draw(st.integers(-1, 2))),
            ("visits", draw(st.integers(0, 5))),
        ),
    )
