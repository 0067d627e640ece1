"""However a sale comes back, part by part, limits, budgets, counters and gifts are as before it."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.counters import Place
from rules.parse import MAIN, parse_programme
from switch.outcome import Outcome
from switch.tallies import changes_of
from tests.switch.story import Story, starter_text
from tests.switch.test_inverse import state

TEXT = (
    starter_text()
    + """
[[rule]]
id = "tenth"
text = "A tenth off a and b"
lines = { product = ["a", "b"] }
then = { discount = "1/10" }
cap = [{ cost = "5.00", per = "day" }, { count = 9, per = "month" }]

[[rule]]
id = "coupon-off"
text = "2.00 off for a coupon"
when = { coupon = "hello" }
then = { discount_amount = "2.00" }
cap = { cost = "10.00", per = "30 days", scope = "all" }

[[rule]]
id = "three"
text = "Three d for two"
lines = { product = "d" }
then = { free_of = 3 }
cap = { cost = "30.00", per = "week", scope = "terminal" }

[[rule]]
id = "stamps"
text = "Stamps"
then = { stamp_per_unit = "card" }

[[rule]]
id = "free"
text = "Free c for stamps"
lines = { product = "c" }
then = { free_for_stamps = "card" }
cap = { cost = "20.00", per = "month", scope = "cashier" }

[[rule]]
id = "few"
text = "Points"
lines = { product = "b" }
then = { points_per_amount = { points = 1, per = "0.30" } }
cap = [{ points = 900, per = "week" }, { cost = "8.00", per = "day", scope = "card" }]

[[coupon]]
id = "hello"
text = "Hello"
codes = ["HELLO"]

[[coupon]]
id = "treat"
text = "Treat"

[[stamp_card]]
id = "card"
text = "Card"
size = 4

[[pool]]
id = "mugs"
text = "A mug"
stock = 9
cost = "1.00"

[[partner]]
id = "MARKET"
text = "Market"
funds = true
"""
)
CAMPAIGN = """
[campaign]
id = "c"
text = "C"
nature = "mixed"
category = "x"
state = "active"
period = { from = 2026-01-01 }
budget_points = 20000
budget_daily = 15000
funding = [{ partner = "MARKET", basis_points = 3333 }, { partner = "OWN", basis_points = 6667 }]
cap = { points = 12000, per = "week" }

[[rule]]
id = "double"
text = "Double"
lines = { product = "a" }
then = { multiply = 2 }

[[rule]]
id = "paper"
text = "5.00"
when = { amount = { from = "12.00" } }
then = { certificate = "5.00" }
cap = { cost = "50.00", per = "month" }

[[rule]]
id = "purse"
text = "A seventh"
lines = { product = "b" }
then = { cash_back = "1/7" }
cap = { cost = "50.00", per = "month" }

[[rule]]
id = "mug"
text = "A mug"
when = { amount = { from = "15.00" } }
then = { giveaway = "mugs" }
cap = { cost = "3.00", per = "day" }

