"""What everybody must know of a programme to speak for it."""

from dataclasses import dataclass
from datetime import tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms in which a programme deals.

    Attributes:
        currency: ISO 4217 numeric code.
        unit_code: What stands for points where a currency code is due (DE 49, DE 54).
        unit: Name of one point, for people.
        zone: Zone of its business day and of terminals that have none of their own.
        language: Of texts for members without a language of their own (``en``, ``es``).
    """

    currency: str
    unit_code: str
    unit: str
    zone: tzinfo
    language: str
