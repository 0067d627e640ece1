"""Experiments: which arm a member is in, and who is held out of everything.

A campaign may divide the members into *arms*, each of which gets rules of its own; the arm ``control`` gets
none unless one names it. A programme may hold out a share of all members from every campaign and every
rule beside the base rate: what these buy is what people buy without them.

Where a member lies is drawn from nothing but his number and the name of the experiment, so it stays the same
over versions, restarts and machines, and nothing has to be kept. The facts of a sale tell it, as
``summer/A`` or ``holdout``.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from msgspec import field

from rules.award import Step, Verdict
from rules.effects import Lane
from rules.multiples import raises
from rules.programme import Multipliers, Programme
from rules.rows import Finding, Hit, Kind, Row, Sale
from rules.rule import Rule

HOLDOUT: Final = "holdout"  # among the arms of the facts; it has no experiment's name before it
_PLAIN: Final = frozenset({Lane.BASE, Lane.REDEEM})
_EVERYTHING: Final = ""  # the experiment of the hold-out; campaigns have longer names
_WHOLE_BP: Final = 10_000
_PERSON: Final = b"puntual-arm"
_SIZE: Final = 8  # bytes; the share of an arm is off by less than one in 2^50


def drawn(member: int, experiment: str) -> int:
    """The basis point, 0 to 9,999, at which *member* lies in *experiment*."""
    digest = blake2b(b"%d" % member, digest_size=_SIZE, key=_key(experiment), person=_PERSON).digest()
    return int.from_bytes(digest, "big") * _WHOLE_BP >> 8 * _SIZE


@lru_cache(maxsize=256)
def _key(experiment: str) -> bytes:
    """Another one for each experiment, so that those of one arm are spread over all arms of the next."""
    return blake2b(experiment.encode(), digest_size=32).digest()


def arms_of(programme: Programme, member: int) -> frozenset[str]:
    """Where *member* lies in the experiments of *programme*: ``holdout`` alone, or an arm of each."""
    if drawn(member, _EVERYTHING) < programme.holdout_bp:
        return frozenset({HOLDOUT})
    return frozenset(
        f"{campaign.id}/{_arm(drawn(member, campaign.id), campaign.arms)}"
        for campaign in programme.campaigns
        if campaign.arms and campaign.counts
    )


def _arm(at: int, arms: Iterable[tuple[str, int]]) -> str:
    for name, share_bp in arms:
        if at < share_bp:
            return name
        at -= share_bp
    raise AssertionError("arms sum to the whole")


def withheld(rule: Rule, arms: frozenset[str]) -> Verdict | None:
    """Why *rule* gives nothing to a member in *arms*; ``None`` when it does.

    Those who are held out get the base rates and the terms of redemption that belong to no campaign, and what
    guards say.
    """
    is_plain = rule.lane in _PLAIN and not rule.campaign
    if HOLDOUT in arms and not (rule.lane is Lane.GUARD or is_plain):
        return Verdict.HELD_OUT
    if rule.arms and rule.arms.isdisjoint(arms):
        return Verdict.OTHER_ARM
    return None


def counts(rule: Rule, programme: Programme, arms: frozenset[str]) -> bool:
    """Whether *rule* is neither paused nor withheld from a member in *arms*."""
    return rule.campaign not in programme.paused and withheld(rule, arms) is None


def dropped(rule_id: str, verdict: Verdict, base_minor: int) -> Step:
    """What the trace tells of a rule that holds and is withheld."""
    return Step(rule_id, verdict, base_minor, 0, 1, 0)


class Choosy(Finding, gc=False, kw_only=True):
    """Finds nothing near that would not count either.

    Attributes:
        arms: Where the member lies.
        later: Multipliers that are near, where the largest on a line counts: whether one would, those that
            hold tell, once all are found. Each with what it lacks.
    """

    programme: Programme
    arms: frozenset[str]
    later: list[tuple[Row, int, str]] = field(default_factory=list)

    def note_near(self, row: Row, short_minor: int) -> None:
        """Keep *row* if it is nearer and counts."""
        if self._depends(row):
            self.later.append((row, short_minor, ""))
        elif counts(row.rule, self.programme, self.arms):
            super().note_near(row, short_minor)

    def note_few(self, row: Row, missing: int, what: str) -> None:
        """Keep *row* if it lacks fewer and counts."""
        if self._depends(row):
            self.later.append((row, missing, what))
        elif counts(row.rule, self.programme, self.arms):
            super().note_few(row, missing, what)

    def _depends(self, row: Row) -> bool:
        """Whether those that hold tell if *row* would count."""
        return row.kind is Kind.MULTIPLY and self.programme.base.multipliers is Multipliers.MAX

    def choose(self, sale: Sale) -> tuple[Step, ...]:
        """Drop what would not count, hits and near misses, and give the steps of what is withheld."""
        steps = self._leave_out()
        for row, missing, what in self.later:
            if not counts(row.rule, self.programme, self.arms) or not raises(row, self.hits, sale.lines):
                continue
            if what:
                super().note_few(row, missing, what)
            else:
                super().note_near(row, missing)
        return steps

    def _leave_out(self) -> tuple[Step, ...]:
        kept: list[Hit] = []
        steps: list[Step] = []
        for hit in self.hits:
            _, row, _, base_minor = hit
            if row.rule.campaign in self.programme.paused:
                continue
            verdict = withheld(row.rule, self.arms)
            if verdict is None:
                kept.append(hit)
            else:
                steps.append(dropped(row.rule_id, verdict, base_minor))
        self.hits = kept
        return tuple(steps)
