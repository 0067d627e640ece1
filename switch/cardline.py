"""A card of a list, with hashes in place of numbers: what an import sends to the switch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from loyalty.card import Identifier, IdentifierKind, Token
from members.card import CardStatus
from members.importer import CardRow
from switch.block import Person

TokenOf = Callable[[Identifier], Token]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """A card of a list.

    Attributes:
        line: Its number in the list.
        token: Of the card's number.
        member: The operator's own id of the member; *account* is its token.
        parent: Token of another card of the family.
        person: What is said of the member in clear; ``None`` when nothing is.
        identifiers: Kind and token of his phone and mail.
        programme: That the card is of; empty for the deployment's own.
        type: Of the card, empty for none; ``None`` when nothing is said of it.
    """

    line: int
    token: Token
    last4: str
    member: str
    account: Token
    status: CardStatus
    expires_on: date | None = None
    tier: str | None = None
    language: str | None = None
    parent: Token | None = None
    person: Person | None = None
    identifiers: tuple[tuple[str, Token], ...] = ()
    programme: str = ""
    type: str | None = None

    @classmethod
    def of(cls, row: CardRow, token_of: TokenOf) -> Self:
        """What *row* says, with its numbers hashed."""
        said = row.name, row.phone, row.mail, row.birthday
        person = Person(
            name=row.name or "",
            phone=row.phone.value if row.phone else "",
            mail=row.mail.value if row.mail else "",
            birthday=row.birthday,
        )
        return cls(
            line=row.line,
            token=token_of(row.card),
            last4=row.card.last4,
            member=row.member,
            account=token_of(Identifier(IdentifierKind.ACCOUNT, row.member)),
            status=row.status,
            expires_on=row.expires_on,
            tier=row.tier,
            language=row.language,
            parent=token_of(row.parent) if row.parent else None,
            person=person if any(said) else None,
            identifiers=tuple(
                (named.kind.value, token_of(named)) for named in (row.phone, row.mail) if named
            ),
            programme=row.programme,
            type=row.type,
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON values; what is empty is left out, but that a card has no type."""
        person = self.person or Person()
        values = {
            "line": self.line,
            "token": self.token.hex(),
            "last4": self.last4,
            "member": self.member,
            "account": self.account.hex(),
            "status": self.status.value,
            "expires_on": self.expires_on and self.expires_on.isoformat(),
            "tier": self.tier,
            "language": self.language,
            "parent": self.parent and self.parent.hex(),
            "name": person.name,
            "phone": person.phone,
            "mail": person.mail,
            "birthday": person.birthday and person.birthday.isoformat(),
            "identifiers": [[kind, token.hex()] for kind, token in self.identifiers],
            "programme": self.programme,
        }
        told = {name: value for name, value in values.items() if value not in (None, "", [])}
        return told if self.type is None else told | {"type": self.type}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The line that ``to_json`` gave.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: These are other values.
        """
        said = [values.get(name) for name in ("name", "phone", "mail", "birthday")]
        name, phone, mail, _ = (str(value or "") for value in said)
        birthday = date_of(values.get("birthday"))
        return cls(
            line=int(values["line"]),
            token=token_of_hex(values["token"]),
            last4=str(values["last4"]),
            member=str(values["member"]),
            account=token_of_hex(values["account"]),
            status=CardStatus(values["status"]),
            expires_on=date_of(values.get("expires_on")),
            tier=values.get("tier"),
            language=values.get("language"),
            parent=token_of_hex(values["parent"]) if "parent" in values else None,
            person=Person(name=name, phone=phone, mail=mail, birthday=birthday) if any(said) else None,
            identifiers=tuple(
                (str(kind), token_of_hex(token)) for kind, token in values.get("identifiers", ())
            ),
            programme=str(values.get("programme", "")),
            type=None if values.get("type") is None else str(values["type"]),
        )


def token_of_hex(text: str) -> Token:
    """The token that is written as *text*.

    Raises:
        ValueError: It is none.
    """
    token = bytes.fromhex(text)
    if len(token) != 16:
        raise ValueError
    return Token(token)


def date_of(text: str | None) -> date | None:
    """The date that is written as *text*; ``None`` for none."""
    return date.fromisoformat(text) if text else None
