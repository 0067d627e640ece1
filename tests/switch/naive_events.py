"""The rest of what the books must come to: holds, certificates, corrections, batches. As plain as before."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.switch.naive import LIFE, Answer, Naive

KEPT = timedelta(days=1)  # of a hold
LAST = timedelta(days=1)  # of a certificate: its last day is so much later

_DEBITS = ("sale", "redeem", "pay")


@dataclass
class Hold:
    """Points that are reserved. *pays* for a redemption; else for a part of a sale."""

    owner: str
    amount: int
    pays: bool
    spent: list[tuple[int, int]]  # lot, points
    until: datetime
    is_open: bool = True

    @property
    def points(self) -> int:
        return sum(part for _, part in self.spent)


@dataclass
class Certificate:
    """What an exchange made. A point is worth 0.01."""

    size: int
    left: int
    last_day: datetime


class NaiveEvents(Naive):
    """All members, holds and certificates, and the batch of their only terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.min.replace(tzinfo=UTC)
        self.holds: dict[str, Hold] = {}
        self.certificates: dict[str, Certificate] = {}
        self.batch: Counter[str] = Counter()
        self.loaded = 0

    def tick(self, now: datetime) -> None:
        """It is *now*: holds whose time is over release what they have."""
        self.now, self.today = now, now.date()
        for hold in self.holds.values():
            if hold.is_open and hold.until < now:
                self._end(hold, 0)

    # What terminals ask

    def hold(self, name: str, owner: str, amount: int, points: int, *, pays: bool) -> Answer | None:
        if points and points > self.balance(owner):
            return None
        until = self.now.replace(microsecond=0) + KEPT
        self.holds[name] = Hold(owner, amount, pays, self._spend(owner, points), until)
        return Answer(0, points)

    def complete(self, name: str, hold_name: str, amount: int) -> Answer | None:
        hold = self.holds[hold_name]
        if not hold.is_open or amount > hold.amount:
            return None
        points = min(hold.points, amount)
        spent = self._end(hold, points)
        if amount == 0:
            return Answer(0, 0)
        event = self._new(name, "redeem" if hold.pays else "sale", hold.owner, amount)
        event.used, event.spent = points, spent
        if not hold.pays:
            event.earned = (amount - points) // 100
            rest = self._pay_debt(hold.owner, event.earned)
            if rest:
                event.lot = self._make(hold.owner, rest, self.today + LIFE)
        self._count(event.kind, amount)
        return Answer(event.earned, points)

    def release(self, name: str) -> Answer | None:
        hold = self.holds[name]
        if not hold.is_open:
            return None
        self._end(hold, 0)
        return Answer(0, hold.points)

    def exchange(self, name: str, owner: str, points: int) -> Answer | None:
        if points > self.balance(owner):
            return None
        event = self._new(name, "exchange", owner, points)
        event.used, event.spent = points, self._spend(owner, points)
        self.certificates[name] = Certificate(points, points, self.now + LAST)
        return Answer(0, points)

    def pay(self, name: str, owner: str, certificate_name: str, amount: int) -> Answer | None:
        certificate = self.certificates[certificate_name]
        if certificate.last_day.date() < self.today or amount > certificate.left:
            return None
        certificate.left -= amount
        self._new(name, "pay", owner, amount).sale = certificate_name
        self._count("pay", amount)
        return Answer()

    def unexchange(self, name: str) -> Answer | None:
        event, certificate = self.events[name], self.certificates[name]
        if event.is_undone:
            return None
        event.is_undone = True
        lives = certificate.last_day.date() >= self.today
        points = min(event.used, certificate.left) if lives else 0
        certificate.left -= points
        return Answer(0, self._give_back(event, points)[0])

    def unpay(self, name: str) -> Answer | None:
        event = self.events[name]
        if event.is_undone:
            return None
        event.is_undone = True
        assert event.sale is not None
        certificate = self.certificates[event.sale]
        certificate.left += min(event.amount, certificate.size - certificate.left)
        self._count("pay", event.amount, -1)
        return Answer()

    # What people and time do

    def adjust(self, owner: str, points: int) -> None:
        if points > 0:
            self._make(owner, points, self.today + LIFE)
            return
        there = min(-points, self.available(owner))
        self._spend(owner, there)
        self._owe(owner, -points - there)

    def lapse(self) -> int:
        """Points of certificates that nobody brought in time."""
        gone = 0
        for certificate in self.certificates.values():
            if certificate.last_day.date() < self.today:
                gone += certificate.left
                certificate.left = 0
        return gone

    # What is counted

    def sale(self, name: str, owner: str, amount: int, points: int = 0) -> Answer | None:
        return self._counted("sale", amount, super().sale(name, owner, amount, points))

    def redeem(self, name: str, owner: str, points: int) -> Answer | None:
        return self._counted("redeem", points, super().redeem(name, owner, points))

    def refund(self, name: str, sale_name: str, amount: int) -> Answer | None:
        return self._counted("refund", amount, super().refund(name, sale_name, amount))

    def reverse_to(self, name: str, final: int) -> Answer | None:
        event = self.events[name]
        return self._counted(event.kind, event.amount - final, super().reverse_to(name, final), -1)

    def void(self, name: str) -> Answer | None:
        event = self.events[name]
        return self._counted(event.kind, event.amount, super().void(name), -1)

    def reverse(self, name: str) -> Answer | None:
        event = self.events[name]
        return self._counted(event.kind, event.amount, super().reverse(name), -1)

    def _counted(self, kind: str, amount: int, answer: Answer | None, sign: int = 1) -> Answer | None:
        if answer is not None:
            self._count(kind, amount, sign)
        return answer

    def _count(self, kind: str, amount: int, sign: int = 1) -> None:
        if kind in _DEBITS:
            self.batch.update({"debits": sign, "debit_amount": sign * amount})
        elif kind == "refund":
            self.batch.update({"credits": sign, "credit_amount": sign * amount})

    def _end(self, hold: Hold, points: int) -> list[tuple[int, int]]:
        """Spend *points* of *hold*, those that were reserved first; the others come back. What was spent."""
        hold.is_open = False
        spent = []
        for number, part in hold.spent:
            first = min(points, part)
            points -= first
            if first:
                spent.append((number, first))
            if part > first and self.lots[number].last_day >= self.today:
                self.lots[number].left += part - first
        return spent
