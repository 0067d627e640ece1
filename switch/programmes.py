"""The versions of the programme: late advices and refunds use the one of their time.

The books keep every text, so that a refund next year is still rated by the programme of the sale. The latest
versions are kept in memory, as many as fit; the others are made again of their texts when one is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from rules.programme import Programme

_IN: Final = (
    "programme "  # begins a decision's account of itself, before the id of a programme beside the own
)
KEPT_SIZE_MAX: Final = 16_000_000  # characters of text of former versions; a rule has about 150


def _nobody(version: str) -> Programme:
    raise AssertionError(f"version {version} is in no book")


@dataclass(frozen=True, slots=True)
class Programmes:
    """All versions that ever decided, in order, each with the instant from which it was in force.

    Attributes:
        versions: The latest, ready.
        older: Those before them, by name.
        recall: Makes one of the older ones again.
        seen_of: Whose view these are, when they are those of a programme beside the deployment's own.
        views: Of these, by programme, as far as somebody asked.
    """

    versions: tuple[tuple[datetime, Programme], ...]
    older: tuple[tuple[datetime, str], ...] = ()
    recall: Callable[[str], Programme] = field(default=_nobody, repr=False, compare=False)
    seen_of: "Programmes | None" = field(default=None, repr=False, compare=False)
    views: "dict[str, Programmes]" = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        assert self.versions
        assert list(self.versions) == sorted(self.versions, key=lambda version: version[0])

    @property
    def current(self) -> Programme:
        """The version in force."""
        return self.versions[-1][1]

    @property
    def whole(self) -> Programme:
        """The version in force, with what is paused of it."""
        return self.current.whole or self.current

    def at(self, instant: datetime) -> Programme:
        """The version in force at *instant*; the first for anything before it."""
        for since, programme in reversed(self.versions):
            if since <= instant:
                return programme
        if not self.older:
            return self.versions[0][1]
        for since, version in reversed(self.older):
            if since <= instant:
                return self.recall(version)
        return self.recall(self.older[0][1])

    def version(self, version: str | None) -> Programme:
        """The version called *version*; the one in force when it is not known here."""
        for _, programme in reversed(self.versions):
            if programme.version == version:
                return programme
            if programme.whole is not None and programme.whole.version == version:
                return programme.whole
        if version is not None and any(version == known for _, known in self.older):
            return self.recall(version)
        return self.current

    def seen_by(self, part: str) -> "Programmes":
        """The versions as members of the programme *part* have them: its own ones, wherever there is one.

        Members of a programme that is no longer there have the last one that was.
        """
        whole = self.seen_of or self
        if not part:
            return whole
        view = whole.views.get(part)
        if view is None:
            view = whole.views[part] = whole.view_of(part)
        return view

    def view_of(self, part: str) -> "Programmes":
        """What ``seen_by`` gives and keeps."""
        versions = [(since, programme.part(part)) for since, programme in self.versions]
        its = tuple((since, programme) for since, programme in versions if programme is not None)
        return Programmes(its or self.versions, self.older, self._recalled_for(part), self)

    def _recalled_for(self, part: str) -> Callable[[str], Programme]:
        def recall(version: str) -> Programme:
            programme = self.recall(version)
            return programme.part(part) or programme

        return recall

    def then(self, since: datetime, programme: Programme) -> "Programmes":
        """With *programme* in force from *since* on; what no longer fits is left to the books."""
        versions = [*self.versions, (since, programme)]
        older = list(self.older)
        while len(versions) > 2 and self.recall is not _nobody and _size(versions[:-1]) > KEPT_SIZE_MAX:
            left_since, left = versions.pop(0)
            older.append((left_since, left.version))
        return Programmes(tuple(versions), tuple(older), self.recall)

    def wholes(self) -> dict[int, Programme]:
        """Every programme with rules of its own that is in memory here, by identity."""
        return {id(each): each for each in (programme.whole or programme for _, programme in self.versions)}


def _size(versions: list[tuple[datetime, Programme]]) -> int:
    wholes = {id(each): each for each in (programme.whole or programme for _, programme in versions)}
    return sum(each.source.size for each in wholes.values())


def told_in(part: str, rules: str) -> str:
    """What a decision says of itself that was taken in the programme *part*, and went by *rules*."""
    return f"{_IN}{part}; {rules}" if rules else f"{_IN}{part}"


def part_told(rules: str) -> str:
    """The programme whose decision says *rules* of itself; empty for the deployment's own."""
    first = rules.partition("; ")[0]
    return first.removeprefix(_IN) if first.startswith(_IN) else ""


def business_day(programme: Programme, instant: datetime, opened: date) -> tuple[date, datetime]:
    """The business day of *instant*, and an instant until which it surely lasts.

    *opened* is the last one that somebody opened: it does not go back behind that.
    """
    day = business_date(programme, instant)
    ends = datetime.combine(day + timedelta(days=1), programme.day_starts, tzinfo=programme.terms.zone)
    return max(day, opened), ends


def business_date(programme: Programme, instant: datetime) -> date:
    """The business day of *instant*: it starts at ``day_starts`` in the programme's zone."""
    starts = programme.day_starts
    local = instant.astimezone(programme.terms.zone)
    return (local - timedelta(hours=starts.hour, minutes=starts.minute)).date()
