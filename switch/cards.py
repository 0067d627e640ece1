"""Orders of the administration that concern cards: take in new ones, change a status, replace one.

Numbers of cards do not come this far: whoever orders hashes them first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from loyalty.card import IdentifierKind, MemberId, Token
from loyalty.errors import LoyaltyError
from members.card import Card, CardStatus
from switch.block import Enrolment, Person
from switch.cardline import CardLine
from switch.case import Moment
from switch.numbers import Numbers
from switch.outcome import CardChange
from switch.work import Change
from switch.worksheet import Worksheet

_CARD: Final = IdentifierKind.CARD.value
_ACCOUNT: Final = IdentifierKind.ACCOUNT.value

PersonOf = Callable[[MemberId], Person | None]

# From where to where a status may be changed. A replaced card stays so: its successor has its place.
_BEFORE: Final = {
    CardStatus.ACTIVE: (CardStatus.ISSUED, CardStatus.BLOCKED),
    CardStatus.BLOCKED: (CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.LOST, CardStatus.STOLEN),
    CardStatus.LOST: (CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.BLOCKED, CardStatus.STOLEN),
    CardStatus.STOLEN: (CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.BLOCKED, CardStatus.LOST),
}


@dataclass(frozen=True, slots=True)
class ImportCards:
    """Take in the cards of *lines*: the new ones are enrolled, the known ones skipped.

    Of a known card the list may say another type, and nothing else: that is what it is from now on.
    """

    lines: Sequence[CardLine]
    numbers: Numbers
    person_of: PersonOf

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``imported`` and ``skipped``, how many; ``bad``, line and reason of the others.

        And ``changed``, how many known ones have another type now, where there are any.
        """
        clerk = _Clerk(worksheet, self.numbers, self.person_of, moment.business_date)
        bad: list[list[int | str]] = []
        skipped = 0
        for line in self.lines:
            try:
                skipped += not clerk.take(line)
            except _DiffersError as error:
                bad.append([line.line, str(error)])
        result = {"imported": len(clerk.enrolments), "skipped": skipped, "bad": bad}
        changed = {"changed": len(clerk.changes)} if clerk.changes else {}
        return Change(
            result=result | changed, enrolments=tuple(clerk.enrolments), card_changes=tuple(clerk.changes)
        )


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Change the status of the card *token*."""

    token: Token
    status: CardStatus

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (of every command)
        """Told: the card as it is now.

        Raises:
            LoyaltyError: It is not known, or cannot come to this status.
        """
        card = _find(worksheet, self.token)
        if card.status is self.status:
            return Change(result=_told(card))
        if card.status not in _BEFORE[self.status]:
            hint = "replace it, or block it first when it was found again"
            if card.status is CardStatus.REPLACED:
                hint = "use the card that took its place"
            raise LoyaltyError(
                f"is {card.status.value} and cannot become {self.status.value}",
                where=f"card *{card.last4}",
                hint=hint,
            )
        change = CardChange(card=card, status=self.status)
        worksheet.change_card(change)
        return Change(result=_told(replace(card, status=self.status)), card_changes=(change,))


@dataclass(frozen=True, slots=True)
class ReplaceCard:
    """Put the card *new*, active, in the place of the card *token*: same member, same accounts."""

    token: Token
    new: Token
    last4: str
    expires_on: date | None
    numbers: Numbers

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (of every command)
        """Told: the new card.

        Raises:
            LoyaltyError: The old card is not known or replaced already, or the new one is known.
        """
        old = _find(worksheet, self.token)
        if old.status is CardStatus.REPLACED:
            raise LoyaltyError(
                "is replaced already", where=f"card *{old.last4}", hint="replace its successor"
            )
        if worksheet.cards(_CARD, self.new):
            raise LoyaltyError("is known already", where=f"card *{self.last4}", hint="take an unused number")
        new = replace(
            old,
            card_id=self.numbers.card_id(),
            last4=self.last4,
            status=CardStatus.ACTIVE,
            expires_on=self.expires_on,
        )
        enrolment = Enrolment(card=new, token=self.new, replaces=old.card_id)
        worksheet.enrol(enrolment)
        return Change(result=_told(new), enrolments=(enrolment,))


@dataclass(slots=True)
class _Clerk:
    """Takes in line after line; each sees those before it."""

    worksheet: Worksheet
    numbers: Numbers
    person_of: PersonOf
    today: date
    enrolments: list[Enrolment] = field(default_factory=list)
    changes: list[CardChange] = field(default_factory=list)
    persons: dict[MemberId, Person] = field(default_factory=dict)

    def take(self, line: CardLine) -> bool:
        """Whether *line* was new, or changed something.

        Raises:
            _DiffersError: It contradicts what is known.
        """
        parent = self._parent(line)
        known = self.worksheet.cards(_CARD, line.token)
        if known:
            self._compare(known[0], line, parent)
            return self._change_type(known[0], line.type)
        member = next(iter(self.worksheet.cards(_ACCOUNT, line.account)), None)
        if member is not None and member.programme != line.programme:
            raise _DiffersError("the member is of another programme; give him an id of his own in this one")
        if member is not None and parent is not None and member.owner != parent.owner:
            raise _DiffersError("the member has other accounts than the parent")
        member_id = self.numbers.member_id() if member is None else member.member_id
        owner = member_id if member is None else member.owner
        card = Card(
            card_id=self.numbers.card_id(),
            member_id=member_id,
            owner=owner if parent is None else parent.owner,
            operator_id=line.member,
            last4=line.last4,
            status=line.status,
            expires_on=line.expires_on,
            tier=line.tier or (member.tier if member else None),
            language=line.language or (member.language if member else None),
            programme=line.programme,
            type=line.type or "",
        )
        enrolment = Enrolment(
            card=card,
            token=line.token,
            identifiers=((_ACCOUNT, line.account), *line.identifiers),
            person=self._merged(member_id, line.person, is_new=member is None),
            joined_on=self.today if member is None else None,
        )
        self.worksheet.enrol(enrolment)
        self.enrolments.append(enrolment)
        return True

    def _parent(self, line: CardLine) -> Card | None:
        if line.parent is None:
            return None
        found = self.worksheet.cards(_CARD, line.parent)
        if not found:
            raise _DiffersError("the parent is not known; a parent with a parent stands above it in the list")
        return found[0]

    def _compare(self, card: Card, line: CardLine, parent: Card | None) -> None:
        """An empty cell says nothing of the member; what is said has to be what is known."""
        person = line.person or Person()
        known = self._person(card.member_id)
        differs = {
            "member": card.operator_id != line.member,
            "status": card.status is not line.status,
            "expires": card.expires_on != line.expires_on,
            "parent": parent is not None and parent.owner != card.owner,
            "tier": line.tier is not None and line.tier != card.tier,
            "language": line.language is not None and line.language != card.language,
            "name": bool(person.name) and person.name != known.name,
            "phone": bool(person.phone) and person.phone != known.phone,
            "mail": bool(person.mail) and person.mail != known.mail,
            "birthday": person.birthday is not None and person.birthday != known.birthday,
        }
        columns = [column for column, is_so in differs.items() if is_so]
        if columns:
            raise _DiffersError(f"the card is known with another {', '.join(columns)}")

    def _change_type(self, card: Card, said: str | None) -> bool:
        if said is None or said == card.type:
            return False
        change = CardChange(card=card, type=said)
        self.worksheet.change_card(change)
        self.changes.append(change)
        return True

    def _person(self, member_id: MemberId) -> Person:
        return self.persons.get(member_id) or self.person_of(member_id) or Person()

    def _merged(self, member_id: MemberId, said: Person | None, *, is_new: bool) -> Person | None:
        """What is known of a person with what *said* adds; ``None`` when it adds nothing."""
        if said is None:
            return None
        known = Person() if is_new else self._person(member_id)
        person = Person(
            name=said.name or known.name,
            phone=said.phone or known.phone,
            mail=said.mail or known.mail,
            birthday=said.birthday or known.birthday,
        )
        self.persons[member_id] = person
        return person


class _DiffersError(Exception):
    """Why a line cannot be taken in. Its text names no card and no person."""


def _find(worksheet: Worksheet, token: Token) -> Card:
    found = worksheet.cards(_CARD, token)
    if not found:
        raise LoyaltyError("is not known", where="the card", hint="look at its number, or import it")
    return found[0]


def _told(card: Card) -> Mapping[str, str | int | None]:
    """*card* as JSON values."""
    return {
        "card": f"*{card.last4}",
        "member": card.operator_id,
        "status": card.status.value,
        "expires_on": None if card.expires_on is None else card.expires_on.isoformat(),
    }
