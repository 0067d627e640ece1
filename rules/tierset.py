"""Reads what tiers ask."""

from typing import Final

from rules.counters import AMOUNTS, DAYS_MAX, PLAIN
from rules.reading import Section
from rules.tiers import Qualification, TierWindow

GRACE_MAX_DAYS: Final = 3660


def read_qualification(main: Section, tiers: tuple[str, ...]) -> Qualification | None:
    """What ``[qualification]`` says; ``None`` when tiers are given by the operator alone."""
    section = main.section("qualification")
    if section is None:
        return None
    if len(tiers) < 2:
        section.wrong("needs two tiers at least", hint='write tiers = ["basic", "gold"] under [programme]')
    metric = section.choice("metric", {each: each for each in PLAIN})
    window, days = _window(section)
    one_step = section.choice("downgrade", {"one": True, "all": False})
    grace = section.whole("grace_days", 0, 0, GRACE_MAX_DAYS)
    asks = _asks(section, metric, tiers)
    section.close()
    return Qualification(metric, window, days, asks, one_step, grace)


def _window(section: Section) -> tuple[TierWindow, int]:
    value = section.take("window")
    number, _, unit = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if unit in ("day", "days") and number.isascii() and number.isdigit():
        if 1 <= int(number) <= DAYS_MAX:
            return TierWindow.ROLLING, int(number)
        section.wrong(f"is not from 1 to {DAYS_MAX} days", "window")
        return TierWindow.ROLLING, 1
    windows = {each.value: each for each in (TierWindow.YEAR, TierWindow.ANNIVERSARY)}
    if value is not None and (not isinstance(value, str) or value not in windows):
        section.wrong("is no window", "window", 'write "365 days", "year" or "anniversary"')
        return TierWindow.YEAR, 0
    return section.choice("window", windows), 0


def _asks(section: Section, metric: str, tiers: tuple[str, ...]) -> tuple[int, ...]:
    table = section.section("from")
    if table is None:
        section.wrong("is missing", "from", "write from = { gold = 1000 }")
        return (0,)
    read = table.money if metric in AMOUNTS else table.whole
    asks = [0, *(read(tier) for tier in tiers[1:])]
    table.close()
    for at in range(1, len(asks)):
        if asks[at] <= asks[at - 1]:
            table.wrong("asks no more than the tier below it", tiers[at], "let the amounts rise")
    return tuple(asks)
