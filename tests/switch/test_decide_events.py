"""Holds, certificates, corrections, sweeps and batches among everything else, beside a model of them."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from ledger.certificate import Certificate
from loyalty.card import Identifier, IdentifierKind, MemberId
from loyalty.decision import Approved, Reason
from loyalty.errors import LoyaltyError
from loyalty.totals import Claim
from loyalty.transaction import (
    Operation,
    OriginalReference,
    Reconciliation,
    Transaction,
    Upload,
    common_values,
)
from rules.parse import parse_programme
from switch.case import Moment
from switch.corrections import Adjust, CorrectionPolicy, LoadBudget, Warrant
from switch.lapsing import LapseCertificates
from switch.outcome import Known, Outcome
from switch.postings import Draft
from switch.sweep import Sweep
from switch.work import Change, Command
from tests.switch.naive import LIFE, Answer
from tests.switch.naive_events import NaiveEvents
from tests.switch.story import NUMBERS, starter_text, token_of
from tests.switch.test_decide_machine import AMOUNTS, OWNERS, PICKS, WISHES, Books

_CAMPAIGN = """[campaign]
id = "gift"
text = "Gift"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
budget_points = 100

[[rule]]
id = "gift"
text = "Gift"
lines = { product = "gift" }
then = { points = 1 }
"""
_TEXT = starter_text().replace('last = "2 years"', f'last = "{LIFE.days} days"') + (
    '\n[holds]\nkept = "1 days"\n[certificates]\nlast = "1 days"\n'
)
POLICY = CorrectionPolicy(checker_above=50, may_owe=True)
OWNER_IDS = [MemberId(ord(letter)) for letter in "AB"]


class Events(Books):
    """The heart of the switch, with its commands, and the naive model of all of it."""

    programme = parse_programme({"programme.toml": _TEXT, "campaigns/gift.toml": _CAMPAIGN})
    naive = NaiveEvents
    model: NaiveEvents

    # Holds

    @rule(owner=OWNERS, part=WISHES)
    def hold_points(self, owner: str, part: int) -> None:
        points = self.wished(owner, part)
        name, outcome = self.ask(f"HOLD card={owner} amount={points} pays=1")
        self.told_of(outcome, self.model.hold(name, owner, points, points, pays=True))

    @rule(owner=OWNERS, amount=AMOUNTS, part=WISHES)
    def hold_sale(self, owner: str, amount: int, part: int) -> None:
        points = min(self.wished(owner, part), amount)
        name, outcome = self.ask(f"HOLD card={owner} amount={amount} points={points}")
        self.told_of(outcome, self.model.hold(name, owner, amount, points, pays=False))

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICKS, part=st.integers(0, 110))
    def complete(self, pick: int, part: int) -> None:
        """In full, in part, above, not at all, a second time, or too late."""
        of = self.some_hold(pick)
        hold = self.model.holds[of]
        amount = hold.amount * part // 100
        pays = " pays=1" if hold.pays else ""
        name, outcome = self.ask(f"COMPLETE card={hold.owner} amount={amount} of={of}{pays}")
        expected = self.model.complete(name, of, amount)
        if expected is None and amount == 0:
            assert not outcome.record or not outcome.record.effective  # nothing is left to release
            return
        self.told_of(outcome, expected)
        if name in self.model.events:
            self.names.append(name)

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICKS)
    def release(self, pick: int) -> None:
        of = self.some_hold(pick)
        _, outcome = self.ask(f"REVERSAL of={of}")
        self.told_of(outcome, self.model.release(of), reversal=True)

    # Certificates

    @rule(owner=OWNERS, part=WISHES)
    def exchange(self, owner: str, part: int) -> None:
        points = self.wished(owner, part)
        name, outcome = self.ask(f"EXCHANGE card={owner} amount={points}")
        self.told_of(outcome, self.model.exchange(name, owner, points))

    @precondition(lambda self: self.model.certificates)
    @rule(owner=OWNERS, pick=PICKS, part=st.integers(1, 110))
    def pay_certificate(self, owner: str, pick: int, part: int) -> None:
        of = self.some(pick, self.model.certificates)
        amount = max(self.model.certificates[of].left * part // 100, 1)
        name, outcome = self.ask(f"PAY_CERTIFICATE card={owner} amount={amount} cert={of}")
        self.told_of(outcome, self.model.pay(name, owner, of, amount))

    @precondition(lambda self: self.undoable())
    @rule(pick=PICKS)
    def reverse_certificate(self, pick: int) -> None:
        """An exchange, as far as nobody used the certificate, or a payment with one."""
        of = self.some(pick, self.undoable())
        _, outcome = self.ask(f"REVERSAL of={of}")
        undo = self.model.unexchange if self.model.events[of].kind == "exchange" else self.model.unpay
        self.told_of(outcome, undo(of), reversal=True)

    # Batches

    @rule(owner=OWNERS, amount=AMOUNTS)
    def upload(self, owner: str, amount: int) -> None:
        """A sale that only the batch tells of; told again and sent at last, it is the same still."""
        line = self.story.transaction(f"EARN* card={owner} amount={amount}".split())
        self.count += 1
        name = f"m{self.count}"
        self.story.asked[name] = line
        outcome = self.ask_this(self.uploading(line))[1]
        self.model.tick(self.story.now)
        self.compare(name, outcome, self.model.sale(name, owner, amount))
        again = self.ask_this(self.uploading(line))[1]
        assert isinstance(again.decision, Approved)
        assert not again.postings
        assert isinstance(self.story.decide(replace(line, is_advice=False)), Known)

    @rule(short=st.integers(0, 1))
    def reconcile(self, short: int) -> None:
        batch = self.model.batch
        claim = Claim(
            debits=batch["debits"],
            debit_amount=batch["debit_amount"] - short,
            credits=batch["credits"],
            credit_amount=batch["credit_amount"],
        )
        asked = self.story.transaction(["RECONCILE"])
        _, outcome = self.ask_this(Reconciliation(**common_values(asked), claim=claim))
        if short:
            assert not isinstance(outcome.decision, Approved)
            assert outcome.decision.reason is Reason.OUT_OF_BALANCE
        else:
            assert isinstance(outcome.decision, Approved)
            batch.clear()

    # People and time

    @rule(owner=OWNERS, points=st.integers(-60, 60).filter(bool), checked=st.booleans())
    def adjust(self, owner: str, points: int, checked: bool) -> None:  # noqa: FBT001  (a rule's)
        token = token_of(Identifier(IdentifierKind.CARD, NUMBERS[owner]))
        command = Adjust(
            token=token,
            points=points,
            warrant=Warrant(reason="GOODWILL", by="Ana", checked_by="Berta" if checked else None),
            key=self.fresh_key(),
            programme=self.programme,
            policy=POLICY,
            sequence=self.story.store.sequence,
        )
        if abs(points) > POLICY.checker_above and not checked:
            self.refused(command)
            return
        self.order(command)
        self.model.tick(self.story.now)
        self.model.adjust(owner, points)

    @rule(points=st.integers(-40, 60).filter(bool))
    def load_budget(self, points: int) -> None:
        command = LoadBudget(
            campaign="gift",
            points=points,
            warrant=Warrant(reason="MORE", by="Ana", checked_by="Berta"),
            key=self.fresh_key(),
            programme=self.programme,
            policy=POLICY,
            sequence=self.story.store.sequence,
        )
        if self.model.loaded + points < 0:
            self.refused(command)
            return
        told = self.order(command).result
        self.model.loaded += points
        assert (told["loaded"], told["left"]) == (self.model.loaded, 100 + self.model.loaded)

    @rule()
    def sweep(self) -> None:
        """What is due is posted for everybody: nothing is due any more, and balances stay."""
        self.order(Sweep(OWNER_IDS, self.story.programmes, self.story.store.sequence))
        for owner in OWNER_IDS:
            assert not self.story.worksheet.book(owner).is_due(self.story.now.date(), self.story.now)

    @rule()
    def lapse(self) -> None:
        codes = [self.story.code(name) for name in self.model.certificates]
        told = self.order(LapseCertificates(codes, self.story.store.sequence, self.programme.version)).result
        self.model.tick(self.story.now)
        assert told["points"] == self.model.lapse()

    # What must hold

    @invariant()
    def both_agree(self) -> None:
        now = self.story.now
        self.model.tick(now)
        for letter, owner in zip("AB", OWNER_IDS, strict=True):
            book = Draft(1, self.story.worksheet.book(owner), now.date(), now).book
            assert book is not None
            assert book.available(now.date()) == self.model.available(letter)
            assert book.debt == self.model.debt.get(letter, 0)
            held = sum(
                hold.points for hold in self.model.holds.values() if hold.is_open and hold.owner == letter
            )
            assert book.held == held

    @invariant()
    def certificates_agree(self) -> None:
        for name, expected in self.model.certificates.items():
            found = self.story.worksheet.certificate(self.story.code(name))
            assert isinstance(found, Certificate)
            assert found.left == expected.left

    # Inside

    def ask_this(self, transaction: Transaction) -> tuple[str, Outcome]:
        asked = super().ask_this(transaction)
        self.model.tick(self.story.now)
        return asked

    def told_of(self, outcome: Outcome, expected: Answer | None, *, reversal: bool = False) -> None:
        """As ``compare``, of what the other rules do not undo."""
        self.compare(None, outcome, expected, reversal=reversal)

    def uploading(self, line: Transaction) -> Upload:
        self.story.stan += 1
        values = common_values(line) | {
            "operation": Operation.UPLOAD,
            "key": replace(line.key, stan=f"{self.story.stan:06}"),
            "original": OriginalReference(
                message_class="2", stan=line.key.stan, transmitted=line.transmitted
            ),
        }
        return Upload(**values, line=line)

    def order(self, command: Command) -> Change:
        moment = Moment(self.story.store.sequence.next(), self.story.now, self.story.now.date())
        change = command.carry_out(self.story.worksheet, moment)
        self.story.pending += change.outcomes
        return change

    def refused(self, command: Command) -> None:
        try:
            self.order(command)
        except LoyaltyError:
            return
        raise AssertionError("it was carried out")

    def fresh_key(self) -> str:
        self.count += 1
        return f"order {self.count}"

    def undoable(self) -> list[str]:
        return [name for name, event in self.model.events.items() if event.kind in ("exchange", "pay")]

    def some_hold(self, pick: int) -> str:
        """Mostly one that is open."""
        opened = [name for name, hold in self.model.holds.items() if hold.is_open]
        return self.some(pick // 2, opened if opened and pick % 4 else self.model.holds)

    @staticmethod
    def some(pick: int, names: Iterable[str]) -> str:
        found = list(names)
        return found[pick % len(found)]


TestEvents = Events.TestCase
TestEvents.settings = settings(max_examples=80, stateful_step_count=50)
