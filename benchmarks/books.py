"""Decided transactions for benchmarks of the books: the heart decides them, without a wire."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from importlib import resources
from typing import Final

from benchmarks.frames import ACQUIRER, EARN_PERCENT, MERCHANT, REDEEM_PERCENT, terminal_id
from loyalty.card import CardId, Identifier, IdentifierKind, MemberId, Token
from loyalty.decision import Decision
from loyalty.sequence import base36, day_digits
from loyalty.terminal import Terminal
from loyalty.transaction import Operation, OriginalReference, Transaction, TransactionKey
from members.card import Card, CardStatus
from rules.parse import parse_programme
from simulator.cards import card_number
from switch.block import Block, CommitResult, Enrolment
from switch.case import Case, Moment, Render
from switch.decide import decide
from switch.outcome import Outcome
from switch.programmes import Programmes
from switch.store import SqliteStore
from switch.worksheet import Worksheet

TERMINALS: Final = 100
START: Final = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
STEP: Final = timedelta(milliseconds=2)  # between two transactions: 500 a second
_RECEIPT: Final = "YOU EARNED          100|YOUR BALANCE      12,345|THANK YOU FOR YOUR VISIT|" * 2
_ENROLLED_AT_ONCE: Final = 500


def token_of(identifier: Identifier) -> Token:
    """Under which a card is known here."""
    return Token(blake2b(identifier.value.encode(), digest_size=16).digest())


def programmes() -> Programmes:
    """The starter's."""
    text = (resources.files("rules") / "starter.toml").read_text("utf-8")
    return Programmes(((datetime.min.replace(tzinfo=UTC), parse_programme({"programme.toml": text})),))


TokenOf = Callable[[Identifier], Token]


async def enrol(
    store: SqliteStore, count: int, token_of: TokenOf = token_of, *, at: datetime = START
) -> None:
    """Give *count* members a card each, at that moment."""
    for first in range(0, count, _ENROLLED_AT_ONCE):
        last = min(count, first + _ENROLLED_AT_ONCE)
        cards = [_enrolment(number, token_of) for number in range(first, last)]
        block = Block(outcomes=(), committed_at=at, enrolments=cards)
        assert await store.commit(block, lambda: True) is CommitResult.DURABLE


def _enrolment(at: int, token_of: TokenOf) -> Enrolment:
    number, member = card_number(at), MemberId(at + 1)
    card = Card(
        card_id=CardId(at + 1),
        member_id=member,
        owner=member,
        operator_id=f"m{at}",
        last4=number[-4:],
        status=CardStatus.ACTIVE,
        expires_on=None,
    )
    return Enrolment(card=card, token=token_of(Identifier(IdentifierKind.CARD, number)))


class Till:
    """Asks and has it decided: sales, redemptions, reversals in the proportions of ``bench authorize``.

    Args:
        store: With *cards* enrolled members.
    """

    def __init__(
        self, store: SqliteStore, cards: int, *, token_of: TokenOf = token_of, seed: int = 1
    ) -> None:
        self._store = store
        self._cards = cards
        self._token_of = token_of
        self._random = random.Random(seed)
        self._programmes = programmes()
        self._terminals = [
            Terminal(terminal_id=terminal_id(at), merchant_id=MERCHANT, acquirer_id=ACQUIRER, mcc="5411")
            for at in range(TERMINALS)
        ]
        self._sales: dict[str, tuple[str, str]] = {}  # STAN and DE 7 of a terminal's last sale
        self._asked = 0
        self.now = START

    def batch(self, size: int) -> Block:
        """The next *size* transactions, decided on what is durable."""
        worksheet = Worksheet(self._store.reader)
        outcomes: list[Outcome] = []
        asked = [self._transaction() for _ in range(size)]
        self._store.prefetch([transaction.key.text for transaction in asked])
        for transaction in asked:
            self.now += STEP
            moment = Moment(self._store.sequence.next(), self.now, self.now.date())
            outcome = decide(
                Case(transaction, worksheet, self._programmes, moment, self._token_of, rendered(moment))
            )
            assert isinstance(outcome, Outcome)
            worksheet.apply(outcome)
            outcomes.append(outcome)
        return Block(outcomes=outcomes, committed_at=self.now)

    def batches(self, count: int, size: int) -> Iterator[Block]:
        """*count* transactions in batches of *size*; each must be committed before the next is asked for."""
        for first in range(0, count, size):
            yield self.batch(min(size, count - first))

    def _transaction(self) -> Transaction:
        at, draw = self._asked, self._random.randrange(100)
        self._asked += 1
        terminal = self._terminals[at % TERMINALS]
        stan = f"{at // TERMINALS % 999_999 + 1:06}"
        moment = self.now + STEP * at
        transmitted = f"{moment:%m%d%H%M%S}"
        operation, amount, original = Operation.EARN, self._random.randrange(1000, 20000), None
        last_sale = self._sales.pop(terminal.terminal_id, None)
        if draw >= EARN_PERCENT and last_sale is not None:
            if draw < EARN_PERCENT + REDEEM_PERCENT:
                operation, amount = Operation.REDEEM, self._random.randrange(1, 10)
            else:
                operation = Operation.REVERSAL
                original = OriginalReference(
                    message_class="2", stan=last_sale[0], transmitted=last_sale[1], acquirer_id=ACQUIRER
                )
        if operation is Operation.EARN:
            self._sales[terminal.terminal_id] = stan, transmitted
        message_class = "4" if operation is Operation.REVERSAL else "2"
        key = TransactionKey(ACQUIRER, terminal.terminal_id, message_class, stan, f"{moment:%Y%m%d%H%M%S}")
        number = card_number(self._random.randrange(self._cards))
        return Transaction(
            operation=operation,
            key=key,
            is_advice=operation is Operation.REVERSAL,
            is_repeat=False,
            terminal=terminal,
            received_at=self.now,
            as_of=self.now,
            transmitted=transmitted,
            content=blake2b(key.text.encode(), digest_size=16).digest(),
            amount=amount,
            identifier=None if operation is Operation.REVERSAL else Identifier(IdentifierKind.CARD, number),
            original=original,
        )


def rendered(moment: Moment) -> Render:
    """Gives elements of the size that answers have."""
    rrn = day_digits(moment.business_date) + base36(moment.seq)
    elements = {
        15: "1102", 37: rrn, 38: rrn[-6:], 39: "00",
        48: "050013C000000000100052013C000000012345053012000000000000060012a1b2c3d4e5f6062012000000012345",
        54: "9002999C000000012345" * 2, 62: _RECEIPT,
    }  # fmt: skip

    def render(_decision: Decision) -> dict[int, str]:
        return elements

    return render
