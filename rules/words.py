"""What the rules say to customers, in the programme's language."""

from collections.abc import Mapping
from typing import Final

from loyalty.amount import Rate, format_minor
from loyalty.terms import Terms
from rules.effects import FixedPoints, Multiply
from rules.rule import Rule

_TIMES: Final[Mapping[str, Mapping[Rate, str]]] = {
    "en": {Rate(2): "doubles", Rate(3): "triples", Rate(4): "quadruples"},
    "es": {Rate(2): "duplica", Rate(3): "triplica", Rate(4): "cuadruplica"},
}


def near_miss(rule: Rule, short_minor: int, terms: Terms) -> str:
    """What *short_minor* more would have brought: ``3.20 more doubles your points``."""
    money = format_minor(short_minor, terms.currency)
    spanish = terms.language == "es"
    more = f"{money} mas" if spanish else f"{money} more"
    if rule.lines is None:
        match rule.effect:
            case Multiply(factor):
                times = _TIMES[terms.language].get(factor)
                if times is None:
                    number = f"{factor.numerator}/{factor.denominator}".removesuffix("/1")
                    what = "sus puntos por" if spanish else "your points by"
                    return f"{more} {'multiplica' if spanish else 'multiplies'} {what} {number}"
                return f"{more} {times} {'sus puntos' if spanish else 'your points'}"
            case FixedPoints(points):
                extra = "puntos extra" if spanish else "extra points"
                return f"{more} {'da' if spanish else 'brings'} {points} {extra}"
            case _:
                pass
    return f"{more}: {rule.text}"
