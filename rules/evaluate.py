"""The one door: what a sale earns under a programme."""

from rules.award import Award
from rules.facts import Facts
from rules.interpret import interpret
from rules.programme import Programme

__all__ = ["Award", "evaluate"]


def evaluate(programme: Programme, facts: Facts) -> Award:
    """What the sale earns under *programme*. The same facts always bring the same award."""
    return interpret(programme, facts)
