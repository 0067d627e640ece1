"""What rules ask beyond the sale itself: of the member, and of the products in the basket.

Only what the programme asks is told: facts are kept with every decision.
"""

from collections.abc import Mapping
from dataclasses import replace

from loyalty.transaction import BasketLine
from members.profile import Profile
from rules.facts import Facts


def tell_of_member(facts: Facts, asks: frozenset[str], profile: Profile) -> None:
    """Put what the programme *asks* of a member among *facts*."""
    if "segment" in asks:
        facts.segments = profile.segments
    if "card_category" in asks:
        facts.card_category = profile.category
    if "birthday" in asks:
        facts.birthday = profile.birthday
    if "joined" in asks:
        facts.joined_on = profile.joined_on


def categorised(lines: tuple[BasketLine, ...], categories: Mapping[str, str]) -> tuple[BasketLine, ...]:
    """*lines*, where the till sent no category with that of the master data."""
    return tuple(
        [
            replace(line, category=categories[line.product])
            if not line.category and line.product in categories
            else line
            for line in lines
        ]
    )
