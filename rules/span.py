"""Spans of the calendar."""

import calendar
import enum
from dataclasses import dataclass
from datetime import date, timedelta


class SpanUnit(enum.Enum):
    """What a span counts."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Span:
    """So many days, months or years."""

    count: int
    unit: SpanUnit

    def after(self, day: date) -> date:
        """*day* and this much: the same day of the month, or its last; ``date.max`` past the calendar."""
        try:
            if self.unit is SpanUnit.DAYS:
                return day + timedelta(days=self.count)
            months = self.count * (12 if self.unit is SpanUnit.YEARS else 1)
            year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
            last = calendar.monthrange(year, month + 1)[1] if year <= date.max.year else 0
            return date(year, month + 1, min(day.day, last))
        except (OverflowError, ValueError):
            return date.max
