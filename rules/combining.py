"""Looks among many rules for those that give most together: branch and bound over sets of them.

A set is a bit mask. What a set comes to is exact where all of its rules go with each other, and otherwise a
bound for the sets inside it that do; a set inside another never comes to more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rules.programme import Multipliers

STEPS_MAX: Final = 2_000  # of a search
MICRO: Final = 1_000_000  # worth is counted in millionths of a minor unit, rounded up


class Given(NamedTuple):
    """What a rule gives, in millionths.

    Attributes:
        base: Of a minor unit: all of the base, in place of the programme's.
        factor: Of one: part of the base that is added.
        points: Of a minor unit: points that do not depend on the base.
        minor: Of a minor unit: money beside the price.
        off: Of a minor unit: money off the price.
        most: Of a minor unit: what its limits leave of points.
    """

    base: int = 0
    factor: int = 0
    points: int = 0
    minor: int = 0
    off: int = 0
    most: int | None = None


class Search:
    """Branch and bound over sets of rules that all go with each other; sets are bit masks.

    Args:
        goes_with: By rule: the set of those that it goes with.
        gives: By rule; ``None`` where it gives nothing.
        ticket: In millionths of a minor unit, as the rest.
        base: What the programme's own rate gives.
        limit: Of all points together.
        rounding: What rounding may add to what each rule brings.
        hidden: What rounding may take from it, so that no limit sees it.
    """

    def __init__(
        self,
        goes_with: Sequence[int],
        gives: Sequence[Given | None],
        ticket: int,
        base: int,
        limit: int | None,
        rounding: int,
        hidden: int,
    ) -> None:
        self.best = -1
        self.chosen = 0
        self.left_out = 0
        self._goes_with = goes_with
        self._gives = gives
        self._ticket = ticket
        self._base = base
        self._limit = limit
        self._rounding = rounding
        self._hidden = hidden
        self._steps = 0
        given = [at for at, each in enumerate(gives) if each is not None]
        # Those that give most go first: good stacks are found early, so others are cut off early.
        self._order = sorted(given, key=lambda at: (-self.worth(1 << at), at))

    def look(self, taken: int, candidates: int) -> None:
        """Take more of *candidates*, all of which go with those that are *taken* already."""
        self._steps += 1
        bound = self.worth(taken | candidates)
        if bound <= self.best:
            return
        if all(candidates & ~(1 << at) & ~self._goes_with[at] == 0 for at in bits(candidates)):
            self.best, self.chosen = bound, taken | candidates  # all go together
            return
        if self._steps > STEPS_MAX:
            self.left_out = max(self.left_out, bound)
            return
        at = next(at for at in self._order if candidates >> at & 1)
        self.look(taken | 1 << at, candidates & self._goes_with[at])
        rivals = candidates & ~self._goes_with[at] & ~(1 << at)
        if rivals:  # without it only a stack with one of its rivals can be better
            self.look(taken, candidates & ~(1 << at))

    def worth(self, mask: int) -> int:
        """What the rules of *mask* come to with the base, in millionths; a bound where they are rivals."""
        base = self._base
        given = [each for each in map(self._gives.__getitem__, bits(mask)) if each is not None]
        for each in given:
            base = max(base, each.base)
        points, minor, off = self._rounding * (1 + len(given)), 0, 0
        for each in given:
            points += _at_most(each.points, each)
            minor += each.minor
            off += each.off
        off = min(off, self._ticket)
        points += self._multiplied(base, mask) + self._left_of(base, off)
        return (points if self._limit is None else min(points, self._limit)) + minor + off

    def _left_of(self, base: int, off: int) -> int:
        """What *base* is where so much is taken off the price; never less than what less off would leave.

        What is taken off is not earned on: where a minor unit earns less than itself, more off is worth more.
        """
        return base if base > self._ticket else -(-base * (self._ticket - off) // self._ticket)

    def _multiplied(self, base: int, mask: int) -> int:
        """What the multipliers of *mask* add to *base*: each its own part of it."""
        return sum(_more(base, each) for each in self._multipliers(mask))

    def _multipliers(self, mask: int) -> Iterator[Given]:
        """Those of *mask*, in order of evaluation."""
        for at in bits(mask):
            each = self._gives[at]
            if each is not None and each.factor:
                yield each


class _Largest(Search):
    """Where the largest multiplier on a line counts, and a smaller one for what limits leave of it."""

    def _multiplied(self, base: int, mask: int) -> int:
        # They may lie on different lines, so each may give all that its limits leave; no line has more than
        # the largest makes of it.
        largest = max((given.factor for given in self._multipliers(mask)), default=0)
        return min(-(-base * largest // MICRO), super()._multiplied(base, mask))


class _Product(Search):
    """Where one multiplier multiplies what the others made."""

    def __init__(
        self,
        goes_with: Sequence[int],
        gives: Sequence[Given | None],
        ticket: int,
        base: int,
        limit: int | None,
        rounding: int,
        hidden: int,
    ) -> None:
        # Sets of multipliers of which one excludes the other. One of each may count, so the product of the
        # largest of each is a bound that is not too far from what there is.
        self._rivals: list[int] = []
        for at, each in enumerate(gives):
            if each is not None and each.factor:
                for number, rivals in enumerate(self._rivals):
                    if not rivals & goes_with[at]:
                        self._rivals[number] |= 1 << at
                        break
                else:
                    self._rivals.append(1 << at)
        super().__init__(goes_with, gives, ticket, base, limit, rounding, hidden)

    def _multiplied(self, base: int, mask: int) -> int:
        sets = [rivals & mask for rivals in self._rivals if rivals & mask]
        points = base
        if all(each & (each - 1) == 0 for each in sets):
            told = 0
            for given in self._multipliers(mask):
                more = -(-points * given.factor // MICRO)
                told += _at_most(more, given)
                points += more if given.most is None else min(more, given.most + self._hidden)
            return told
        for each in sets:  # a bound: limits are not looked at
            factor = max(given.factor for given in self._multipliers(each))
            points -= -points * factor // MICRO
        return points - base


SEARCHES: Final[Mapping[Multipliers, type[Search]]] = {
    Multipliers.SUM: Search,
    Multipliers.PRODUCT: _Product,
    Multipliers.MAX: _Largest,
}


def _more(points: int, given: Given) -> int:
    """What a multiplier adds to *points*, rounded up."""
    return _at_most(-(-points * given.factor // MICRO), given)


def _at_most(points: int, given: Given) -> int:
    return points if given.most is None else min(points, given.most)


def bits(mask: int) -> Iterator[int]:
    """Positions of the ones of *mask*, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
