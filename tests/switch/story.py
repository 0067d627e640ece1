"""Stories in a few words a line, played on the heart of the switch without a wire or a database.

A line is ``[name:] OPERATION key=value … -> key=value …``: what a terminal asks, and what must come of it.
``of=NAME`` names an earlier line as the original, by its DE 90; ``again=NAME`` sends that line again.
``batch`` on a line of its own commits what was decided so far. Amounts are minor units.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import TypeVar

from ledger.account import AccountId, name_of
from loyalty.card import CardId, Identifier, IdentifierKind, MemberId, Token, luhn_holds
from loyalty.decision import Approved
from loyalty.sequence import base36, day_digits
from loyalty.terminal import Terminal
from loyalty.transaction import (
    BasketLine,
    Operation,
    OriginalReference,
    Proof,
    Tender,
    Transaction,
    TransactionKey,
)
from members.card import Card, CardStatus
from members.proof import ProofKind, Secret
from rules.parse import parse_programme
from rules.programme import Programme
from switch.case import Case, Moment
from switch.certificates import code_for
from switch.decide import decide
from switch.freeing import FreeKept
from switch.outcome import Known, Outcome
from switch.programmes import Programmes
from switch.proofs import SetSecret
from switch.proving import value_of_code
from switch.worksheet import Worksheet
from tests.switch.memory import MemoryStore

S = TypeVar("S", bound="Story")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
CLASSES = {Operation.QUOTE: "1", Operation.HOLD: "1", Operation.REVERSAL: "4"}


def number(at: int) -> str:
    """Card number *at* of the starter's range, with its check digit."""
    return next(candidate for digit in range(10) if luhn_holds(candidate := f"63901200000{at:04}{digit}"))


NUMBERS = {letter: number(at) for at, letter in enumerate("ABCDEFGZH")}


def starter_text() -> str:
    return (resources.files("rules") / "starter.toml").read_text(encoding="utf-8")


def starter() -> Programme:
    return parse_programme({"programme.toml": starter_text()})


def token_of(identifier: Identifier) -> Token:
    text = f"{identifier.kind.value}{identifier.value}"
    return Token(hashlib.blake2b(text.encode(), digest_size=16).digest())


def new_card(letter: str, status: CardStatus = CardStatus.ACTIVE, expires_on: date | None = None) -> Card:
    member = MemberId(ord(letter))
    return Card(
        card_id=CardId(ord(letter)),
        member_id=member,
        owner=member,
        operator_id=f"m{letter}",
        last4=NUMBERS[letter][-4:],
        status=status,
        expires_on=expires_on,
    )


