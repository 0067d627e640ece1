"""Reads what every sale earns."""

from typing import NamedTuple

from loyalty.amount import Rounding
from rules.effectset import read_rate
from rules.programme import BaseRate, Multipliers, RoundingLevel
from rules.reading import Section


class Earning(NamedTuple):
    """What ``[earn]`` says. A near miss further away than *near_miss_within_minor* is not told."""

    base: BaseRate
    near_miss_within_minor: int | None
    near_miss_tiers: bool


def read_earning(earn: Section) -> Earning:
    """What ``[earn]`` says."""
    base = BaseRate(
        rate=read_rate(earn, "rate"),
        rounding=earn.choice("rounding", {each.value: each for each in Rounding}),
        level=earn.choice("level", {each.value: each for each in RoundingLevel}),
        multipliers=earn.choice("multipliers", {each.value: each for each in Multipliers}, Multipliers.SUM),
    )
    within = earn.money("near_miss_within") if "near_miss_within" in earn else None
    tiers = earn.flag("near_miss_tiers", default=False)
    earn.close()
    return Earning(base, within, tiers)
