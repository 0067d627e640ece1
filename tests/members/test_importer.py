"""Lists of cards: the good lines are taken, the bad ones told by number, and no card is ever repeated."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.card import CardRange, Identifier, IdentifierKind
from members.balances import ControlTotals, read_balances
from members.card import CardStatus
from members.importer import OPTIONAL, REQUIRED, BadLine, CardRow, read_cards
from members.memberlist import read_members

RANGES = (CardRange("6390120000000000", "6390129999999999", luhn=True),)
CARD, PARENT = "6390120000000001", "6390120000000019"


def read(text: str, *tiers: str) -> list[CardRow | BadLine]:
    """What a list says."""
    return list(read_cards(text.split("\n"), ranges=RANGES, tiers=tiers))


def reason_of(cells: str, *, header: str = "card,member,status,expires") -> str:
    """Why the one line of a list is bad."""
    (bad,) = read(f"{header}\n{cells}\n")
    assert isinstance(bad, BadLine)
    assert bad.line == 2
    return bad.reason


def test_the_least_that_a_line_says() -> None:
    """A card and its member; the card is active and never expires."""
    assert read(f"card,member\n{CARD},M1") == [
        CardRow(line=2, card=Identifier(IdentifierKind.CARD, CARD), member="M1")
    ]


def test_all_that_a_line_can_say() -> None:
    """Columns in any order, blank lines and Windows' line ends; phones and mails as they are hashed."""
    text = (
        "member,card,language,birthday,mail,phone,name,parent,tier,expires,status\r\n"
        "\r\n"
        f'M 2,{CARD},es,1984-02-29,Ana@Example.org,+34 600 123 456,"Ruiz, Ana",{PARENT},gold,2802,issued\r\n'
    )
    assert read(text, "silver", "gold") == [
        CardRow(
            line=3,
            card=Identifier(IdentifierKind.CARD, CARD),
            member="M 2",
            status=CardStatus.ISSUED,
            expires_on=date(2028, 2, 29),
            tier="gold",
            parent=Identifier(IdentifierKind.CARD, PARENT),
            name="Ruiz, Ana",
            phone=Identifier(IdentifierKind.PHONE, "34600123456"),
            mail=Identifier(IdentifierKind.MAIL, "ana@example.org"),
            birthday=date(1984, 2, 29),
            language="es",
        )
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("6390120000000005,M1,,", "card fails its check digit"),
        ("6390130000000003,M1,,", "card is in no card range"),
        ("639012000000000,M1,,", "card is in no card range"),
        ("639012000000000²,M1,,", "card is not a number"),
        (",M1,,", "card is not a number"),
        (f"{CARD},,,", "member is empty"),
        (f"{CARD},M\x07,,", "member is not 1 to 64 printable ASCII characters"),
        (f"{CARD},M1,open,", "status is none of issued, active, blocked, lost, stolen"),
        (f"{CARD},M1,replaced,", "status is none of issued, active, blocked, lost, stolen"),
        (f"{CARD},M1,,2813", "expires is not YYMM"),
        (f"{CARD},M1,,12/28", "expires is not YYMM"),
        (f"{CARD},M1,", "it has 3 columns, the header 4"),
        (f"{CARD},M1,,,,", "it has 6 columns, the header 4"),
        (f'{CARD},"M1,,', "a quote is not closed, or not doubled"),
        (f"{CARD},M\udcf1,,", "it is not UTF-8"),
    ],
)
def test_a_bad_line(cells: str, reason: str) -> None:
    """The reason says what to mend."""
    assert reason_of(cells) == reason


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("parent", CARD, "a card is its own parent"),
        ("parent", "6390120000000005", "parent fails its check digit"),
        ("phone", "600-CALL-ME", "phone is not digits with the country code"),
        ("mail", "ana at example", "mail is not an address"),
        ("birthday", "29.02.1984", "birthday is not YYYY-MM-DD"),
        ("birthday", "1985-02-29", "birthday is no day of the calendar"),
        ("language", "español", "language is not two small letters"),
        ("name", "x" * 201, "name is longer than 200 characters"),
        ("tier", "two words", "tier is not 1 to 16 printable ASCII characters"),
    ],
)
def test_a_bad_optional_cell(column: str, cell: str, reason: str) -> None:
    """What is optional is checked where it is given."""
    assert reason_of(f"{CARD},M1,{cell}", header=f"card,member,{column}") == reason


def test_an_unknown_tier() -> None:
    """Where the programme has tiers, a misspelt one would lose its member's benefits in silence."""
    text = f"card,member,tier\n{CARD},M1,glod"
    assert read(text, "gold") == [BadLine(2, "tier is not in the programme")]
    assert isinstance(read(text)[0], CardRow)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("card,status", "column member is missing"),
        ("card,member,card", "a column stands twice"),
        (f"card,member,{CARD}", f"a column is unknown; there are {', '.join(REQUIRED + OPTIONAL)}"),
    ],
)
def test_a_bad_header(header: str, reason: str) -> None:
    """Without a header nothing can be taken, and one message is enough."""
    assert read(f"{header}\n{CARD},M1\n{CARD},M1") == [BadLine(1, reason)]


def test_no_header() -> None:
    """An empty file is a mistake of whoever made it, not a list of nobody."""
    missing = [BadLine(1, "the header is missing")]
    assert read("") == missing
    assert list(read_members(["\n"])) == missing
    assert list(read_balances([], ranges=(), totals=ControlTotals())) == missing
    assert read("card,member\n") == []


def test_good_lines_are_taken_beside_bad_ones() -> None:
    """A quote that is never closed spoils its own line alone."""
    rows = read(f'card,member\n{CARD},M1\n{CARD},"M2\n{PARENT},M3\n')
    assert [type(row).__name__ for row in rows] == ["CardRow", "BadLine", "CardRow"]


@given(
    cells=st.lists(
        st.sampled_from([CARD, "6390120000000005", "4111111111111111", "M1", "", '"', "x"])
        | st.text(max_size=20),
        min_size=1,
        max_size=12,
    )
)
def test_no_card_is_repeated(cells: list[str]) -> None:
    """Whatever slips into whatever column: reasons and reprs go to logs and mails."""
    header = "card,member,status,expires,tier,parent,name,phone,mail,birthday,language"
    for row in read(f"{header}\n{','.join(cells)}\n"):
        shown = repr(row).replace("member='", "") if isinstance(row, BadLine) else repr(row.card)
        assert "639012" not in shown
        assert "411111" not in shown
