"""Finds what is wrong only beside something else: ids twice, ties, rules and certificates that do not fit."""

from loyalty.errors import LoyaltyError
from rules.effects import Lane
from rules.programme import CertificateTerms
from rules.reading import ProgrammeError, Section
from rules.redemptionset import check_certificates
from rules.rule import Pick, Rule
from rules.ruleset import refuse_unknown_givers


def refuse_twins(names: list[tuple[str, str]], where: str, problems: list[LoyaltyError]) -> None:
    """Note ids that stand twice among *names*, each with the kind of what has it, in the file *where*."""
    seen: set[str] = set()
    for name, kind in names:
        if name in seen:
            problems.append(
                ProgrammeError(
                    f"two {kind}s have the id {name}", where=f"{where}: {kind}", hint="give each its own"
                )
            )
        seen.add(name)


def refuse_clashes(rules: list[tuple[Rule, Section]], certificates: CertificateTerms) -> None:
    """Note rules that do not go together, or not with *certificates*."""
    _refuse_ties(rules)
    refuse_unknown_givers(rules)
    check_certificates(rules, certificates)


def _refuse_ties(rules: list[tuple[Rule, Section]]) -> None:
    """Inside a group that takes the first, equal priorities would let the id decide, which nobody meant."""
    first: dict[tuple[int, int], str] = {}
    lanes: dict[int, Lane] = {}
    for rule, section in rules:
        if rule.group and lanes.setdefault(rule.group, rule.lane) is not rule.lane:
            section.wrong(
                "gives another kind of thing than the other rules of its group",
                "group",
                "let only rules compete that could stand for each other",
            )
        if rule.pick is not Pick.FIRST:
            continue
        other = first.setdefault((rule.group, rule.priority), rule.id)
        if other != rule.id:
            section.refuse(
                f"is that of {other} too, in a group that takes the first",
                "priority",
                "give them different priorities",
            )
