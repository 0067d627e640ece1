"""Judges the books in the end, from what tills and people sent and were told and from nothing else.

It reads the tables with statements of its own and does its own sums: it shares no arithmetic with the switch.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from simulator.message import Answer
from simulator.world import accounts
from simulator.world.books import Books, Decision
from simulator.world.diary import TRANSIENT, Diary, Key, Page
from simulator.world.ground import GIFT, GIFT_POINTS
from simulator.world.office import Ordered

_ASKING: Final = frozenset({"30", "31", "38"})  # DE 3 of what is answered and not remembered
_NO_AMOUNT: Final = "AMOUNT_NOT_ALLOWED"  # refused before anybody asks whether the message is known
_UPLOADED: Final = "UPLOADED"  # an exception that is none for whoever bought
_TO_ADVICE: Final = "3"  # third digit of the answer's type
_DECADE: Final = 2020
_POINT_PER_MINOR: Final = 100  # the starter: one point for each full 1.00, and a point pays 0.01


def objections(diary: Diary, books: Books, ordered: Sequence[Ordered]) -> Iterator[str]:
    """What the books hold otherwise than they must, the first thing first."""
    yield from _what_was_told(diary, books)
    yield from _what_was_decided(diary, books)
    yield from _what_was_reversed(diary, books)
    yield from books.below_floor()
    yield from accounts.objections(diary, books, ordered)


def _what_was_told(diary: Diary, books: Books) -> Iterator[str]:
    """Every final answer is that of one decision, and always in the same bytes."""
    decided = {
        key: decision
        for decision in books.decisions
        if decision.order is None
        for key in (decision.key, decision.told_as)
    }
    owner_of = {
        page.sent[0].get("2"): decided[key].owner
        for key, page in diary.pages.items()
        if key in decided and "2" in page.sent[0]
    }
    for key, page in diary.pages.items():
        told: dict[str, bytes] = {}
        for body, answer in page.final:
            if _is_remembered(page, answer):
                mti = answer.elements["t"]
                if body != told.setdefault(mti, body):
                    yield f"{_named(key)}: the same message was answered in other bytes"
                yield from _one_answer(key, page, answer, decided.get(key), books)
            else:
                owner = owner_of.get(page.sent[0].get("2"))
                yield from _told_balance(key, answer, owner, books, is_asked=True)


def _one_answer(
    key: Key, page: Page, answer: Answer, decision: Decision | None, books: Books
) -> Iterator[str]:
    if decision is None or decision.rrn != answer.rrn:
        if answer.is_approved or decision is not None:
            there = "nothing" if decision is None else decision.rrn
            yield f"{_named(key)}: was told {answer.code} as {answer.rrn}, and the books have {there}"
        return
    if not decision.is_approved and answer.elements["t"][2] == _TO_ADVICE:
        return  # a request that was declined is accepted as an advice, without effect
    if decision.is_approved != answer.is_approved:
        yield f"{_named(key)}: was told {answer.code}, and the books say {decision.reason or 'approved'}"
    if not answer.is_approved:
        return
    if answer.earned is not None and answer.earned != decision.issued:
        yield f"{_named(key)}: was told {answer.earned} points earned, and {decision.issued} were issued"
    moved = _moved(decision)
    if moved is not None and (answer.used or 0) != moved:
        yield f"{_named(key)}: was told {answer.used} points used, and {moved} moved"
    yield from _arithmetic(key, page, answer, decision)
    # A certificate is spent without a look at the member's points, and so without posting what is over.
    is_asked = decision.operation == "PAY_CERTIFICATE"
    yield from _told_balance(key, answer, decision.owner, books, is_asked=is_asked)


def _moved(decision: Decision) -> int | None:
    """Points that 051 tells; ``None`` where that depends on more than the decision."""
    match decision.operation:
        case "EARN" | "REDEEM":
            return decision.redeemed
        case "TRANSFER":
            return decision.moved
        case "HOLD":
            return decision.reserved
        case "EXCHANGE":
            return decision.exchanged
        case _:
            return None


def _arithmetic(key: Key, page: Page, answer: Answer, decision: Decision) -> Iterator[str]:
    """What the starter's programme gives for an amount."""
    sent = page.sent[0]
    amount_minor, used = int(sent.get("4", "0")), answer.used or 0
    if decision.operation == "EARN" and decision.is_effective:
        paid_minor = amount_minor - (answer.value_minor or 0)
        if answer.left_to_pay_minor != paid_minor:
            yield f"{_named(key)}: {answer.left_to_pay_minor} left to pay of {amount_minor}"
        if used != (answer.value_minor or 0):
            yield f"{_named(key)}: {used} points paid {answer.value_minor}"
        base = paid_minor // _POINT_PER_MINOR
        gift = min(sent.get("63", "").count(GIFT), 1) * GIFT_POINTS
        is_plain = decision.ticket is None and decision.exception in (None, _UPLOADED)
        if is_plain and not base <= (answer.earned or 0) <= base + gift:
            yield f"{_named(key)}: {answer.earned} points for {paid_minor}"
    if decision.operation == "REDEEM" and decision.is_effective and used != (answer.value_minor or 0):
        yield f"{_named(key)}: {used} points paid {answer.value_minor}"
    if decision.operation == "REDEEM" and decision.exception is None and used != amount_minor:
        yield f"{_named(key)}: {used} points paid {amount_minor}"
    if decision.operation == "PAY_CERTIFICATE" and -decision.exchanged != amount_minor:
        yield f"{_named(key)}: {-decision.exchanged} points of a certificate paid {amount_minor}"


