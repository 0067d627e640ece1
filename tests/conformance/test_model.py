"""Random histories of a member: every answer tells what the naive account of ``model`` tells."""

import random
from dataclasses import dataclass, field, replace

import pytest

from tests.conformance import baskets
from tests.conformance.answers import check_answer
from tests.conformance.baskets import Line
from tests.conformance.model import Member, Sale, Told
from tests.conformance.till import Answer, Link, Message, Till, frame, original, replacement

HISTORIES = 8
STEPS = 60


@dataclass(slots=True)
class History:
    """One member's seeded life: messages, each with what its answer has to tell or which one it repeats."""

    till: Till
    card: str
    source: random.Random
    member: Member = field(default_factory=Member)
    steps: list[tuple[Message, Told | int]] = field(default_factory=list)
    sales: list[tuple[Message, Sale]] = field(default_factory=list)

    def grow(self) -> None:
        """Add one transaction, or a repeat of an earlier one."""
        kinds = ("earn", "redeem", "refund", "void", "reverse", "repeat")
        kind = self.source.choices(kinds, (40, 15, 20, 5, 10, 10))[0]
        if kind == "earn":
            self._sell()
        elif kind == "redeem":
            self._redeem()
        elif kind == "repeat" and self.steps:
            place = self.source.randrange(len(self.steps))
            self.steps.append((self.steps[place][0], place))
        elif self.sales:
            self._undo(kind, *self.source.choice(self.sales))

    def _sell(self) -> None:
        amount = self.source.choice((self.source.randint(1, 20_000), self.source.randint(1, 300)))
        used = self.source.choice((0, 0, self.source.randint(1, max(1, self.member.balance + 5))))
        lines = self._lines(amount) if self.source.random() < 0.5 else []
        expected, sale = self.member.earn(amount, used, lines)
        values = [("020", str(used))] if used else []
        basket = baskets.cut(baskets.wire(lines)) if lines else {}
        message = self.till.message("earn", card=self.card, amount=amount, values=values, elements=basket)
        self._add(message, expected, sale)

    def _lines(self, amount: int) -> list[Line]:
        first = self.source.randint(0, amount)
        parts = (("milk", first, ""), ("wine", (amount - first) // 2, "D"))
        rest = amount - sum(part[1] for part in parts)
        flags = self.source.choice(("", "N"))
        return [
            Line(product=product, amount_minor=minor, quantity="4", flags=own)
            for product, minor, own in (*parts, ("tobacco", rest, flags))
        ]

    def _redeem(self) -> None:
        amount = self.source.randint(1, max(2, self.member.balance * 5 // 4))
        expected, sale = self.member.redeem(amount)
        self._add(self.till.message("redeem", card=self.card, amount=amount), expected, sale)

    def _undo(self, kind: str, request: Message, sale: Sale) -> None:
        elements: dict[int, str | None] = {90: original(request)}
        amount = sale.amount
        if kind == "refund" and sale.kept_lines:
            kept = self.source.choice(list(sale.kept_lines.values()))
            amount = self.source.choice((kept.amount_minor, self.source.randint(0, kept.amount_minor)))
            if not amount:
                return
            returned = replace(kept, amount_minor=amount, quantity="1")
            elements |= baskets.cut(baskets.wire([returned]))
            expected = self.member.refund_line(sale, returned)
        elif kind == "refund":
            amount = self.source.randint(1, max(1, (sale.amount - sale.returned) * 6 // 5))
            expected = self.member.refund(sale, amount)
        elif kind == "void":
            expected = self.member.void(sale)
        else:
            elements[3] = request.elements[3]
            final = 0
            if sale.amount > 1 and not sale.returned and self.source.random() < 0.5:
                final = self.source.randint(1, sale.amount - 1)
                elements[95] = replacement(final)
            expected = self.member.reverse(sale, final)
        self._add(self.till.message(kind, card=self.card, amount=amount, elements=elements), expected, None)

    def _add(self, message: Message, expected: Told, sale: Sale | None) -> None:
        self.steps.append((message, expected))
        if sale is not None:
            self.sales.append((message, sale))


def told(answer: Answer) -> Told:
    """The figures of an answer, as the model tells them."""
    return Told(
        code=answer.code,
        earned=answer.figure("050"),
        used=answer.figure("051"),
        owed=answer.figure("062"),
        balance=answer.figure("052") if answer.code == "00" else None,
    )


@pytest.mark.parametrize("window", [1, 5, STEPS])
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_switch_agrees_with_a_naive_account(
    link: Link, till: Till, card: str, seed: int, window: int
) -> None:
    """Sales, redemptions, refunds, voids, reversals and repeats of one member, in seeded disorder.

    One by one each is a batch of its own; sent together they are decided on top of what is not durable yet.
    """
    history = History(till, card, random.Random(seed))
    for _ in range(STEPS):
        history.grow()
    answers: list[Answer] = []
    for start in range(0, len(history.steps), window):
        slice_ = history.steps[start : start + window]
        link.send(b"".join(frame(message.encode()) for message, _ in slice_))
        answers += [Answer.decode(link.receive()) for _ in slice_]
    for (message, expected), answer in zip(history.steps, answers, strict=True):
        check_answer(message, answer)
        if isinstance(expected, int):
            assert answer.raw == answers[expected].raw
        else:
            assert told(answer) == expected, (message, answer.message)
    assert link.ask(till.message("inquiry", card=card)).figure("052") == history.member.balance
