"""Looks into the books for what ``puntual rules check`` has to know of promises that were made already."""

import sqlite3
from typing import Final

from rules.effects import GiveAway
from rules.facts import Facts
from rules.outlook import Outlook
from rules.programme import Programme
from switch.funding import partner_account
from switch.past import last_sale
from switch.positions import partner_positions
from switch.queries import budgets, totals

LATELY: Final = 5_000  # sales whose baskets tell at what prices products are sold
_BASKETS: Final = (  # crossed, for the database would else sort all decisions that there ever were
    "SELECT facts FROM fact CROSS JOIN decision USING (seq) WHERE operation = 'EARN' AND effective = 1"
    " ORDER BY fact.seq DESC LIMIT ?"
)
_TOTAL: Final = "SELECT total FROM tally WHERE measure = ? ORDER BY seq DESC LIMIT 1"


def outlook_of(database: sqlite3.Connection, programme: Programme, *, sold: bool) -> Outlook:
    """What was given and promised so far; what is slow to find only where *programme* asks for it.

    With *sold* at what prices products are sold, too.
    """
    restraint = programme.restraint
    owed: dict[str, int] = {}
    if restraint.partner_owes_max is not None and programme.partners:
        held = partner_positions(database, last_sale(database))
        owed = {each.id: -held.get(partner_account(each.id), 0) for each in programme.partners}
    pools = {rule.effect.pool for rule in programme.rules if isinstance(rule.effect, GiveAway)}
    return Outlook(
        outstanding=0 if restraint.reserve_minor is None else totals(database).outstanding,
        owed_by=owed,
        given_of={
            each.id: (database.execute(_TOTAL, (each.measure,)).fetchone() or (0,))[0] for each in pools
        },
        spent_of={str(row["campaign"]): int(row["spent"]) for row in budgets(database, programme.budgets)},
        sold=_sold(database) if sold else {},
        card_types=_card_types(database) if "card_type" in programme.asks else None,
        segments=_of_profiles(database, "segments") if "segment" in programme.asks else None,
        card_categories=_of_profiles(database, "category") if "card_category" in programme.asks else None,
    )


def _card_types(database: sqlite3.Connection) -> frozenset[str] | None:
    """The types that cards have; ``None`` when there are no cards."""
    found = frozenset(type_ for (type_,) in database.execute("SELECT DISTINCT type FROM card"))
    return found - {""} if found else None


def _of_profiles(database: sqlite3.Connection, column: str) -> frozenset[str] | None:
    """The names that stand in *column* of what is known of members; ``None`` when there are none."""
    found = database.execute(f"SELECT DISTINCT {column} FROM profile").fetchall()  # noqa: S608  (a column)
    return frozenset(name for (names,) in found for name in names.split()) or None


def _sold(database: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """Money and quantity of each product in the latest baskets, returned lines apart."""
    found: dict[str, tuple[int, int]] = {}
    for (text,) in database.execute(_BASKETS, (LATELY,)).fetchall():
        for line in Facts.from_json(text).lines or ():
            if line.amount_minor > 0:
                amount_minor, quantity_milli = found.get(line.product, (0, 0))
                found[line.product] = amount_minor + line.amount_minor, quantity_milli + line.quantity_milli
    return found