def _what_was_decided(diary: Diary, books: Books) -> Iterator[str]:
    """Nothing is decided twice, and nothing that no till ever sent."""
    seen: set[Key] = set()
    for decision in books.decisions:
        if decision.order is not None:
            continue
        page = diary.pages.get(decision.told_as)
        if page is None:
            yield f"{_named(decision.key)}: was decided, and no till sent it"
        elif int(page.sent[0].get("4", "0")) != decision.amount:
            yield f"{_named(decision.key)}: was decided for another amount"
        if decision.key in seen:
            yield f"{_named(decision.key)}: was decided twice"
        seen.add(decision.key)
        if not decision.is_approved and decision.postings:
            yield f"{_named(decision.key)}: was declined, and moved points"


def _what_was_reversed(diary: Diary, books: Books) -> Iterator[str]:
    """What a till was told is undone is undone, and its points with it."""
    for key, page in diary.pages.items():
        if key.message_class != "4" or not any(answer.is_approved for _, answer in page.final):
            continue
        named = page.sent[0]["90"]  # MTI n4, STAN n6, DE 7 n10
        for original in books.decisions:
            name = original.named
            if (
                name.terminal_id != key.terminal_id
                or name.stan != named[4:10]
                or original.transmitted != named[10:20]
                or name.message_class != named[1]
            ):
                continue
            if not original.is_effective or books.is_settled(original):
                continue
            if original.seq in books.holds and books.holds[original.seq].is_over and not original.undone:
                continue  # somebody else was first: its completion, or its time
            if original.undone != 1:
                yield f"{_named(original.key)}: its reversal was accepted, and it stands"
            left = books.left_of(original)
            if any(left) and "95" not in page.sent[0]:
                yield f"{_named(original.key)}: it was reversed, and {left} points of it are left"


def _told_balance(
    key: Key, answer: Answer, owner: int | None, books: Books, *, is_asked: bool = False
) -> Iterator[str]:
    """The balance that was told is that of the books at that moment; *is_asked* when no points were."""
    if answer.available is None or owner is None:
        return
    booked = list(books.available(owner, _seq_of(answer), _day_of(answer)))
    if answer.available not in (booked if is_asked else booked[:1]):
        yield f"{_named(key)}: was told {answer.available} points, and the books had {booked}"


def _seq_of(answer: Answer) -> int:
    """The switch's own DE 37 ends with its sequence, base 36."""
    return int(answer.rrn[4:], 36)


def _day_of(answer: Answer) -> date:
    """The business date of *answer*: DE 15, and the year's digit with which the switch's own DE 37 begins."""
    return date(_DECADE + int(answer.rrn[0]), int(answer.elements["15"][:2]), int(answer.elements["15"][2:]))


def _is_remembered(page: Page, answer: Answer) -> bool:
    """Whether the answer is kept with its decision, so that it must be the same for ever."""
    is_refused = answer.code in TRANSIENT | {"94"} or answer.reason == _NO_AMOUNT
    return page.sent[0].get("3", "")[:2] not in _ASKING and not is_refused


def _named(key: Key) -> str:
    return f"{key.terminal_id} stan {key.stan} (class {key.message_class}, {key.local})"
