"""Conditions on what is known of members, at both edges."""

import pytest

from tests.rules.sales import check, programme


def rule(when: str) -> str:
    return f'[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ {when} }}\nthen = {{ multiply = 2 }}\n'


@pytest.mark.parametrize(
    ("when", "table"),
    [
        (
            "age = { from = 18, below = 65 }",
            """10.00 at=2026-06-01T23:59:59 birthday=2008-06-02 -> 10
            10.00 at=2026-06-02T00:00:00 birthday=2008-06-02 -> 20
            10.00 at=2026-06-01T23:59:59 birthday=1961-06-02 -> 20
            10.00 at=2026-06-02T00:00:00 birthday=1961-06-02 -> 10
            10.00 at=2026-02-28T12:00 birthday=2008-02-29 -> 10
            10.00 at=2026-03-01T00:00 birthday=2008-02-29 -> 20
            10.00 at=2028-02-28T12:00 birthday=2010-02-28 -> 20
            10.00 at=2026-06-02T12:00 -> 10""",
        ),
        (
            "joined_days = { from = 7, below = 30 }",
            """10.00 at=2026-06-07T23:59:59 joined_on=2026-06-01 -> 10
            10.00 at=2026-06-08T00:00:00 joined_on=2026-06-01 -> 20
            10.00 at=2026-06-30T23:59:59 joined_on=2026-06-01 -> 20
            10.00 at=2026-07-01T00:00:00 joined_on=2026-06-01 -> 10
            10.00 at=2026-06-08T12:00 -> 10""",
        ),
        (
            'counter = { "visits.month" = { from = 2, below = 4 } }',
            "10.00 visits=1 -> 10\n10.00 visits=2 -> 20\n10.00 visits=3 -> 20\n10.00 visits=4 -> 10",
        ),
        (
            'counter = { "visits.month" = { every = 3 } }',  # the third, the sixth, ...
            "10.00 visits=1 -> 10\n10.00 visits=2 -> 20\n10.00 visits=3 -> 10\n10.00 visits=5 -> 20",
        ),
        (
            "rfmp = { p = { from = 4 } }",
            "10.00 segments=p3 -> 10\n10.00 segments=p4 -> 20\n10.00 segments=p5,r1 -> 20\n10.00 -> 10",
        ),
    ],
)
def test_what_is_known_of_members_at_both_edges(when: str, table: str) -> None:
    """Days and years by the terminal's clock; of whom nothing is known, nothing holds."""
    check(programme(rule(when)), table)
