"""Every event of the books in every order, beside a model in plain arithmetic: both must always agree.

Batches are committed or lost at any moment; what was lost is forgotten by both.
"""

import copy
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.lots import LotBalance
from loyalty.card import MemberId
from loyalty.decision import Approved, Reason
from loyalty.transaction import Transaction
from rules.parse import parse_programme
from switch.outcome import Known, Outcome
from switch.worksheet import Worksheet
from tests.switch.naive import LIFE, Answer, Naive
from tests.switch.story import Story, starter_text
from tests.switch.test_decide_properties import check_books

DUE = {
    "EXPIRE",
    "LAPSE",
    "MATURE",
    "RELEASE_EXPIRED",
}  # what any entry of a member begins with, when it is due
OWNERS = st.sampled_from("AB")
AMOUNTS = st.one_of(st.integers(1, 500), st.integers(100, 20_000))
PICKS = st.integers(0, 1_000)
PARTS = st.integers(1, 100)  # hundredths
WISHES = st.integers(1, 110)  # hundredths of what there is, sometimes more
PROGRAMME = parse_programme(
    {"programme.toml": starter_text().replace('last = "2 years"', f'last = "{LIFE.days} days"')}
)
PATIENT = parse_programme(
    {
        "programme.toml": starter_text()
        .replace('last = "2 years"', f'last = "{LIFE.days} days"')
        .replace('available_after = "0 days"', 'available_after = "1 days"')
    }
)


