"""Reads the experiment of a campaign, and which of its arms a rule is for."""

from typing import Final

from rules.reading import NAME, Section
from rules.rule import Campaign

CONTROL: Final = "control"  # the arm that gets nothing unless a rule names it
HOLDOUT_MAX_BP: Final = 5_000  # who keeps more than half of his members from everything means something else
_WHOLE_BP: Final = 10_000


def read_experiment(campaign: Section) -> tuple[tuple[str, int], ...]:
    """The arms of a campaign and their shares in basis points, in order of name."""
    section = campaign.section("experiment")
    if section is None:
        return ()
    table = section.section("arms")
    if table is None:
        section.wrong("is missing", "arms", "write arms = { A = 4500, B = 4500, control = 1000 }")
        return ()
    arms = []
    for name in table.written:
        if not NAME.fullmatch(name):
            table.wrong("is not the name of an arm", name, "use letters, digits, _ . and -")
        arms.append((name, table.whole(name, low=1, high=_WHOLE_BP)))
    table.close()
    section.close()
    if sum(share for _, share in arms) != _WHOLE_BP:
        section.wrong(
            "do not sum to 10,000 basis points", "arms", "give each member an arm, control at least"
        )
    if len(arms) < 2:
        section.wrong("are fewer than two", "arms", "compare with something: control = 1000")
    return tuple(sorted(arms))


def read_arms(rule: Section, campaign: Campaign | None) -> frozenset[str]:
    """The arms of its campaign that a rule is for; all but the control when it names none."""
    known = [] if campaign is None else [name for name, _ in campaign.arms]
    if campaign is None or not known:
        if "arm" in rule:
            rule.wrong("is of no experiment", "arm", "write experiment = { arms = … } into [campaign]")
        return frozenset()
    named = rule.names("arm", known) if "arm" in rule else frozenset(known) - {CONTROL}
    return frozenset(f"{campaign.id}/{name}" for name in named)