[[rule]]
id = "again"
text = "A coupon"
lines = { product = "d" }
then = { coupon = "treat" }
"""
PROGRAMME = parse_programme({MAIN: TEXT, "campaigns/c.toml": CAMPAIGN})
BASKET = (("a", 997), ("b", 533), ("a", 101), ("c", 250), ("d", 300), ("d", 301), ("d", 299))


def told(story: Story) -> Outcome:
    return story.pending[-1]


def counted(story: Story) -> Counter[Place]:
    """What everything that was decided counted, by place."""
    sums: Counter[Place] = Counter()
    for outcome in (*story.store.outcomes.values(), *story.pending):
        for place, change, _ in changes_of(outcome.sides):
            sums[place] += change
    return sums


def prepared() -> Story:
    """Somebody with a full card of stamps."""
    story = Story(PROGRAMME)
    story.play("EARN card=A amount=400 lines=x*100,x*100,x*100,x*100 -> exception=None\nbatch")
    return story


def net_of(outcome: Outcome) -> list[int]:
    """What each line costs after its discounts."""
    amounts = [amount for _, amount in BASKET]
    for discount in getattr(outcome.decision, "discounts", ()):
        amounts[discount.line - 1] -= discount.amount_minor
    return amounts


class Returning:
    """A sale of the basket that comes back part by part."""

    def __init__(self, *, is_held: bool) -> None:
        self.story = prepared()
        self.before = state(self.story)
        basket = ",".join(f"{name}*{amount}" for name, amount in BASKET)
        total = sum(amount for _, amount in BASKET)
        sale = f"card=A amount={total} lines={basket} can=D coupon=HELLO at=T1 cashier=7"
        self.story.play(f"{'h: HOLD' if is_held else 's: EARN'} {sale} -> exception=None")
        self.lines = net_of(told(self.story))  # what of each line was not returned by a refund of lines
        if is_held:
            self.story.play(f"s: COMPLETE card=A amount={total} of=h -> exception=None")
        self.rest = sum(self.lines)
        self.refunds: list[tuple[str, int]] = []
        self.counted = counted(self.story)

    def returned(self, thirds: list[int]) -> None:
        """So many thirds of what is left of each line come back."""
        back = [min(-(-amount * part // 3), amount) for amount, part in zip(self.lines, thirds, strict=True)]
        products = [f"{name}*{part}" for (name, _), part in zip(BASKET, back, strict=True) if part]
        if products and self._refund(sum(back), f"lines={','.join(products)}"):
            self.lines = [amount - part for amount, part in zip(self.lines, back, strict=True)]

    def refunded(self, thousandths: int) -> None:
        """So much of what is left comes back, and nobody says of which lines."""
        if amount := self.rest * thousandths // 1000:
            self._refund(amount, "")

    def undone(self, thousandths: int, *, in_part: bool) -> None:
        """One of the refunds did not happen, or only so much of it."""
        if self.refunds:
            name, whole = self.refunds.pop(thousandths % len(self.refunds))
            final = whole * thousandths // 1000 if in_part else 0
            self.rest += whole - final
            self.story.play(f"REVERSAL of={name} {f'final={final}' if final else ''} -> exception=None")

    def _refund(self, amount: int, lines: str) -> bool:
        name = f"n{len(self.story.asked)}"
        self.story.play(f"{name}: REFUND card=A of=s amount={amount} {lines} ->")
        record = told(self.story).record
        assert record is not None
        if record.effective:
            self.rest -= amount
            self.refunds.append((name, amount))
        return record.effective


BOUND = ("off:", "rule:", "budget:", "campaign:", "coupon:", "pool.")
parts = st.lists(
    st.tuples(
        st.sampled_from(["lines", "lines", "lines", "amount", "undo", "undo in part"]),
        st.lists(st.integers(0, 3), min_size=len(BASKET), max_size=len(BASKET)),
        st.integers(1, 999),
    ),
    max_size=6,
)
ends = st.sampled_from(["REVERSAL of=s", "REFUND card=A of=s amount={}"])


def spent(story: Story) -> int:
    """What the budget counts beyond what stands of all that the campaign gave, in points.

    Where some returns tell their lines and others do not, points and money may be down to different parts.
    """
    beyond = 0
    for (measure, whose, _), count in counted(story).items():
        if measure == "budget:c/all":
            beyond += count
        elif measure == "campaign_points:c" or measure.startswith("purse:"):
            beyond -= count
        elif measure.startswith("gift:") and whose.endswith("/paper"):
            beyond -= WHOLE * count
    return beyond


WHOLE = 500  # points that the certificate takes of the budget
IN_PROPORTION = 71  # ... and points and money of the campaign, all of them


def hows(parts: list[tuple[str, list[int], int]]) -> set[str]:
    return {how for how, _, _ in parts}


SOME, ONE_D, MOST_OF_B = [1, 1, 0, 0, 1, 2, 0], [0, 0, 0, 0, 0, 1, 0], [0, 2, 0, 0, 0, 0, 0]


@settings(max_examples=60)
@given(parts=parts, end=ends, is_held=st.booleans())
@example(
    parts=[("lines", SOME, 1), ("lines", ONE_D, 1), ("amount", ONE_D, 1), ("undo", ONE_D, 1)],
    end="REVERSAL of=s",
    is_held=False,
)
@example(
    parts=[("lines", ONE_D, 1), ("lines", SOME, 1), ("undo", ONE_D, 2)], end="REVERSAL of=s", is_held=False
)
@example(
    parts=[
        ("lines", ONE_D, 1),
        ("lines", MOST_OF_B, 1),
        ("lines", ONE_D, 1),
        ("undo", ONE_D, 99),
        ("undo in part", ONE_D, 4),
    ],
    end="REVERSAL of=s",
    is_held=False,
)
def test_any_split_brings_all_back(
    parts: list[tuple[str, list[int], int]],
    end: str,
    is_held: bool,  # noqa: FBT001  (drawn)
) -> None:
    """Lines, parts of lines, amounts, and refunds that did not happen, or only in part."""
    sale = Returning(is_held=is_held)
    for how, thirds, thousandths in parts:
        match how:
            case "lines":
                sale.returned(thirds)
            case "amount":
                sale.refunded(thousandths)
            case _:
                sale.undone(thousandths, in_part=how == "undo in part")
        for place, count in counted(sale.story).items():
            assert not place[0].startswith(BOUND) or 0 <= count <= sale.counted[place], place
        # Each part is rounded on its own, so a point of the sum may pass from one rule to another, and not
        # back. Where some tell their lines and others do not, what is in proportion is so of different parts,
        # and until all is back the budget may count less of that than stands; of what is given whole never.
        is_mixed = hows(parts) >= {"lines", "amount"} or "undo in part" in hows(parts)
        assert spent(sale.story) >= -(IN_PROPORTION if is_mixed else len(parts))
        assert hows(parts) != {"lines"} or spent(sale.story) <= len(parts)
    sale.story.play(end.format(sale.rest) + " -> exception=None")
    assert state(sale.story) == sale.before
    sale.story.commit()
