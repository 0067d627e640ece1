"""Cards are taken in, blocked and replaced: once, in the one order of everything."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loyalty.card import Identifier, IdentifierKind
from loyalty.errors import LoyaltyError
from members.card import CardStatus
from members.identifiers import Hasher
from members.importer import CardRow
from rules.programme import Programme
from switch.administration import Desk
from switch.cardline import CardLine
from switch.lock import ProcessLock
from tests.switch.story import starter

HASHER = Hasher(bytes(range(32)))
A, B, C, D = "6390120000000001", "6390120000000019", "6390120000000027", "6390120000000035"


def card(number: str) -> Identifier:
    return Identifier(IdentifierKind.CARD, number)


def row(number: str, member: str, line: int = 2, **said: Any) -> CardRow:
    """A line of a list."""
    if "parent" in said:
        said["parent"] = card(said["parent"])
    if "phone" in said:
        said["phone"] = Identifier(IdentifierKind.PHONE, said["phone"])
    return CardRow(line=line, card=card(number), member=member, **said)


class Clerk:
    """Orders at a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def take_in(self, *rows: CardRow) -> Mapping[str, Any]:
        cards = [CardLine.of(row, HASHER.token).to_json() for row in rows]
        return self._desk.order("cards.import", cards=cards)

    def set_status(self, number: str, status: CardStatus) -> Mapping[str, Any]:
        return self._desk.order("cards.status", card=HASHER.token(card(number)).hex(), status=status.value)

    def replace(self, number: str, successor: str, expires_on: str | None = None) -> Mapping[str, Any]:
        old, new = (HASHER.token(card(name)).hex() for name in (number, successor))
        return self._desk.order(
            "cards.replace", card=old, new=new, last4=successor[-4:], expires_on=expires_on
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = tmp_path / "puntual.db"
    socket = tmp_path / "puntual.sock"
    with Desk(socket=socket, database=database, programme=starter, hasher=HASHER) as desk:
        yield desk


@pytest.fixture
def clerk(desk: Desk) -> Clerk:
    return Clerk(desk)


def test_the_same_list_twice_changes_nothing(clerk: Clerk) -> None:
    """An import that was cut short is given again as it is."""
    rows = [
        row(A, "M1", 2, name="Ana", phone="34600123456", birthday=date(1984, 2, 29), tier="gold"),
        row(B, "M2", 3, status=CardStatus.ISSUED, expires_on=date(2028, 12, 31), language="es"),
        row(C, "M3", 4, parent=A),
    ]
    assert clerk.take_in(*rows) == {"imported": 3, "skipped": 0, "bad": []}
    assert clerk.take_in(*rows) == {"imported": 0, "skipped": 3, "bad": []}


def test_a_card_twice_in_one_list(clerk: Clerk) -> None:
    """The second line sees the first."""
    assert clerk.take_in(row(A, "M1", 2), row(A, "M1", 3), row(A, "M2", 4)) == {
        "imported": 1,
        "skipped": 1,
        "bad": [[4, "the card is known with another member"]],
    }


@pytest.mark.parametrize(
    ("said", "columns"),
    [
        ({"status": CardStatus.LOST}, "status"),
        ({"expires_on": date(2028, 11, 30)}, "expires"),
        ({"tier": "silver", "language": "en"}, "tier, language"),
        ({"name": "Eva", "birthday": date(1984, 3, 1)}, "name, birthday"),
        ({"phone": "34600000000", "parent": B}, "parent, phone"),
    ],
)
def test_a_line_that_contradicts_what_is_known(clerk: Clerk, said: dict[str, Any], columns: str) -> None:
    """A list corrects nothing in silence."""
    first: dict[str, Any] = {
        "expires_on": date(2028, 12, 31), "tier": "gold", "language": "es", "name": "Ana",
        "phone": "34600123456", "birthday": date(1984, 2, 29),
    }  # fmt: skip
    clerk.take_in(row(A, "M1", **first), row(B, "M2"))
    told = clerk.take_in(row(A, "M1", 7, **{**first, **said}))
    assert told["bad"] == [[7, f"the card is known with another {columns}"]]


def test_a_second_card_of_a_member(clerk: Clerk) -> None:
    """What the second line leaves empty is as the first one said."""
    clerk.take_in(row(A, "M1", name="Ana", tier="gold"))
    assert clerk.take_in(row(B, "M1", phone="34600123456"))["imported"] == 1
    assert clerk.take_in(row(B, "M1", name="Ana", tier="gold", phone="34600123456"))["skipped"] == 1


def test_the_type_of_a_card(clerk: Clerk) -> None:
    """A later list may say another; one that says nothing leaves it, and one that says none takes it away."""
    hashed = CardLine.of(row(A, "M1", type=""), HASHER.token)
    assert CardLine.from_json(hashed.to_json()) == hashed
    assert clerk.take_in(row(A, "M1", type="corporate"), row(B, "M1"))["imported"] == 2
    assert clerk.take_in(row(A, "M1"), row(A, "M1", type="corporate"))["skipped"] == 2
    assert clerk.take_in(row(A, "M1", type="virtual"), row(A, "M1", type="rfid"), row(B, "M1", type="")) == {
        "imported": 0,
        "changed": 2,
        "skipped": 1,
        "bad": [],
    }
    assert clerk.take_in(row(A, "M1", type="rfid"))["skipped"] == 1
    clerk.replace(A, C)  # what takes its place is of its type
    assert clerk.take_in(row(C, "M1", type="rfid"))["skipped"] == 1
    assert clerk.take_in(row(C, "M1", type=""))["changed"] == 1
    assert clerk.take_in(row(C, "M1", type=""))["skipped"] == 1


def test_families(clerk: Clerk) -> None:
    """A child shares its parent's accounts; a parent that comes later, or other accounts, are told."""
    assert clerk.take_in(row(B, "M2", 2, parent=A), row(A, "M1", 3))["bad"] == [
        [2, "the parent is not known; a parent with a parent stands above it in the list"]
    ]
    assert clerk.take_in(row(B, "M2", 2, parent=A), row(C, "M3", 3, parent=B))["imported"] == 2
    clerk.take_in(row(D, "M4"))
    told = clerk.take_in(row("6390120000000043", "M4", 9, parent=A))
    assert told["bad"] == [[9, "the member has other accounts than the parent"]]


def test_statuses(clerk: Clerk) -> None:
    """A lost card does not come back to life by an activation alone; a replaced one never does."""
    clerk.take_in(row(A, "M1", status=CardStatus.ISSUED))
    assert clerk.set_status(A, CardStatus.ACTIVE) == {
        "card": "*0001",
        "member": "M1",
        "status": "active",
        "expires_on": None,
    }
    assert clerk.set_status(A, CardStatus.ACTIVE)["status"] == "active"
    assert clerk.set_status(A, CardStatus.LOST)["status"] == "lost"
    with pytest.raises(LoyaltyError, match=r"card \*0001: is lost and cannot become active \(replace it"):
        clerk.set_status(A, CardStatus.ACTIVE)
    assert clerk.replace(A, B, "2030-01-31") == {
        "card": "*0019",
        "member": "M1",
        "status": "active",
        "expires_on": "2030-01-31",
    }
    with pytest.raises(LoyaltyError, match="is replaced and cannot become blocked"):
        clerk.set_status(A, CardStatus.BLOCKED)
    with pytest.raises(LoyaltyError, match="is replaced already"):
        clerk.replace(A, C)
    with pytest.raises(LoyaltyError, match=r"card \*0019: is known already"):
        clerk.replace(B, B)
    with pytest.raises(LoyaltyError, match="the card: is not known"):
        clerk.set_status(D, CardStatus.BLOCKED)


def test_a_second_desk_is_refused(desk: Desk, tmp_path: Path) -> None:
    """The books have one writer."""
    assert desk
    other = Desk(
        socket=tmp_path / "puntual.sock",
        database=tmp_path / "puntual.db",
        programme=starter,
        hasher=HASHER,
        tries=1,
    )
    with pytest.raises(LoyaltyError, match="writes these books"), other:
        pass


def test_a_desk_waits_for_who_has_the_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A switch that starts or ends, or another command: the order is taken when they are free."""
    lock = ProcessLock(tmp_path / "puntual.lock")
    waits: list[Callable[[], None]] = [lock.release, lambda: None]

    def pause() -> None:
        waits.pop()()

    monkeypatch.setattr("switch.administration._pause", pause)
    socket, database = tmp_path / "puntual.sock", tmp_path / "puntual.db"
    with Desk(socket=socket, database=database, programme=starter, hasher=HASHER) as desk:
        assert Clerk(desk).take_in(row(A, "M1"))["imported"] == 1
    assert not waits


def test_a_desk_without_a_programme_lets_go_of_the_books(tmp_path: Path) -> None:
    """Else the command would not end, and no switch could start."""

    def refuse() -> Programme:
        raise LoyaltyError("is not known here", where="programme.toml")

    socket, database = tmp_path / "puntual.sock", tmp_path / "puntual.db"
    with (
        pytest.raises(LoyaltyError, match="is not known here"),
        Desk(socket=socket, database=database, programme=refuse, hasher=HASHER),
    ):
        pass
    ProcessLock(tmp_path / "puntual.lock").release()


def test_what_was_taken_in_is_there_after_a_restart(tmp_path: Path) -> None:
    """An order is durable when it is told."""
    for imported in (1, 0):
        with Desk(
            socket=tmp_path / "puntual.sock",
            database=tmp_path / "puntual.db",
            programme=starter,
            hasher=HASHER,
        ) as desk:
            assert Clerk(desk).take_in(row(A, "M1", name="Ana"))["imported"] == imported


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("cards.import", {}),
        ("cards.import", {"cards": [{}]}),
        ("cards.import", {"cards": [{"line": 1, "token": "00"}]}),
        ("cards.import", {"cards": [7]}),
        ("cards.status", {"card": "00" * 16, "status": "eaten"}),
        ("cards.replace", {"card": None}),
    ],
)
def test_an_order_of_another_version(desk: Desk, name: str, arguments: dict[str, object]) -> None:
    """What the switch does not understand is refused, and nothing of it is shown."""
    with pytest.raises(LoyaltyError, match=r"^the order: is not understood \(use"):
        desk.order(name, **arguments)
