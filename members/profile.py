"""What is known of a member beyond his cards, for rules that ask."""

import enum
from dataclasses import dataclass, field
from datetime import date


class MemberKind(enum.Enum):
    """Who a member is: the law treats them otherwise, and so may rules."""

    PERSON = "person"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A member, as rules see him.

    Attributes:
        joined_on: The day of his first card, or what the operator said of it.
        kind: A person, unless the operator said otherwise.
        category: Of his cards, as the operator calls it; empty for none.
        birthday: It lies among what can be erased of him, and shows in no ``repr``.
    """

    segments: frozenset[str] = frozenset()
    category: str = ""
    joined_on: date | None = None
    kind: MemberKind = MemberKind.PERSON
    birthday: date | None = field(default=None, repr=False)
