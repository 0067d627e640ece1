"""Seeded disorder: every operation on every kind of original, at several terminals, cards, tickets."""

import random
from collections.abc import Iterable, Iterator

from tests.conformance import baskets, cards
from tests.conformance.till import Message, Till, original, replacement

TERMINALS = ("T0000001", "T0000002", "PARTIAL1")


class Disorder:
    """A source of messages that know each other."""

    def __init__(
        self, seed: int, stans: Iterator[int], pool: Iterator[str], *, terminals: Iterable[str] = TERMINALS
    ) -> None:
        self.seed = seed
        self.source = random.Random(seed)
        self.tills = {name: Till(name, stans) for name in terminals}
        self.cards = [next(pool), next(pool), next(pool), cards.UNKNOWN, cards.BLOCKED]
        self.made: list[Message] = []

    def opening(self) -> list[Message]:
        """Sales that give each good card some points."""
        till = next(iter(self.tills.values()))
        return [till.message("earn", card=card, amount=150_000) for card in self.cards[:3]]

    def next(self) -> Message:
        """A new message, a repeat of an old one, or one that names an old one."""
        kinds = ("sell", "undo", "repeat", "overtake", "look")
        kind = self.source.choices(kinds, (40, 38, 12, 5, 5))[0]
        if kind == "repeat" and self.made:
            return self._repeat(self.source.choice(self.made))
        if kind == "undo" and self.made:
            message = self._undo(self.source.choice(self.made[-10:]))
        elif kind == "overtake":
            later = self._sell()
            message = self._till().message("reverse", card=later.elements[2], elements={90: original(later)})
            self.made.append(later)
        elif kind == "look":
            message = self._till().message(self.source.choice(("inquiry", "activate")), card=self._card())
        else:
            message = self._sell()
        if message.mti[1] in "24" and self.source.random() < 0.15:
            message = message.but(mti=message.mti[:2] + "20")
        self.made.append(message)
        return message

    def _till(self) -> Till:
        return self.source.choice(list(self.tills.values()))

    def _card(self) -> str:
        return self.source.choices(self.cards, (8, 8, 8, 1, 1))[0]

    def _sell(self) -> Message:
        amount = self.source.randint(1, 3000)
        elements: dict[int, str | None] = {}
        values = [("023", f"D{self.seed}{self.source.choice('XYZ')}")]
        operation = self.source.choice(("earn", "earn", "earn", "redeem", "quote"))
        if operation == "redeem":
            amount = self.source.randint(1, 600)
        elif self.source.random() < 0.4:
            lines = self._lines()
            amount, elements = baskets.total(lines), baskets.cut(baskets.wire(lines))
        if operation != "redeem" and self.source.random() < 0.4:
            values.append(("020", str(self.source.randint(0, min(amount + 5, 700)))))
        card = self._card()
        return self._till().message(operation, card=card, amount=amount, values=values, elements=elements)

    def _undo(self, named: Message) -> Message:
        operation = self.source.choice(("refund", "refund", "void", "reverse", "reverse"))
        amount = int(named.elements.get(4, "100"))
        elements: dict[int, str | None] = {90: original(named)}
        if operation == "refund" and self.source.random() < 0.3:
            lines = self._lines()
            amount = baskets.total(lines)
            elements |= baskets.cut(baskets.wire(lines))
        elif operation == "refund":
            amount = self.source.randint(1, amount + 2)
        elif operation == "reverse" and self.source.random() < 0.5:
            elements[95] = replacement(self.source.randint(0, amount + 2))
        till = self.tills[named.elements[41]] if self.source.random() < 0.9 else self._till()
        return till.message(operation, card=named.elements.get(2), amount=amount, elements=elements)

    def _repeat(self, message: Message) -> Message:
        changes: dict[int, str | None] = {}
        if self.source.random() < 0.2:
            changes[4] = f"{self.source.randint(1, 999):012d}"
        function = self.source.choice(("0", "1", "2")) if message.mti[1] in "24" else message.mti[2]
        mti = message.mti[:2] + {"0": "00", "1": "01", "2": "20"}[function]
        return message.but(changes, mti=mti)

    def _lines(self) -> list[baskets.Line]:
        return [
            baskets.Line(
                product=self.source.choice("abc"),
                amount_minor=self.source.randint(1, 900),
                quantity=self.source.choice(("1", "2", "0.5")),
                flags=self.source.choice(("", "", "N", "D")),
            )
            for _ in range(self.source.randint(1, 4))
        ]
