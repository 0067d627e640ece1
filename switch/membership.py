"""What rules ask of the member, and of his card.

Only what the programme asks is told: facts are kept with every decision.
"""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from ledger.book import MemberBook
from loyalty.terms import Terms
from loyalty.transaction import Operation, Transaction
from members.card import Card
from members.profile import Profile
from rules.facts import Facts
from rules.holdings import days_of, holdings_in
from switch.outcome import Record

# ISO 8583:1987, DE 22: the first two digits say how the number was read.
_ENTRY_MODES: Final = MappingProxyType(
    {
        "01": "manual", "02": "magstripe", "03": "barcode", "05": "chip", "07": "contactless",
        "81": "ecommerce", "90": "magstripe", "91": "contactless", "95": "chip",
    }
)  # fmt: skip
# Digits; other versions of the standard say these otherwise, and what is no condition in DE 25.
_ENTRY_SIZE: Final = 3
_CONDITION_SIZE: Final = 2

_OF_READING: Final = frozenset({"entry_mode", "pos_condition"})
OF_MEMBER: Final = frozenset({"segment", "kind", "card_type", "card_category", "birthday", "joined"})
TRAITS: Final = frozenset({"operation", "role", "entry_mode", "pos_condition", "currency"})


def tell_traits(
    facts: Facts, asks: AbstractSet[str], transaction: Transaction, card: Card | Record | None, terms: Terms
) -> None:
    """Put what the programme *asks* of the message, and of the place in a family, among *facts*.

    Of a *card*, or of what was decided with one.
    """
    traits = set()
    if "operation" in asks:
        operation = transaction.held_for or transaction.operation
        is_quote = operation is Operation.QUOTE
        traits.add(f"operation:{Operation.EARN.value if is_quote else operation.value}")
    if "role" in asks and card is not None:
        traits.add("role:parent" if card.owner == card.member_id else "role:child")
    if "entry_mode" in asks and len(transaction.entry_mode) == _ENTRY_SIZE:
        traits.add(f"entry_mode:{_ENTRY_MODES.get(transaction.entry_mode[:2], 'other')}")
    if "pos_condition" in asks and len(transaction.pos_condition) == _CONDITION_SIZE:
        traits.add(f"pos_condition:{transaction.pos_condition}")
    if "currency" in asks:
        traits.add(f"currency:{terms.unit_code if transaction.in_points else terms.currency}")
    facts.traits = frozenset(traits)


def as_read_before(traits: frozenset[str], before: frozenset[str]) -> frozenset[str]:
    """*traits* with how the card was read and shown, where only the message *before* told it."""
    told = {each.partition(":")[0] for each in traits}
    missing = _OF_READING - told
    return traits | {each for each in before if each.partition(":")[0] in missing}


def tell_of_holdings(facts: Facts, asks: frozenset[str], book: MemberBook, today: date) -> None:
    """Put what the programme *asks* of the points in *book* among *facts*."""
    facts.holdings = tuple([(name, held(name, book, today)) for name in holdings_in(asks)])


def held(name: str, book: MemberBook, today: date) -> int:
    """What *name* of the holdings is in *book*, once what is due is posted."""
    days = days_of(name)
    if days is None:
        return book.available(today) - book.debt
    until = today + timedelta(days=days)
    return sum([lot.points for lot in book.spendable(today) if lot.expires_on <= until])


def tell_of_member(facts: Facts, asks: frozenset[str], profile: Profile, card_type: str) -> None:
    """Put what the programme *asks* of a member, and of the type of his card, among *facts*."""
    if "segment" in asks:
        facts.segments = profile.segments
    if "kind" in asks:
        facts.traits |= {f"kind:{profile.kind.value}"}
    if "card_type" in asks:
        facts.traits |= {f"card_type:{card_type}"}
    if "card_category" in asks:
        facts.card_category = profile.category
    if "birthday" in asks:
        facts.birthday = profile.birthday
    if "joined" in asks:
        facts.joined_on = profile.joined_on
