"""What the books must come to, in the plainest arithmetic: lists of lots, and no entries, sheets or stores.

Written from what terminals are promised, not from the switch. A point is worth 0.01 and pays 0.01; each full
1.00 earns one. Amounts are minor units, so *n* points pay *n*.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

LIFE = timedelta(days=3)  # of a point: its last day is so much later


@dataclass
class Lot:
    """Points of one earning, and how many of them are left."""

    owner: str
    last_day: date
    left: int
    size: int
    first_day: date = date.min  # on which they can be spent


@dataclass
class Event:
    """Something that was approved, and what was done to it since."""

    kind: str
    owner: str
    amount: int
    day: date
    earned: int = 0
    used: int = 0
    spent: list[tuple[int, int]] = field(default_factory=list)  # lot, points
    lot: int | None = None  # that its earning made
    sale: str | None = None  # that a refund is of
    lapsed: int = 0  # of what a refund gave back
    refunded: int = 0
    clawed: int = 0
    returned: int = 0
    is_undone: bool = False
    is_cut: bool = False  # undone in part only


@dataclass
class Answer:
    """What must be told: points earned (negative: taken) and used (or given back)."""

    earned: int = 0
    used: int = 0


class Naive:
    """All members. Every method gives what must be answered, or ``None`` when nothing may be booked."""

    wait = timedelta(0)  # until earned points can be spent

    def __init__(self) -> None:
        self.today = date.min
        self.lots: list[Lot] = []
        self.debt: dict[str, int] = {}
        self.events: dict[str, Event] = {}

    def available(self, owner: str) -> int:
        return sum(lot.left for _, lot in self._valid(owner))

    def waiting(self, owner: str) -> int:
        return sum(lot.left for lot in self.lots if lot.owner == owner and lot.first_day > self.today)

    def balance(self, owner: str) -> int:
        return self.available(owner) - self.debt.get(owner, 0)

    # Events

    def sale(self, name: str, owner: str, amount: int, points: int = 0) -> Answer | None:
        if points > self.balance(owner) and points:
            return None
        event = self._new(name, "sale", owner, amount)
        event.used = points
        event.spent = self._spend(owner, points)
        event.earned = (amount - points) // 100
        rest = self._pay_debt(owner, event.earned)
        if rest:
            event.lot = self._make(owner, rest, self.today + LIFE, self.today + self.wait)
        return Answer(event.earned, points)

    def redeem(self, name: str, owner: str, points: int) -> Answer | None:
        if points > self.balance(owner):
            return None
        event = self._new(name, "redeem", owner, points)
        event.used = points
        event.spent = self._spend(owner, points)
        return Answer(0, points)

    def transfer(self, owner: str, to: str, points: int) -> Answer | None:
        if points > self.balance(owner):
            return None
        for number, part in self._spend(owner, points):
            self._make(to, part, self.lots[number].last_day)
        return Answer(0, points)

    def refund(self, name: str, sale_name: str, amount: int) -> Answer | None:
        sale = self.events[sale_name]
        if sale.is_undone and not sale.is_cut:
            return None
        if amount > sale.amount - sale.refunded:
            return None
        refund = self._new(name, "refund", sale.owner, amount)
        refund.sale = sale_name
        return self._return_part(sale, amount, refund)

    def void(self, name: str) -> Answer | None:
        event = self.events[name]
        if event.is_undone or event.day != self.today or event.refunded:
            return None
        return self._undo(event)

    def reverse(self, name: str) -> Answer | None:
        event = self.events[name]
        if event.is_undone:
            return None
        if event.kind == "refund":
            return self._undo_refund(event)
        return self._undo(event)

    def reverse_to(self, name: str, final: int) -> Answer | None:
        event = self.events[name]
        if event.is_undone or final > event.amount:
            return None
        event.is_undone = event.is_cut = True
        if event.kind == "sale":
            return self._return_part(
                event,
                min(event.amount - final, event.amount - event.refunded),
                Event("part", event.owner, 0, self.today),
            )
        back = max(event.used - event.returned - final, 0)
        return Answer(0, self._give_back(event, back)[0])

    # What they are made of

    def _new(self, name: str, kind: str, owner: str, amount: int) -> Event:
        self.events[name] = Event(kind, owner, amount, self.today)
        return self.events[name]

    def _undo(self, event: Event) -> Answer:
        event.is_undone = True
        had, _ = self._give_back(event, event.used - event.returned)
        taken = event.earned - event.clawed
        self._claw(event, taken)
        return Answer(-taken, had)

    def _return_part(self, sale: Event, amount: int, refund: Event) -> Answer:
        """Points that paid come back first; what is kept earns in proportion, rounded down."""
        back = min(amount, sale.used - sale.returned)
        kept = sale.amount - sale.refunded - amount
        taken = max(sale.earned - sale.earned * kept // sale.amount - sale.clawed, 0)
        sale.refunded += amount
        had, refund.lapsed = self._give_back(sale, back)
        self._claw(sale, taken)
        refund.earned, refund.used = -taken, -back
        return Answer(-taken, had)

    def _undo_refund(self, refund: Event) -> Answer | None:
        assert refund.sale is not None
        sale = self.events[refund.sale]
        if sale.is_undone and not sale.is_cut:
            return None  # nothing of either stands
        refund.is_undone = True
        sale.refunded -= refund.amount
        sale.clawed += refund.earned
        sale.returned += refund.used
        again = -refund.used - refund.lapsed
        short = again - sum(
            part for _, part in self._spend(refund.owner, min(again, self.available(refund.owner)))
        )
        self._owe(refund.owner, short)
        rest = self._pay_debt(refund.owner, -refund.earned)
        if rest:
            self._fill(sale.lot, refund.owner, rest, self.today + LIFE)
        return Answer(-refund.earned, 0)

    def _valid(self, owner: str) -> list[tuple[int, Lot]]:
        """Number and lot of what can be spent, earliest expiry first, then oldest."""
        mine = [(number, lot) for number, lot in enumerate(self.lots) if lot.owner == owner]
        mine = [(number, lot) for number, lot in mine if lot.first_day <= self.today <= lot.last_day]
        return sorted(mine, key=lambda pair: (pair[1].last_day, pair[0]))

    def _make(self, owner: str, points: int, last_day: date, first_day: date = date.min) -> int:
        self.lots.append(Lot(owner, last_day, points, points, first_day))
        return len(self.lots) - 1

    def _spend(self, owner: str, points: int, first: int | None = None) -> list[tuple[int, int]]:
        spent = []
        for number, lot in sorted(self._valid(owner), key=lambda pair: pair[0] != first):
            part = min(points, lot.left)
            if part:
                lot.left -= part
                points -= part
                spent.append((number, part))
        assert points == 0
        return spent

    def _give_back(self, event: Event, points: int) -> tuple[int, int]:
        """*points* of *event*, those that were taken last first: how many came back, and how many lapsed."""
        skip, had, lapsed = event.returned, 0, 0
        event.returned += points
        for number, part in reversed(event.spent):
            over = min(skip, part)
            skip -= over
            back = min(points, part - over)
            points -= back
            if back and self.lots[number].last_day < self.today:
                lapsed += back
            elif back:
                self._fill(number, event.owner, back, self.lots[number].last_day)
                had += back
        return had, lapsed

    def _fill(self, number: int | None, owner: str, points: int, last_day: date) -> None:
        """Put *points* into a lot that is valid and has room; the rest is a new one."""
        first_day = self.today + self.wait
        if number is not None and self.lots[number].last_day >= self.today:
            lot = self.lots[number]
            part = min(points, lot.size - lot.left)
            lot.left += part
            points -= part
            last_day, first_day = lot.last_day, lot.first_day
        if points:
            self._make(owner, points, last_day, first_day)

    def _claw(self, event: Event, points: int) -> None:
        event.clawed += points
        own = None if event.lot is None else self.lots[event.lot]
        if own is not None and own.first_day > self.today:  # nobody could spend these
            part = min(points, own.left)
            own.left -= part
            points -= part
        held = min(points, self.available(event.owner))
        self._spend(event.owner, held, event.lot)
        self._owe(event.owner, points - held)

    def _owe(self, owner: str, points: int) -> None:
        self.debt[owner] = self.debt.get(owner, 0) + points

    def _pay_debt(self, owner: str, points: int) -> int:
        """What is left of *points* after debt."""
        paid = min(points, self.debt.get(owner, 0))
        self._owe(owner, -paid)
        return points - paid
