"""The facts of a decision are kept, so they must come back as they were."""

from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from loyalty.transaction import BasketLine, Tender
from rules.facts import Facts, allocate
from tests.rules.sales import sale

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
lines = st.builds(
    BasketLine,
    texts,
    st.integers(0, 10_000),
    st.sampled_from("UKLM"),
    st.integers(-10_000, 10_000),
    texts,
    st.sampled_from(["", "N", "D", "ND"]),
)
facts = st.builds(
    Facts,
    operation=st.sampled_from(["EARN", "QUOTE"]),
    base_minor=st.integers(0, 10**12),
    ticket_minor=st.integers(0, 10**12),
    local_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  (naive by design)
    lines=st.none() | st.lists(lines, max_size=6).map(tuple),
    store=texts,
    mcc=texts,
    tier=texts,
    tenders=st.lists(st.builds(Tender, texts, st.integers(0, 999), texts), max_size=2).map(tuple),
    coupons=st.lists(texts, max_size=2).map(tuple),
    segments=st.frozensets(texts, max_size=3),
    birthday=st.none() | st.dates(date(1900, 1, 1)),
    joined_on=st.none() | st.dates(date(2000, 1, 1)),
    counters=st.lists(st.tuples(texts, st.integers(0, 99)), max_size=2).map(tuple),
    traits=st.frozensets(texts, max_size=2),
    holdings=st.lists(st.tuples(texts, st.integers(-99, 99)), max_size=2).map(tuple),
    arms=st.frozensets(texts, max_size=2),
)


@given(facts=facts)
def test_facts_survive_json(facts: Facts) -> None:
    """What was stored is what was seen, and it is written the same way each time."""
    text = facts.to_json()
    assert Facts.from_json(text) == facts
    assert Facts.from_json(text).to_json() == text


def test_json_is_compact_and_fixed() -> None:
    """It is stored with every sale, and old ones must be read for ever."""
    assert sale("20.00 mcc=5411 lines=A:5.00,B:15.00:N tier=gold").to_json() == (
        '{"op":"EARN","base":2000,"ticket":2000,"at":"2026-06-02T12:00:00",'
        '"lines":[["P1",1000,"U",500,"A",""],["P2",1000,"U",1500,"B","N"]],'
        '"mcc":"5411","channel":"POSD","tier":"gold"}'
    )


@given(amount=st.integers(0, 10**6), weights=st.lists(st.integers(0, 1000), min_size=1, max_size=9))
def test_allocation_adds_up_and_is_fair(amount: int, weights: list[int]) -> None:
    """Nothing is lost, and no part is a whole unit away from its exact share."""
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(
            abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True)
        )


@given(facts=facts)
def test_line_bases_add_up_to_the_earning_base(facts: Facts) -> None:
    """Wherever the base is not above what the lines cost."""
    base, earning = facts.earning()
    amounts = sum(line.amount_minor for line, _ in earning)
    if facts.lines is None or amounts >= base:
        assert sum(part for _, part in earning) == base
