"""What rules ask of the member.

Only what the programme asks is told: facts are kept with every decision.
"""

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
