"""Tokens: the same customer gives the same one, and nothing leads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.card import Identifier, IdentifierKind
from members.identifiers import Hasher

HASHER = Hasher(bytes(range(32)))


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (IdentifierKind.MAIL, "Ana@Example.org", "ana@example.org"),
        (IdentifierKind.PHONE, "+34 600-123-456", "34600123456"),
        (IdentifierKind.PHONE, "34(600)123.456", "34600123456"),
    ],
)
def test_spellings_of_one_identifier_share_its_token(kind: IdentifierKind, one: str, other: str) -> None:
    """What the operator imported and what the till sends meet."""
    assert HASHER.token(Identifier(kind, one)) == HASHER.token(Identifier(kind, other))


@given(value=st.text(min_size=1, max_size=40), others=st.sampled_from(IdentifierKind))
def test_kinds_do_not_meet(value: str, others: IdentifierKind) -> None:
    """A barcode with the digits of somebody's phone is not that somebody."""
    card = HASHER.token(Identifier(IdentifierKind.CARD, value))
    assert len(card) == 16
    assert (HASHER.token(Identifier(others, value)) == card) == (others is IdentifierKind.CARD)


def test_another_key_gives_other_tokens() -> None:
    """A stolen database is worth nothing without the key."""
    card = Identifier(IdentifierKind.CARD, "6390120000000004")
    assert HASHER.token(card) != Hasher(bytes(32)).token(card)


def test_a_token_never_changes() -> None:
    """A token is stored for ever: an upgrade that hashes otherwise would lose every card."""
    card = Identifier(IdentifierKind.CARD, "6390120000000004")
    assert HASHER.token(card).hex() == "6c0bb46a5f9e376aa90ddacac57bee60"


def test_nothing_shows_in_a_repr() -> None:
    """Tracebacks and logs print reprs."""
    assert repr(HASHER) == "Hasher(****)"
