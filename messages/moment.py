"""Dates without a year and times without a zone: which instant a till means."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

ADVICE_AGE_MAX: Final = timedelta(days=35)
_LEAP_YEARS_AHEAD: Final = 8  # 29 February is at most this far away, even around a century that has none


def nearest_year(month_day: str, time: str, near: datetime) -> int:
    """The year that puts ``MMDD`` and ``hhmmss`` nearest to *near* (naive, in the same zone)."""
    if abs(int(month_day[:2]) - near.month) <= 4 and month_day != "0229":
        return near.year  # less than half a year away
    return moment(month_day, time, near).year


def moment(month_day: str, time: str, near: datetime) -> datetime:
    """``MMDD`` and ``hhmmss`` in the year that puts them nearest to *near*; naive, as *near* is."""
    candidates = []
    for years in range(_LEAP_YEARS_AHEAD + 1):
        for year in (near.year - years, near.year + years):
            try:
                candidates.append(datetime.strptime(f"{year}{month_day}{time}", "%Y%m%d%H%M%S"))  # noqa: DTZ007  (naive, as said)
            except ValueError:
                continue  # 29 February of another year
        if years >= 1 and candidates:
            break
    return min(candidates, key=lambda candidate: abs(candidate - near))


def happened_at(local: datetime, zone: tzinfo, received_at: datetime) -> datetime:
    """The instant of *local* in *zone*: not after it was told, and not longer ago than is believed."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    return min(max(instant, received_at - ADVICE_AGE_MAX), received_at)
