"""What a till counts of its batch, and the lines of which it does not know whether anybody was told.

A till counts what it was told is approved, and what it will tell until somebody listens. What it reverses
because no answer came stands in neither of a pair.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final

from simulator.message import Answer, Request
from simulator.world.errands import Done, Errand

_DEBITS: Final = frozenset({"sale", "redeem", "pay_certificate", "complete"})
_ELEMENTS: Final = ("74", "75", "76", "77", "86", "87", "88", "89")

Totals = Mapping[str, int]


class TillBook:
    """Of one till. It outlives the till's power.

    Attributes:
        lines: Sales that took place and of which the till was told nothing, by DE 11, 12 and 13. They
            are in the claim.
        told: Those of them that an upload told of.
    """

    def __init__(self) -> None:
        self.lines: dict[str, Request] = {}
        self.told: set[str] = set()
        self._counts: Counter[str] = Counter()

    def count(self, errand: Errand, request: Request, answer: Answer | None = None) -> None:
        """*request* of *errand* took place."""
        if request.operation in ("void", "reversal"):
            if errand.of is not None:
                self._take_back(errand.of, errand.final_minor)
            return
        amount_minor = int((request.elements if answer is None else answer.elements).get("4", "0"))
        if request.operation in _DEBITS and amount_minor:
            self._counts.update({"76": 1, "88": amount_minor})
        elif request.operation == "refund":
            self._counts.update({"74": 1, "86": amount_minor})

    def took_place(self, sale: Request) -> None:
        """Nobody knows whether the switch was told of *sale*."""
        self.lines[line_of(sale)] = sale

    def settled(self, request: Request, answer: Answer) -> None:
        """What the till had kept was answered at last."""
        sale = self.lines.pop(line_of(request), None)
        # Without DE 38 it is accepted, and has no effect: the request was declined, and nobody heard it.
        if sale is not None and answer.approval:
            self.count(Errand(sale), sale)

    def claim(self) -> Totals:
        """The totals that the till claims, by element."""
        return self._claim(self.lines.values())

    def without_effect(self, told: Totals) -> list[str] | None:
        """The lines that explain why the switch *told* less; ``None`` when none do."""
        missing = _net(self.claim())[:2], _net(told)[:2]
        debits, debit_minor = missing[0][0] - missing[1][0], missing[0][1] - missing[1][1]
        if _net(self.claim())[2:] != _net(told)[2:]:
            return None
        for some in combinations(sorted(self.told & self.lines.keys()), debits) if debits > 0 else ():
            if sum(_amount(self.lines[line]) for line in some) == debit_minor:
                return list(some)
        return None

    def forget(self, lines: Iterable[str]) -> None:
        """*lines* were declined, and nobody heard it."""
        for line in lines:
            del self.lines[line]

    def close(self) -> None:
        """The switch agrees: the next batch begins."""
        self._counts.clear()
        self.lines.clear()
        self.told.clear()

    def _take_back(self, done: Done, final_minor: int) -> None:
        if done.request.operation == "refund":
            self._counts.update({"75": 1, "87": done.amount_minor})
        elif done.request.operation in _DEBITS and done.amount_minor:
            self._counts.update({"77": 1, "89": done.amount_minor - final_minor})

    def _claim(self, lines: Iterable[Request]) -> Totals:
        totals = {element: self._counts[element] for element in _ELEMENTS}
        for line in lines:
            totals["76"] += 1
            totals["88"] += _amount(line)
        return totals | {"97": totals["86"] - totals["87"] - totals["88"] + totals["89"]}


def line_of(request: Request) -> str:
    """What names a line of a batch, in whatever form it is told."""
    named = request.elements.get("90", "")
    stan = named[4:10] if request.operation == "upload" else request.stan
    return stan + request.elements["13"] + request.elements["12"]


def _amount(request: Request) -> int:
    return int(request.elements["4"])


def _net(totals: Totals) -> tuple[int, int, int, int]:
    """Number and amount of debits less their reversals, and of credits less theirs."""
    return (
        totals["76"] - totals["77"],
        totals["88"] - totals["89"],
        totals["74"] - totals["75"],
        totals["86"] - totals["87"],
    )