class Story:
    """A switch's heart: cards A, B, C (active), D (issued), E (blocked), F (lost), G (expired), H of A's."""

    def __init__(self, programme: Programme | None = None) -> None:
        self.store = MemoryStore()
        self.programmes = Programmes(((datetime.min.replace(tzinfo=UTC), programme or starter()),))
        self.now = NOON
        self.stan = 0
        self.asked: dict[str, Transaction] = {}
        self.approvals: dict[str, str] = {}  # DE 38 by name
        self.worksheet = Worksheet(self.store)
        self.pending: list[Outcome] = []
        statuses = {"D": CardStatus.ISSUED, "E": CardStatus.BLOCKED, "F": CardStatus.LOST}
        child = replace(new_card("H"), owner=MemberId(ord("A")))  # of A's family
        self.store.add(child, "CPAN", token_of(Identifier(IdentifierKind.CARD, NUMBERS["H"])))
        for letter in "ABCDEFG":
            expires_on = date(2026, 2, 28) if letter == "G" else None
            card = new_card(letter, statuses.get(letter, CardStatus.ACTIVE), expires_on)
            self.store.add(card, "CPAN", token_of(Identifier(IdentifierKind.CARD, NUMBERS[letter])))
            self.store.add(card, "PHON", token_of(Identifier(IdentifierKind.PHONE, f"34600{letter}")))
            self.store.add(card, "ACCT", token_of(Identifier(IdentifierKind.ACCOUNT, f"m{letter}")))

    def play(self, text: str) -> None:
        """Play each line and check what it says must come of it."""
        for line in text.strip().splitlines():
            words = line.split("#")[0].strip()
            if words == "batch":
                self.commit()
            elif words.startswith("give "):
                self._give(words.split()[1], dict(word.split("=") for word in words.split()[2:]))
            elif words:
                self._play_line(words)

    def commit(self) -> None:
        """What was decided is durable now."""
        for outcome in self.pending:
            self.store.fold(outcome)
        self.pending = []
        self.worksheet = Worksheet(self.store)

    def free_kept(self) -> int:
        """Do what the pulse does for holds that ended, and tell for how many something was kept."""
        ended = [
            int(str(side.values[0]))
            for outcomes in (self.store.outcomes.values(), self.pending)
            for each in outcomes
            for side in each.sides
            if side.table == "hold_step" and side.values[2]
        ]
        self.now += timedelta(seconds=1)
        moment = Moment(self.store.sequence.next(), self.now, self.now.date())
        command = FreeKept(ended, self.programmes, self.store.sequence)
        change = command.carry_out(Worksheet(self.store, self.worksheet), moment)
        for booked in change.outcomes:
            self.worksheet.apply(booked)
            self.pending.append(booked)
        assert change.result["freed"] == len(change.outcomes)
        return len(change.outcomes)

    def decide(self, transaction: Transaction) -> Outcome | Known:
        """Decide and let what follows see it."""
        moment = Moment(self.store.sequence.next(), self.now, self.now.date())
        case = Case(
            transaction,
            self.worksheet,
            self.programmes,
            moment,
            token_of,
            lambda _: {37: day_digits(moment.business_date) + base36(moment.seq), 39: "00"},
        )
        outcome = decide(case)
        if isinstance(outcome, Outcome) and outcome.record is not None:
            self.worksheet.apply(outcome)
            self.pending.append(outcome)
        return outcome

    def balance(self, letter: str) -> int:
        book = self.worksheet.book(MemberId(ord(letter)))
        return book.available(self.now.date()) - book.debt

    def sums(self) -> dict[str, int]:
        """Credits less debits of every account that was posted to, by name."""
        sums: dict[AccountId, int] = {}
        for outcome in (*self.store.outcomes.values(), *self.pending):
            for posting in outcome.postings:
                sums[posting.debit] = sums.get(posting.debit, 0) - posting.points
                sums[posting.credit] = sums.get(posting.credit, 0) + posting.points
        return {name_of(account): points for account, points in sums.items() if points}

    def _play_line(self, words: str) -> None:
        asked, _, expected = words.partition("->")
        name, _, rest = asked.rpartition(":")
        transaction = self.transaction(rest.split())
        if name.strip():
            self.asked[name.strip()] = transaction
        outcome = self.decide(transaction)
        if name.strip():
            self.approvals[name.strip()] = base36(self.store.seq)[2:]
        told = self._told(outcome)
        for word in expected.split():
            key, _, value = word.partition("=")
            assert str(told.get(key)) == value, f"{words}\n{key}: {told.get(key)}, not {value}\n{told}"

    def _give(self, letter: str, options: dict[str, str]) -> None:
        """Give a card a ``code=``, for ten minutes, or a ``pin=``."""
        kind, text = next((kind, options[kind.value]) for kind in ProofKind if kind.value in options)
        is_code = kind is ProofKind.CODE
        value = value_of_code(token_of, b"salt", text) if is_code else text.encode()
        life = timedelta(minutes=10) if is_code else None
        token = token_of(Identifier(IdentifierKind.CARD, NUMBERS[letter]))
        command = SetSecret(token, kind, Secret(value=value, salt=b"salt"), life)
        moment = Moment(0, self.now, self.now.date())
        for change in command.carry_out(self.worksheet, moment).card_changes:
            assert change.proof is not None
            self.store.secrets[change.card.card_id, kind] = change.proof.after

    def transaction(self, words: list[str]) -> Transaction:
        """The message of a line."""
        operation = words[0]
        options = dict(word.split("=", 1) for word in words[1:])
        self.now += timedelta(seconds=1, days=int(options.get("later", 0)))
        if "again" in options:
            earlier = self.asked[options["again"]]
            changes = {"amount": int(options["amount"])} if "amount" in options else {}
            return replace(
                earlier,
                is_advice=operation.endswith("*"),
                is_repeat=True,
                content=_content(options.get("content", "")) if changes else earlier.content,
                **changes,  # type: ignore[arg-type]  # the amount alone is ever changed
            )
        self.stan += 1
        return self._new(Operation(operation.rstrip("*")), operation.endswith("*"), options)

    def _new(self, operation: Operation, is_advice: bool, options: dict[str, str]) -> Transaction:  # noqa: FBT001  (private)
        stan = f"{int(options.get('stan', self.stan)):06}"
        terminal = Terminal(
            terminal_id=options.get("at", "T1"),
            merchant_id="M",
            acquirer_id="1",
            mcc="5411",
            partner=options.get("partner", ""),
        )
        key = TransactionKey(
            "1", terminal.terminal_id, CLASSES.get(operation, "2"), stan, f"{self.now:%Y%m%d%H%M%S}"
        )
        identifier = None
        if "card" in options:
            identifier = Identifier(IdentifierKind.CARD, NUMBERS[options["card"]])
        if "phone" in options:
            identifier = Identifier(IdentifierKind.PHONE, f"34600{options['phone']}")
        original = None
        if options.get("of") == "zeros":  # a DE 90 without a digit above 0
            original = OriginalReference()
        elif "of" in options:
            named = self.asked[options["of"]]
            original = OriginalReference(
                message_class=named.key.message_class, stan=named.key.stan, transmitted=named.transmitted
            )
        elif operation is Operation.REVERSAL:
            original = OriginalReference(own_stan=stan)
        lines = None
        if "lines" in options:  # product*amount/category, comma separated
            lines = tuple(_line(text) for text in options["lines"].split(","))
        return Transaction(
            operation=operation,
            key=key,
            is_advice=is_advice,
            is_repeat=False,
            terminal=terminal,
            received_at=self.now,
            as_of=self.now,
            transmitted=f"{self.now:%m%d%H%M%S}",
            content=_content(" ".join(f"{key}={value}" for key, value in sorted(options.items()))),
            amount=int(options["amount"]) if "amount" in options else None,
            in_points="unit" in options,
            final_amount=int(options["final"]) if "final" in options else None,
            identifier=identifier,
            destination=(
                Identifier(IdentifierKind.CARD, NUMBERS[options["to"]]) if "to" in options else None
            ),
            original=original,
            lines=lines,
            tenders=(Tender("PNTS", int(options["tender"])),) if "tender" in options else (),
            points=int(options["points"]) if "points" in options else None,
            coupons=(self.code(options["cert"]),) if "cert" in options else _codes(options),
            prize=options.get("prize"),
            ticket=options.get("ticket"),
            cashier=options.get("cashier", ""),
            can=options.get("can", ""),
            proof=_proof(options),
            held_for=_held_for(operation, options),
            approval=self.approvals[options["by"]] if "by" in options else None,
        )

    def code(self, name: str) -> str:
        """The code of the certificate that line *name* made; one that nobody made is its name."""
        asked = self.asked.get(name)
        return name if asked is None else code_for(asked.key.text, token_of)

    def _told(self, outcome: Outcome | Known) -> dict[str, object]:
        if isinstance(outcome, Known):
            return {"known": outcome.record.stan, "advice": outcome.as_advice}
        decision = outcome.decision
        if not isinstance(decision, Approved):
            kept = outcome.record is not None
            name = decision.name or decision.reason.name
            return {"reason": name, "kept": kept, "proof": _proved(outcome)}
        balance = decision.balance
        return {
            "earned": decision.earned,
            "used": decision.used,
            "value": decision.value_minor,
            "pay": decision.left_to_pay_minor,
            "off": decision.discount_minor,
            "lines": "+".join(f"{each.line}:{each.amount_minor}" for each in decision.discounts),
            "amount": decision.amount,
            "left": decision.certificate,
            "gets": ",".join(f"{each.kind}:{each.value}:{each.last_day}" for each in decision.instruments),
            "says": ",".join(decision.messages).replace(": ", ":").replace(" ", "_"),
            "partial": decision.partial,
            "refused": "+".join(f"{reason}:{code}" for reason, code in decision.coupons_refused),
            "redeemable": None if decision.redeemable is None else decision.redeemable[0],
            "balance": None if balance is None else balance.available - balance.debt,
            "pending": None if balance is None else balance.pending,
            "held": None if balance is None else balance.held,
            "until": None if decision.hold_until is None else f"{decision.hold_until:%d.%H:%M}",
            "tier": None if balance is None else balance.tier,
            "exception": None if outcome.record is None else outcome.record.exception,
            "kept": outcome.record is not None,
            "proof": _proved(outcome),
        }


