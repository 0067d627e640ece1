"""Plays sales of the past through a programme in order of time, as if it had been in force from the first on.

Its counters, limits and budgets are its own: they begin at nothing and grow by what it gives, by the same
code that decides and counts when terminals ask. So do the arms of its experiments.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from rules.award import Award
from rules.cap import Scope
from rules.conditions import OPERATION
from rules.counters import Place
from rules.evaluate import evaluate
from rules.experiment import arms_of
from rules.extras import NOTHING, Extras, declined_by, extras
from rules.facts import Facts
from rules.names import categorised
from rules.programme import Programme
from rules.stock import FREE, FREE_WITHIN

_DAY_LENGTH: Final = 10  # of a stretch that is a day; no other has as many letters
_EVERYBODY: Final = ""


class Past(NamedTuple):
    """A sale of the past.

    Attributes:
        facts: What its rules saw; counters and arms are put in anew, so nobody else may hold them.
        day: Its business day.
        member, card: Whose sale it was; ``None`` when nobody's.
    """

    facts: Facts
    day: date
    member: int | None
    card: int | None

    def whose(self, scope: Scope) -> str | None:
        """Whom *scope* means in it."""
        facts = self.facts
        match scope:
            case Scope.MEMBER:
                return None if self.member is None else str(self.member)
            case Scope.CARD:
                return None if self.card is None else str(self.card)
            case Scope.TERMINAL:
                return f"{facts.acquirer_id}/{facts.terminal_id}"
            case Scope.CASHIER:
                return f"{facts.merchant_id}/{facts.cashier}"
            case Scope.PARTNER:
                return facts.partner
            case Scope.ALL:
                return _EVERYBODY


class Rated(NamedTuple):
    """What a sale would bring.

    Attributes:
        growth: By how much each measure grows by it.
        declined_by: The rule that would have declined it; ``None`` when none would.
    """

    award: Award
    given: Extras
    growth: dict[str, int]
    declined_by: str | None = None


def rate(programme: Programme, past: Past) -> Rated:
    """What *past* brings under *programme*, its facts as they are."""
    facts = past.facts
    award = evaluate(programme, facts)
    net = facts.after(award.discounts) if award.discounts else facts
    has_extras = programme.has_extras and past.member is not None
    given = extras(programme, net, award.counted) if has_extras else NOTHING
    counting = programme.counting
    growth = {} if counting is None else counting.growth(net, award, given.counted, given.rules)
    return Rated(award, given, growth)


def declining(programme: Programme, facts: Facts) -> str | None:
    """The rule by which *programme* would have declined a sale that was done; it saw the whole ticket."""
    if not programme.guards:
        return None
    whole = replace(facts, base_minor=facts.ticket_minor) if facts.lines is None else facts.as_priced()
    if OPERATION in programme.asks:
        others = {trait for trait in whole.traits if not trait.startswith(f"{OPERATION}:")}
        whole = replace(whole, traits=frozenset({*others, f"{OPERATION}:{facts.operation}"}))
    rule = declined_by(programme, whole)
    return None if rule is None else rule.id


class Places:
    """What was counted so far, in memory."""

    def __init__(self) -> None:
        self._totals: dict[Place, int] = {}
        self._days: dict[tuple[str, str], list[str]] = {}

    def add(self, place: Place, by: int) -> None:
        """Count *by* more at *place*."""
        known = self._totals.get(place)
        self._totals[place] = by + (known or 0)
        measure, whose, stretch = place
        if known is None and len(stretch) == _DAY_LENGTH:
            days = self._days.setdefault((measure, whose), [])
            if days and stretch < days[-1]:
                insort(days, stretch)
            else:
                days.append(stretch)  # nearly always: the past is told in order

    def tally(self, place: Place) -> int:
        """What *place* holds."""
        return self._totals.get(place, 0)

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* on which *measure* holds some."""
        days = self._days.get((measure, whose), [])
        for at in range(bisect_left(days, day) - 1, -1, -1):
            if self._totals[measure, whose, days[at]] > 0:
                return days[at]
        return None

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last*, both included, hold together."""
        days = self._days.get((measure, whose), [])
        within = days[bisect_left(days, first) : bisect_right(days, last)]
        return sum(self._totals[measure, whose, day] for day in within)


class Replay:
    """Rates sales by *programme*, one after the other.

    Args:
        ask: Puts what the programme asks of a member among the facts of his sale, where they do not tell it.
    """

    def __init__(self, programme: Programme, ask: Callable[[Past], None] = lambda _: None) -> None:
        self._programme = programme
        self._ask = ask
        self._places = Places()

    def rate(self, past: Past) -> Rated:
        """What *past* would bring; the next sale is rated after it."""
        facts = past.facts
        lines = facts.lines
        if lines is not None and self._programme.categories:
            facts.lines = categorised(lines, self._programme.categories)
        rated = self._rate(past)
        facts.lines = lines
        return rated

    def _rate(self, past: Past) -> Rated:
        programme, facts, member = self._programme, past.facts, past.member
        counting = programme.counting
        stamped = tuple([each for each in facts.counters if each[0].startswith((FREE, FREE_WITHIN))])
        facts.counters = ()
        facts.arms = frozenset()
        if member is not None:
            self._ask(past)
            if "arms" in programme.asks:
                facts.arms = arms_of(programme, member)
        if counting is not None:
            counters = counting.values(past.whose, past.day, self._places, self._places.tally)
            facts.counters = tuple(sorted(counters + stamped)) if stamped else counters
        declines = declining(programme, facts)
        if declines is not None:
            return Rated(Award(0), NOTHING, {}, declines)
        rated = rate(programme, past)
        if counting is not None:
            for place, by in counting.places(rated.growth, past.whose, past.day):
                self._places.add(place, by)
        return rated
