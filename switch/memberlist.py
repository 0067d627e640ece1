"""The order of the administration that takes in what the operator says of members, for rules that ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from loyalty.card import IdentifierKind, Token
from members.profile import MemberKind
from switch.block import ProfileChange
from switch.case import Moment
from switch.work import Change
from switch.worksheet import Worksheet


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """What a list says of a member; ``None`` where it says nothing.

    Attributes:
        line: Its number in the list.
        account: Token of the operator's own id.
    """

    line: int
    account: Token
    segments: frozenset[str] | None = None
    category: str | None = None
    joined_on: date | None = None
    kind: MemberKind | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values; what it does not say is left out."""
        values = {
            "line": self.line,
            "account": self.account.hex(),
            "segments": None if self.segments is None else sorted(self.segments),
            "category": self.category,
            "joined_on": self.joined_on and self.joined_on.isoformat(),
            "kind": self.kind and self.kind.value,
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "MemberLine":
        """The line that ``to_json`` gave.

        Raises:
            KeyError, TypeError, ValueError: These are other values.
        """
        segments, joined_on, kind = (values.get(name) for name in ("segments", "joined_on", "kind"))
        return cls(
            line=int(values["line"]),
            account=Token(bytes.fromhex(values["account"])),
            segments=None if segments is None else frozenset(str(each) for each in segments),
            category=values.get("category"),
            joined_on=None if joined_on is None else date.fromisoformat(joined_on),
            kind=None if kind is None else MemberKind(kind),
        )


@dataclass(frozen=True, slots=True)
class ImportMembers:
    """Put what *lines* say in the place of what was known of these members."""

    lines: Sequence[MemberLine]

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (of every command)
        """Told: ``changed`` and ``same``, how many; ``bad``, line and reason of the others."""
        changes: list[ProfileChange] = []
        bad: list[list[int | str]] = []
        for line in self.lines:
            cards = worksheet.cards(IdentifierKind.ACCOUNT.value, line.account)
            if not cards:
                bad.append([line.line, "the member is not known"])
                continue
            known = worksheet.profile(cards[0].member_id)
            profile = replace(
                known,
                segments=known.segments if line.segments is None else line.segments,
                category=known.category if line.category is None else line.category,
                joined_on=line.joined_on or known.joined_on,
                kind=line.kind or known.kind,
            )
            if profile != known:
                change = ProfileChange(member_id=cards[0].member_id, profile=profile)
                worksheet.change_profile(change)
                changes.append(change)
        same = len(self.lines) - len(changes) - len(bad)
        result = {"changed": len(changes), "same": same, "bad": bad}
        return Change(result=result, profiles=tuple(changes))
