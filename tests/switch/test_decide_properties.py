"""Whatever terminals ask in whatever order: points are neither made nor lost, and a repeat moves none."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.account import AccountKind, account, kind_of
from ledger.certificate import Certificate
from loyalty.card import MemberId
from loyalty.decision import Approved
from loyalty.transaction import Operation, Transaction
from rules.parse import MAIN, parse_programme
from switch.certificates import codes_of
from switch.outcome import Known, Outcome, Record, completes
from tests.switch.story import Story, starter_text
from tests.switch.test_decide_coalition import PARTNERS

COALITION = parse_programme({MAIN: starter_text() + PARTNERS})
CARDS = st.sampled_from("ABC")
AMOUNTS = st.integers(1, 3000)
OPTIONAL_AMOUNTS = st.one_of(st.none(), st.integers(0, 3000))


@st.composite
def lines_of_points(draw: st.DrawFn) -> str:
    """One line of a story; an original is named by how many lines it is back, whatever stands there."""
    kind = draw(st.sampled_from("EEEEERRQFFVXXXATTCPP"))
    advice = "*" if draw(st.integers(0, 4)) == 0 else ""
    card, amount = draw(CARDS), draw(AMOUNTS)
    of = f"back={draw(st.integers(1, 4))}"
    ticket = f" ticket={draw(st.integers(1, 2))}" if draw(st.booleans()) else ""
    can = " can=P" if draw(st.booleans()) else ""
    can += draw(st.sampled_from(("", "", " partner=FUEL", " partner=SHOES")))
    match kind:
        case "E":
            paid = f" points={draw(AMOUNTS) // 20}" if draw(st.integers(0, 3)) == 0 else ""
            return f"EARN{advice} card={card} amount={amount * 40}{paid}{ticket}{can}"
        case "R":
            return f"REDEEM{advice} card={card} amount={amount // 10 + 1}{ticket}{can}"
        case "T":
            return f"TRANSFER card={card} to={draw(CARDS)} amount={amount // 10 + 1}"
        case "C":
            return f"EXCHANGE card={card} amount={amount // 10 + 1}"
        case "P":
            cert = f"cert=back{draw(st.integers(1, 4))}"
            return f"PAY_CERTIFICATE card={card} amount={amount // 20 + 1} {cert}{ticket}{can}"
        case "Q":
            return f"QUOTE card={card} amount={amount}"
        case "F":
            named = of if draw(st.integers(0, 3)) else ""
            card = card if draw(st.integers(0, 3)) or not named else ""
            by = f" card={card}" if card else ""
            return f"REFUND{advice}{by} amount={amount * 5} {named}{can}"
        case "V":
            return f"VOID {of}"
        case "X":
            final = draw(OPTIONAL_AMOUNTS)
            part = f" final={final * 20}" if final else ""
            return f"REVERSAL{advice} card={card} {of}{part}"
        case _:
            return f"ACTIVATE card={draw(st.sampled_from('AD'))}"


@st.composite
def lines_of_holds(draw: st.DrawFn) -> str:
    """A hold of points or of a sale, or a completion of whatever stands some lines back."""
    card, amount = draw(CARDS), draw(st.integers(0, 300))
    ticket = f" ticket={draw(st.integers(1, 2))}" if draw(st.booleans()) else ""
    pays = " pays=1" if draw(st.booleans()) else ""
    if draw(st.booleans()):
        paid = "" if pays else f" points={draw(st.integers(0, 150))}"
        later = f" later={draw(st.sampled_from([0, 0, 0, 8]))}"
        can = " can=P" if draw(st.booleans()) else ""
        return f"HOLD card={card} amount={amount + 1}{pays}{paid}{ticket}{can}{later}"
    advice = "*" if draw(st.booleans()) else ""
    named = f" card={card}" if draw(st.booleans()) else ""
    return f"COMPLETE{advice}{named} amount={amount} back={draw(st.integers(1, 4))}{pays}{ticket}"


def lines() -> st.SearchStrategy[str]:
    """One line of any kind."""
    return st.one_of(lines_of_points(), lines_of_points(), lines_of_holds())


def ask(story: Story, number: int, line: str) -> tuple[Transaction, Outcome | Known]:
    """Ask one line; its message can be named ``n<number>`` from then on."""
    words = [_named(story, number, word) for word in line.split()]
    transaction = story.transaction(words)
    story.asked[f"n{number}"] = transaction
    return transaction, story.decide(transaction)


def _named(story: Story, number: int, word: str) -> str:
    """*word* with ``back=2`` made the name of the line that is two back, or of the first."""
    for mark, key in (("back=", "of"), ("cert=back", "cert")):
        if word.startswith(mark) and story.asked:
            return f"{key}=n{max(number - int(word.removeprefix(mark)), 0)}"
    return word


def check_books(story: Story) -> None:
    """What must hold of the books whatever happened."""
    sums: dict[int, int] = {}
    lots: dict[int, int] = {}
    sizes = {lot.lot: lot.points for outcome in _all(story) for lot in outcome.lots}
    for outcome in _all(story):
        for posting in outcome.postings:
            sums[posting.debit] = sums.get(posting.debit, 0) - posting.points
            sums[posting.credit] = sums.get(posting.credit, 0) + posting.points
            for side, sign in ((posting.debit, -1), (posting.credit, 1)):
                if kind_of(side) in (AccountKind.AVAILABLE, AccountKind.HELD):
                    lots[posting.lot] = lots.get(posting.lot, 0) + sign * posting.points
        assert all(0 <= lots[lot] <= sizes[lot] for lot in lots)
    assert sum(sums.values()) == 0
    assert not sums.get(account(AccountKind.TRANSIT))
    left = [certificate.left for certificate in _certificates(story)]
    assert sum(left) == sums.get(account(AccountKind.CERTIFICATES), 0)
    for record in _records(story):
        if record.operation in ("EARN", "REDEEM", "TRANSFER", "EXCHANGE", "PAY_CERTIFICATE"):
            assert 0 <= record.clawed <= record.earned
            assert 0 <= record.returned <= record.used
            assert 0 <= record.returned_minor <= record.value_minor
            assert 0 <= record.refunded_minor <= record.covered_minor
        assert record.undone in (0, 1)
    for letter in "ABCD":
        book = story.worksheet.book(MemberId(ord(letter)))
        assert sum(lot.points for lot in book.lots) == sums.get(account(AccountKind.AVAILABLE, book.owner), 0)
        assert book.held == sums.get(account(AccountKind.HELD, book.owner), 0)
        assert book.debt == -sums.get(account(AccountKind.DEBT, book.owner), 0)
        assert book.debt >= 0
        assert list(book.lots) == sorted(book.lots, key=lambda lot: (lot.expires_on, lot.lot))


def _certificates(story: Story) -> list[Certificate]:
    """Every certificate as it stands now."""
    codes = [code for outcome in _all(story) for code in codes_of(outcome.sides)]
    return [found for code in set(codes) if (found := story.worksheet.certificate(code)) is not None]


def _records(story: Story) -> list[Record]:
    """Every decision as it stands now."""
    kept = [outcome.record for outcome in _all(story) if outcome.record is not None]
    return [now for record in kept if (now := story.worksheet.by_seq(record.seq)) is not None]


def _all(story: Story) -> list[Outcome]:
    return [*story.store.outcomes.values(), *story.pending]


@settings(max_examples=150)
@given(asked=st.lists(lines(), min_size=4, max_size=30), cuts=st.sets(st.integers(0, 29)))
def test_points_are_neither_made_nor_lost(asked: list[str], cuts: set[int]) -> None:
    """The books balance after every message, no account passes its floor, no lot its size."""
    story = Story(COALITION)
    for number, line in enumerate(asked):
        before = {letter: _wealth(story, letter) for letter in "ABCD"}
        _, outcome = ask(story, number, line)
        assert isinstance(outcome, Outcome)
        check_books(story)
        _check_answer(story, outcome, before)
        if number in cuts:
            story.commit()


def _check_answer(story: Story, outcome: Outcome, before: Mapping[str, int]) -> None:
    """A decline moves nothing; an approval tells what it moved."""
    decision, record = outcome.decision, outcome.record
    if not isinstance(decision, Approved):
        assert not outcome.postings
        return
    if record is None or record.owner is None:
        return
    # Of all, because whoever paid for the ticket with points gets them back.
    moved = sum(_wealth(story, letter) - before[letter] for letter in "ABCD")
    told = (decision.earned or 0) + _sign(record.operation) * (decision.used or 0)
    if record.original is None or record.operation == Operation.REFUND.value or completes(record):
        assert moved == told, (outcome, before)


def _wealth(story: Story, letter: str) -> int:
    """What a member has, held or not, less what he owes."""
    book = story.worksheet.book(MemberId(ord(letter)))
    return sum(lot.points for lot in book.lots) + book.held - book.debt


def _sign(operation: str) -> int:
    if operation in (Operation.TRANSFER.value, Operation.HOLD.value):
        return 0  # they stay with somebody
    spending = (Operation.EARN.value, Operation.REDEEM.value, Operation.EXCHANGE.value)
    return -1 if operation in spending else 1


@settings(max_examples=75)
@given(asked=st.lists(lines(), max_size=20), cuts=st.sets(st.integers(0, 19)))
def test_batches_do_not_show(asked: list[str], cuts: set[int]) -> None:
    """However the same messages fall into batches, they are answered alike and the books are the same."""
    alone, together = Story(COALITION), Story(COALITION)
    for number, line in enumerate(asked):
        _, first = ask(alone, number, line)
        alone.commit()
        _, second = ask(together, number, line)
        if number in cuts:
            together.commit()
        assert first == second
    assert alone.sums() == together.sums()


@settings(max_examples=75)
@given(asked=st.lists(lines(), max_size=15))
def test_a_repeat_is_answered_from_memory(asked: list[str]) -> None:
    """Every remembered message again: nothing is booked, and the answer is that of the first time."""
    story = Story(COALITION)
    told = [ask(story, number, line) for number, line in enumerate(asked)]
    sums = story.sums()
    for transaction, first in told:
        again = story.decide(replace(transaction, is_repeat=True))
        if isinstance(first, Outcome) and first.record is not None:
            assert isinstance(again, Known)
            assert again.record.seq == first.record.seq
            assert again.record.answer == first.record.answer
    assert story.sums() == sums


@settings(max_examples=75)
@given(asked=st.lists(lines(), max_size=12))
@example(asked=["REFUND* card=A amount=100", "VOID back=1"])  # a refund that named no sale
@example(
    asked=["EARN* card=A amount=40", "EARN* card=A amount=40 points=1", "REFUND* amount=5 back=1"]
)  # points that suspense had paid went to the member's debt
def test_reversing_everything_leaves_nothing(asked: list[str]) -> None:
    """Reversed in the opposite order, whatever was done: every member has what he had before, nothing."""
    story = Story(COALITION)
    count = len(asked)
    for number, line in enumerate(asked):
        ask(story, number, "INQUIRY card=A" if line.startswith("REVERSAL") else line)
    for number in reversed(range(count)):
        if story.asked[f"n{number}"].operation in (Operation.QUOTE, Operation.INQUIRY):
            continue
        story.now = story.now.replace(microsecond=0)
        ask(story, count + number, f"REVERSAL of=n{number}")
        check_books(story)
    assert not story.sums()
