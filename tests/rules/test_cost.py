"""What each rule of a sale costs, and who bears it."""

from rules.cost import Cost, costs
from rules.extras import extras
from rules.interpret import interpret
from tests.rules.sales import programme, sale

PARTNERS = """
[[partner]]
id = "ORCHARDS"
text = "Orchards"

[[partner]]
id = "FUEL"
text = "Fuel"
funds = true

[[pool]]
id = "mugs"
text = "Mug"
stock = 1
cost = "4.00"

[[rule]]
id = "own"
text = "Own"
then = { points = 7 }
"""

CAMPAIGN = """
[campaign]
id = "c"
text = "C"
nature = "points"
category = "x"
state = "active"
period = { from = 2026-01-01 }
funding = [{ partner = "ORCHARDS", basis_points = 3334 }, { partner = "US", basis_points = 6666 }]

[[rule]]
id = "points"
text = "P"
then = { points = 100 }

[[rule]]
id = "mug"
text = "M"
then = { giveaway = "mugs" }

[[rule]]
id = "off"
text = "O"
then = { discount = "1/10" }
"""


def test_costs_and_who_bears_them() -> None:
    made = programme(PARTNERS, c=CAMPAIGN)
    facts = sale("10.00 can=D partner=FUEL lines=A:10.00")
    award = interpret(made, facts)
    given = extras(made, facts.after(award.discounts), award.counted)
    assert costs(made, facts, award, given) == [
        Cost("off", 100, (("ORCHARDS", 33), ("", 67))),
        Cost("base", 9, (("FUEL", 9),)),
        Cost("own", 7, (("FUEL", 7),)),
        Cost("points", 100, (("ORCHARDS", 33), ("", 67))),
        Cost("mug", 400, (("ORCHARDS", 133), ("", 267))),
    ]
