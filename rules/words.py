"""What the rules say to customers, in the programme's language."""

from collections.abc import Mapping
from typing import Final

from loyalty.amount import Rate, format_minor
from rules.effects import FixedPoints, Multiply
from rules.rule import Rule

_TIMES: Final[Mapping[str, Mapping[Rate, str]]] = {
    "en": {Rate(2): "doubles", Rate(3): "triples", Rate(4): "quadruples"},
    "es": {Rate(2): "duplica", Rate(3): "triplica", Rate(4): "cuadruplica"},
}


def more_than(rule: Rule, language: str) -> str:
    """What is told behind the money that *rule* lacks: ``more doubles your points``."""
    spanish = language == "es"
    more = "mas" if spanish else "more"
    if rule.lines is None:
        match rule.effect:
            case Multiply(factor):
                times = _TIMES[language].get(factor)
                if times is not None:
                    return f"{more} {times} {'sus puntos' if spanish else 'your points'}"
                number = f"{factor.numerator}/{factor.denominator}".removesuffix("/1")
                if spanish:
                    return f"{more} multiplica sus puntos por {number}"
                return f"{more} multiplies your points by {number}"
            case FixedPoints(points):
                return (
                    f"{more} da {points} puntos extra" if spanish else f"{more} brings {points} extra points"
                )
            case _:
                pass
    return f"{more}: {rule.text}"


def near_miss(short_minor: int, currency: str, more: str) -> str:
    """What *short_minor* more would have brought: ``3.20 more doubles your points``."""
    return f"{format_minor(short_minor, currency)} {more}"


def few_more(missing: int, what: str, rule: Rule, language: str) -> str:
    """What *missing* lines or units more would have brought: ``2 units more: Three for two``."""
    if language == "es":
        named = (
            {"lines": "lineas", "units": "unidades"}[what]
            if missing > 1
            else {"lines": "linea", "units": "unidad"}[what]
        )
        return f"{missing} {named} mas: {rule.text}"
    return f"{missing} {what if missing > 1 else what[:-1]} more: {rule.text}"


def with_tier(tier: str, rule: Rule, language: str) -> str:
    """What the next tier would have brought: ``with gold: Gold members earn half more``."""
    return f"{'con' if language == 'es' else 'with'} {tier}: {rule.text}"