class Books(RuleBasedStateMachine):
    """The heart of the switch and the naive model, asked the same."""

    programme = PROGRAMME
    naive: type[Naive] = Naive

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(self.programme)
        self.model = self.naive()
        self.durable = copy.deepcopy(self.model)
        self.names: list[str] = []  # of what was approved and may be undone
        self.durable_names: list[str] = []
        self.told: dict[str, Outcome] = {}
        self.count = 0

    @initialize(first=AMOUNTS, second=AMOUNTS)
    def begin(self, first: int, second: int) -> None:
        """Both have some points, of different ages."""
        self.sale("A", 5000 + first)
        self.later(1)
        self.sale("B", 5000 + second)
        self.sale("A", 2000 + second)

    def teardown(self) -> None:
        """What is left has its age still: it is gone when its days are over, and debt is not."""
        for _ in range(LIFE.days + 1):
            self.later(1)
            self.both_agree()

    # What terminals ask

    @rule(owner=OWNERS, amount=AMOUNTS)
    def sale(self, owner: str, amount: int) -> None:
        name, outcome = self.ask(f"EARN card={owner} amount={amount}")
        self.compare(name, outcome, self.model.sale(name, owner, amount))

    @rule(owner=OWNERS, amount=AMOUNTS)
    def advice(self, owner: str, amount: int) -> None:
        name, outcome = self.ask(f"EARN* card={owner} amount={amount}")
        self.compare(name, outcome, self.model.sale(name, owner, amount))

    @rule(owner=OWNERS, amount=AMOUNTS, part=WISHES)
    def sale_paid_in_part(self, owner: str, amount: int, part: int) -> None:
        points = min(self.wished(owner, part), amount)
        name, outcome = self.ask(f"EARN card={owner} amount={amount} points={points}")
        self.compare(name, outcome, self.model.sale(name, owner, amount, points))

    @rule(owner=OWNERS, part=WISHES)
    def redeem(self, owner: str, part: int) -> None:
        points = self.wished(owner, part)
        name, outcome = self.ask(f"REDEEM card={owner} amount={points}")
        self.compare(name, outcome, self.model.redeem(name, owner, points))

    @rule(owner=OWNERS, part=WISHES)
    def transfer(self, owner: str, part: int) -> None:
        points = self.wished(owner, part)
        to = "A" if owner == "B" else "B"
        _, outcome = self.ask(f"TRANSFER card={owner} to={to} amount={points}")
        self.compare(None, outcome, self.model.transfer(owner, to, points))

    @precondition(lambda self: self.of_kind("sale"))
    @rule(pick=PICKS, part=PARTS)
    def refund(self, pick: int, part: int) -> None:
        sale = self.picked(pick, "sale")
        event = self.model.events[sale]
        amount = -(-event.amount * part // 100)
        name, outcome = self.ask(f"REFUND card={event.owner} amount={amount} of={sale}")
        self.compare(name, outcome, self.model.refund(name, sale, amount))

    @precondition(lambda self: self.of_kind("sale", "redeem"))
    @rule(pick=PICKS)
    def void(self, pick: int) -> None:
        undone = self.picked(pick, "sale", "redeem")
        _, outcome = self.ask(f"VOID of={undone}")
        self.compare(None, outcome, self.model.void(undone))

    @precondition(lambda self: self.names)
    @rule(pick=PICKS)
    def reverse(self, pick: int) -> None:
        undone = self.picked(pick, "sale", "redeem", "refund")
        _, outcome = self.ask(f"REVERSAL of={undone}")
        self.compare(None, outcome, self.model.reverse(undone), reversal=True)

    @precondition(lambda self: self.of_kind("sale", "redeem"))
    @rule(pick=PICKS, part=st.integers(1, 110))
    def reverse_in_part(self, pick: int, part: int) -> None:
        undone = self.picked(pick, "sale", "redeem")
        amount = self.model.events[undone].amount
        final = max(amount * part // 100, 1)
        _, outcome = self.ask(f"REVERSAL* of={undone} final={final}")
        self.compare(None, outcome, self.model.reverse_to(undone, final), reversal=True)

    @rule(owner=OWNERS, amount=AMOUNTS, is_advice=st.booleans())
    def reversed_before(self, owner: str, amount: int, is_advice: bool) -> None:  # noqa: FBT001  (a rule's)
        """A reversal that overtakes its original: neither of them moves anything."""
        kind = "EARN*" if is_advice else "EARN"
        late = self.story.transaction(f"{kind} card={owner} amount={amount}".split())
        self.count += 1
        self.story.asked[f"m{self.count}"] = late
        _, outcome = self.ask(f"REVERSAL of=m{self.count}")
        self.compare(None, outcome, None, reversal=True)
        told = self.story.decide(late)
        assert isinstance(told, Outcome)
        assert isinstance(told.decision, Approved) is is_advice
        assert not told.postings

    @precondition(lambda self: self.told)
    @rule(pick=PICKS)
    def repeat(self, pick: int) -> None:
        """The same again is answered from memory."""
        name = list(self.told)[pick % len(self.told)]
        mti = self.story.asked[name].operation.value
        again = self.story.decide(self.story.transaction([mti, f"again={name}"]))
        record = self.told[name].record
        assert isinstance(again, Known)
        assert record is not None
        assert (again.record.seq, again.record.answer) == (record.seq, record.answer)

    @precondition(lambda self: self.told)
    @rule(pick=PICKS)
    def conflict(self, pick: int) -> None:
        """The same key with another content moves nothing and is not remembered."""
        name = list(self.told)[pick % len(self.told)]
        mti = self.story.asked[name].operation.value
        told = self.story.decide(
            self.story.transaction([mti, f"again={name}", "amount=77777", "content=other"])
        )
        assert isinstance(told, Outcome)
        assert not isinstance(told.decision, Approved)
        assert told.decision.reason is Reason.KEY_CONFLICT
        assert told.record is None

    # What befalls

    @rule(days=st.integers(1, LIFE.days))
    def later(self, days: int) -> None:
        self.story.now += timedelta(days=days)

    @rule()
    def commit(self) -> None:
        self.story.commit()
        self.durable = copy.deepcopy(self.model)
        self.durable_names = list(self.names)

    @rule()
    def lose(self) -> None:
        """The batch could not be written: nothing of it ever was."""
        self.story.pending = []
        self.story.worksheet = Worksheet(self.story.store)
        self.model = copy.deepcopy(self.durable)
        self.names = list(self.durable_names)
        known = {outcome.record.seq for outcome in self.story.store.outcomes.values() if outcome.record}
        self.told = {
            name: told for name, told in self.told.items() if told.record and told.record.seq in known
        }

    # What must hold

    @invariant()
    def both_agree(self) -> None:
        today = self.model.today = self.story.now.date()
        for letter in "AB":
            book = self.story.worksheet.book(MemberId(ord(letter)))
            matured = [lot for lot in book.pending if lot.available_from <= today <= lot.expires_on]
            assert book.available(today) + points_in(matured) == self.model.available(letter)
            assert points_in(lot for lot in book.pending if lot.available_from > today) == self.model.waiting(
                letter
            )
            assert book.debt == self.model.debt.get(letter, 0)

    @invariant()
    def the_books_are_whole(self) -> None:
        check_books(self.story)

    # Inside

    def ask(self, line: str) -> tuple[str, Outcome]:
        self.model.today = self.story.now.date()
        return self.ask_this(self.story.transaction(line.split()))

    def ask_this(self, transaction: Transaction) -> tuple[str, Outcome]:
        self.count += 1
        name = f"m{self.count}"
        self.story.asked[name] = transaction
        outcome = self.story.decide(transaction)
        assert isinstance(outcome, Outcome)
        if outcome.record is not None:
            self.told[name] = outcome
        return name, outcome

    def compare(
        self, name: str | None, outcome: Outcome, expected: Answer | None, *, reversal: bool = False
    ) -> None:
        decision = outcome.decision
        if expected is None:
            assert {posting.reason.name for posting in outcome.postings} <= DUE
            if not reversal:
                assert not isinstance(decision, Approved)
            return
        assert isinstance(decision, Approved)
        assert ((decision.earned or 0), (decision.used or 0)) == (expected.earned, expected.used)
        if name is not None:
            self.names.append(name)

    def wished(self, owner: str, part: int) -> int:
        """Points that *owner* would spend: *part* hundredths of what he has, at least one."""
        self.model.today = self.story.now.date()
        return max(self.model.balance(owner) * part // 100, 1)

    def of_kind(self, *kinds: str) -> list[str]:
        return [name for name in self.names if self.model.events[name].kind in kinds]

    def picked(self, pick: int, *kinds: str) -> str:
        found = self.of_kind(*kinds)
        return found[pick % len(found)]


class Patience(Naive):
    """The model where earned points wait for a day."""

    wait = timedelta(days=1)


class PatientBooks(Books):
    """The same where earned points are pending first."""

    programme = PATIENT
    naive = Patience


def points_in(lots: Iterable[LotBalance]) -> int:
    return sum(lot.points for lot in lots)


TestPatientBooks = PatientBooks.TestCase
TestPatientBooks.settings = settings(max_examples=25, stateful_step_count=40)
TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=40)
