"""How much a programme may give away, and promise, by its author's own word: ``[guards]``."""

from dataclasses import dataclass
from typing import Final

from loyalty.amount import exponent_of
from rules.reading import Section

WHOLE_BP: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Restraint:
    """What ``puntual rules check`` holds a programme to. Nothing of it decides a sale.

    Attributes:
        giveaway_max_bp: Of a ticket that may come back at once, in basis points; ``None``: only warned of
            above a quarter.
        discount_max_bp: Of what the rules give that may be money off the price.
        line_from_minor: What a line, and so a ticket, costs at least.
        reserve_minor: Money that is set aside for what points can still buy; ``None``: not said.
        partner_owes_max: Points that a partner may owe; ``None``: not said.
    """

    giveaway_max_bp: int | None = None
    discount_max_bp: int = 5_000
    line_from_minor: int
    reserve_minor: int | None = None
    partner_owes_max: int | None = None


NO_RESTRAINT: Final = Restraint(line_from_minor=100)


def read_restraint(main: Section) -> Restraint:
    """The table ``[guards]``."""
    section = main.section("guards")
    whole_unit_minor = int(10 ** exponent_of(main.currency))
    if section is None:
        return Restraint(line_from_minor=whole_unit_minor)
    restraint = Restraint(
        giveaway_max_bp=section.whole("giveaway_max_bp", high=WHOLE_BP)
        if "giveaway_max_bp" in section
        else None,
        discount_max_bp=section.whole("discount_max_bp", 5_000, high=WHOLE_BP),
        line_from_minor=section.some_money("line_from", whole_unit_minor),
        reserve_minor=section.money("reserve") if "reserve" in section else None,
        partner_owes_max=section.whole("partner_owes_max") if "partner_owes_max" in section else None,
    )
    section.close()
    return restraint