def _proved(outcome: Outcome) -> str:
    """What became of codes and PINs: ``code:used``."""
    changes = [change.proof for change in outcome.card_changes if change.proof is not None]
    return "+".join(f"{change.kind.value}:{change.did}" for change in changes)


def _proof(options: dict[str, str]) -> Proof | None:
    """What ``code=`` and ``pin=`` show; a PIN is its own verification value, ``?`` cannot be read."""
    pin = options.get("pin")
    if pin is None and "code" not in options:
        return None
    return Proof(code=options.get("code"), pin_value="" if pin == "?" else pin)


def _held_for(operation: Operation, options: dict[str, str]) -> Operation | None:
    if "by" in options:  # DE 38 may name a hold of the same kind
        return operation
    if operation not in (Operation.HOLD, Operation.COMPLETE):
        return None
    return Operation.REDEEM if "pays" in options else Operation.EARN


def _content(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _codes(options: dict[str, str]) -> tuple[str, ...]:
    return tuple(options["coupon"].split(",")) if "coupon" in options else ()


def _line(text: str) -> BasketLine:
    product, _, rest = text.partition("*")
    amount, _, flags = rest.partition("/")
    return BasketLine(product, 1000, "U", int(amount), "", flags)


def play(text: str, programme: Programme | None = None) -> Story:
    """Play *text* as a story of its own; what ``told_twice`` says."""
    return told_twice(text, lambda: Story(programme))


def told_twice(text: str, new: Callable[[], S]) -> S:
    """Play *text* twice, with every line in a batch of its own and with one batch, and return the second."""
    alone = new()
    for line in text.strip().splitlines():
        alone.play(line)
        alone.commit()
    together = new()
    together.play(text)
    assert alone.sums() == together.sums()
    together.commit()
    return together
