"""Judges what lives longer than one message: holds, certificates, batches of tills, and orders.

Like the auditor, whose part it is, it does its own sums, by the rules that tills are promised.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from ledger.account import AccountKind, account, kind_of
from simulator.private import read_tags
from simulator.world.books import Books, Decision, Held
from simulator.world.diary import Diary, Page
from simulator.world.office import Ordered

_DEBITS: Final = frozenset({"EARN", "REDEEM", "PAY_CERTIFICATE", "COMPLETE"})
_COMPLETIONS: Final = frozenset({"EARN", "REDEEM", "COMPLETE"})
_UNDOINGS: Final = frozenset({"VOID", "REVERSAL"})
_FORCED: Final = frozenset({"HOLD_OVER", "NOT_SUFFICIENT_POINTS"})  # what stands behind the end of a hold
_REVERSED: Final = "ALREADY_REVERSED"

Batch = tuple[int, int, int, int]  # number and amount of debits less their reversals, and of credits


def objections(diary: Diary, books: Books, ordered: Sequence[Ordered]) -> Iterator[str]:
    """What the books hold otherwise than they must."""
    yield from _holds(books)
    yield from _certificates(diary, books)
    yield from _batches(diary, books)
    yield from _orders(books, ordered)
    yield from _shapes(books)


def _holds(books: Books) -> Iterator[str]:
    """Each is resolved once, by one completion or by a release; what is reserved is what is open."""
    completions: dict[int, list[Decision]] = defaultdict(list)
    for decision in books.decisions:
        of_a_hold = decision.original in books.holds and decision.operation in _COMPLETIONS
        if of_a_hold and decision.is_approved and decision.is_effective:
            completions[decision.original or 0].append(decision)
    reserved = 0
    for hold in books.holds.values():
        ended = [step.seq for step in hold.steps if step.ended]
        own = completions[hold.seq]
        late = [decision.seq for decision in own if ended and decision.seq > ended[0]]
        completed = [decision.seq for decision in own if decision.seq not in late]
        if len(ended) > 1:
            yield f"hold {hold.seq}: was resolved by {ended}"
        if len(completed) + len(late) > 1:
            yield f"hold {hold.seq}: was completed by {completed}, and behind its end by {late}"
        if ended and completed and ended != completed:
            yield f"hold {hold.seq}: was completed by {completed} and released by {ended}"
        yield from _late(hold, [decision for decision in own if decision.seq in late])
        left = hold.points - sum(step.points for step in hold.steps)
        if left < 0 or (ended and left):
            yield f"hold {hold.seq}: {left} points of it are left"
        reserved += left
    if sum(decision.held for decision in books.decisions) != reserved:
        yield f"{reserved} points are reserved, and the accounts have others"


def _late(hold: Held, completions: Sequence[Decision]) -> Iterator[str]:
    """What is told behind the end of a hold stands, for somebody to look at, unless it took nothing."""
    for decision in completions:
        if decision.amount and decision.exception not in _FORCED:
            yield f"hold {hold.seq}: was completed by {decision.seq} behind its end, and nobody is told"


def _certificates(diary: Diary, books: Books) -> Iterator[str]:
    """What was printed is there and was made once; nobody pays more with it than it was worth."""
    printed: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    undone = {decision.key: decision.undone for decision in books.decisions}
    for key, page in diary.pages.items():
        answer = next((answer for _, answer in page.final if answer.is_approved), None)
        if answer is None:
            continue
        code = (answer.tag("058") or "")[24:]
        if code:
            printed[code] += 1
            if code not in books.certificates or books.certificates[code][1] != answer.value_minor:
                yield f"the certificate of {key.terminal_id} stan {key.stan} is in the books otherwise"
        if page.sent[0].get("3", "")[:2] == "00" and page.sent[0].get("3", "")[2:4] == "60":
            with_code = _tag(page, "021")
            paid[with_code] += 0 if undone[key] else answer.value_minor or 0
    for code, times in printed.items():
        if times > 1:
            yield f"a certificate was printed {times} times"
        if paid[code] > books.certificates[code][1]:
            yield f"a certificate of {books.certificates[code][1]} paid {paid[code]}"
    left = sum(left for left, _ in books.certificates.values())
    if left != sum(decision.exchanged for decision in books.decisions):
        yield f"{left} points are left of certificates, and their account has others"


def _batches(diary: Diary, books: Books) -> Iterator[str]:
    """A till is told 00 if its totals are those of what stands in the books, and 95 if they are not."""
    by_seq = {decision.seq: decision for decision in books.decisions}
    finals = {
        decision.seq: int(diary.pages[decision.key].sent[0].get("95", "0")[:12])
        for decision in books.decisions
        if decision.key in diary.pages and decision.operation in _UNDOINGS
    }
    batches: dict[str, Counter[int]] = defaultdict(Counter)
    for decision in books.decisions:
        batch = batches[decision.key.terminal_id]
        if decision.operation == "RECONCILE":
            ours = batch[0], batch[1], batch[2], batch[3]
            agrees = _claimed(diary.pages[decision.key]) == ours
            if decision.is_approved != agrees:
                name = f"{decision.key.terminal_id} stan {decision.key.stan}"
                yield f"{name}: its batch was {decision.reason or 'accepted'}, and the books have {ours}"
            if agrees:
                batch.clear()
        else:
            place, sign, amount_minor = _counted(decision, by_seq, finals)
            batch[place] += sign
            batch[place + 1] += sign * amount_minor


def _counted(decision: Decision, by_seq: dict[int, Decision], finals: dict[int, int]) -> tuple[int, int, int]:
    """Where in a batch *decision* counts, whether as one more, one less or not at all, and its amount."""
    if not decision.is_approved or decision.exception == _REVERSED:
        return 0, 0, 0
    if decision.operation in _UNDOINGS:
        original = by_seq.get(decision.original or 0)
        if original is None:
            return 0, 0, 0
        place, sign, amount_minor = _counted(original, by_seq, finals)
        return place, -sign, amount_minor - finals[decision.seq]
    amount_minor = decision.covered if decision.is_effective else decision.amount
    if decision.operation == "REFUND":
        return 2, 1, amount_minor
    return 0, int(decision.operation in _DEBITS and amount_minor > 0), amount_minor


def _claimed(page: Page) -> Batch:
    sent = page.sent[0]
    totals = {element: int(sent[element]) for element in ("74", "75", "76", "77", "86", "87", "88", "89")}
    return (
        totals["76"] - totals["77"],
        totals["88"] - totals["89"],
        totals["74"] - totals["75"],
        totals["86"] - totals["87"],
    )


def _orders(books: Books, ordered: Sequence[Ordered]) -> Iterator[str]:
    """What somebody was told is carried out is in the books once; what was refused is not."""
    booked: dict[str, list[Decision]] = defaultdict(list)
    for decision in books.decisions:
        if decision.order is not None:
            booked[decision.order].append(decision)
    for order in ordered:
        found = booked[order.key]
        if order.must_fail and order.refusal is None:
            yield f"{order.key}: nobody checked it, and it was carried out"
        if len(found) != (order.told is not None):
            told = order.told or order.refusal
            yield f"{order.key}: was told {told}, and stands {len(found)} times in the books"
        moved = [decision.adjusted if order.name == "adjust" else decision.loaded for decision in found]
        if any(points != order.points for points in moved):
            yield f"{order.key}: {order.points} points were ordered, and {moved} moved"


def _shapes(books: Books) -> Iterator[str]:
    """What leaves one member comes to another, and nothing moves within one kind of account."""
    transit = account(AccountKind.TRANSIT)
    for decision in books.decisions:
        passing = sum(
            moved.points * ((moved.credit == transit) - (moved.debit == transit))
            for moved in decision.postings
        )
        if passing:
            yield f"decision {decision.seq}: a transfer has one side only"
        if any(kind_of(moved.debit) is kind_of(moved.credit) for moved in decision.postings):
            yield f"decision {decision.seq}: points moved within one kind of account"


def _tag(page: Page, number: str) -> str:
    return next((value for tag, value in read_tags(page.sent[0].get("48", "")) if tag == number), "")
