"""Reads what rules collect on and draw on."""

from typing import Final

from rules.reading import Section
from rules.span import Span, SpanUnit
from rules.stock import Pool, StampCard

SIZE_MAX: Final = 1000  # stamps of a card
_A_MONTH: Final = Span(30, SpanUnit.DAYS)


def read_stamp_cards(main: Section) -> dict[str, StampCard]:
    """The cards of stamps, by id."""
    cards: dict[str, StampCard] = {}
    for section in main.sections("stamp_card"):
        card = StampCard(
            id=section.name("id"),
            text=section.text("text"),
            size=section.whole("size", low=2, high=SIZE_MAX),
            coupon=section.name("coupon") if "coupon" in section else "",
        )
        section.close()
        if card.id in cards:
            section.wrong(f"two cards of stamps have the id {card.id}", "id", "give each its own")
        cards[card.id] = card
    return cards


def read_pools(main: Section) -> dict[str, Pool]:
    """The pools of prizes, by id."""
    pools: dict[str, Pool] = {}
    for section in main.sections("pool"):
        pool = Pool(
            id=section.name("id"),
            text=section.text("text"),
            stock=section.whole("stock", low=1),
            cost_minor=section.money("cost", 0),
            lasts=section.span("last", _A_MONTH),
        )
        section.close()
        if pool.id in pools:
            section.wrong(f"two pools have the id {pool.id}", "id", "give each its own")
        pools[pool.id] = pool
    return pools
