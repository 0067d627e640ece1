"""The versions of the programme: late advices and refunds use the one of their time.

The books keep every text, so that a refund next year is still rated by the programme of the sale.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.programme import Programme


@dataclass(frozen=True, slots=True)
class Programmes:
    """All versions that ever decided, in order, each with the instant from which it was in force."""

    versions: tuple[tuple[datetime, Programme], ...]

    def __post_init__(self) -> None:
        assert self.versions
        assert list(self.versions) == sorted(self.versions, key=lambda version: version[0])

    @property
    def current(self) -> Programme:
        """The version in force."""
        return self.versions[-1][1]

    def at(self, instant: datetime) -> Programme:
        """The version in force at *instant*; the first for anything before it."""
        for since, programme in reversed(self.versions):
            if since <= instant:
                return programme
        return self.versions[0][1]

    def version(self, version: str | None) -> Programme:
        """The version called *version*; the one in force when it is not known here."""
        for _, programme in reversed(self.versions):
            if programme.version == version:
                return programme
        return self.current

    def then(self, since: datetime, programme: Programme) -> "Programmes":
        """With *programme* in force from *since* on."""
        return Programmes((*self.versions, (since, programme)))


def business_date(programme: Programme, instant: datetime) -> date:
    """The business day of *instant*: it starts at ``day_starts`` in the programme's zone."""
    starts = programme.day_starts
    local = instant.astimezone(programme.terms.zone)
    return (local - timedelta(hours=starts.hour, minutes=starts.minute)).date()
