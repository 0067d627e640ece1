"""What taking something back takes back: the arithmetic of refunds, voids and reversals. Books nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ledger.account import PostingReason
from ledger.entry import NO_LOT, Lot
from loyalty.transaction import BasketLine, Operation
from rules.evaluate import Award, evaluate
from rules.facts import Facts
from rules.programme import PointsBack, Programme
from rules.stock import FREE_WITHIN
from switch.allowed import redemption_of
from switch.case import Case
from switch.outcome import Record
from switch.reader import Reader
from switch.worksheet import Worksheet

RERATE: Final = "RERATE"  # an entry that sets right what a sale earned
_SPENDING: Final = frozenset(
    {
        PostingReason.REDEEM,
        PostingReason.CAPTURE,
        PostingReason.REDEEM_FROM_SUSPENSE,
        PostingReason.EXCHANGE,
    }
)
_EARNING: Final = frozenset({PostingReason.EARN, PostingReason.REEARN})


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Points of *source* (a sale paid in part with points, or a redemption) that come back."""

    source: Record
    points: int
    value_minor: int


def sources_of(case: Case, sale: Record) -> list[Record]:
    """What paid for *sale* besides money: its points (tag 020), redemptions, certificates of its ticket."""
    found = [sale] if sale.used > sale.returned else []
    if sale.ticket is not None:
        found.extend(case.worksheet.redemptions(sale.ticket))
    return found


def points_back(case: Case, sale: Record, amount_minor: int) -> list[GivenBack]:
    """The points that come back when *amount_minor* of *sale* is returned."""
    programme = case.programmes.version(sale.programme_version)
    standing_minor = sale.covered_minor - sale.discount_minor - sale.refunded_minor
    # The value of a certificate comes back to it by undoing the payment, not by a refund.
    certificate = Operation.PAY_CERTIFICATE.value
    sources = [source for source in sources_of(case, sale) if source.operation != certificate]
    left_minor = amount_minor
    if programme.refund.points_back is PointsBack.PRO_RATA:
        paid_minor = sum(source.value_minor - source.returned_minor for source in sources)
        left_minor = paid_minor * amount_minor // standing_minor if standing_minor else 0
    given = []
    for source in sources:
        stands_minor = source.value_minor - source.returned_minor
        points = source.used - source.returned
        part_minor = min(stands_minor, left_minor)
        if not source.value_minor:  # they came off the price, so they come back as the goods do
            points = points * amount_minor // standing_minor
        elif part_minor < stands_minor:
            value = redemption_of(case, source).value
            points = min(points, part_minor * value.denominator // value.numerator)
            part_minor = min(value.of(points), part_minor)
        if points:
            given.append(GivenBack(source, points, part_minor))
            left_minor -= part_minor
    return given


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a sale.

    Attributes:
        points: That it earns.
        minor: Of the sale's *of_minor*, in minor units.
        facts, award: Where its lines were rated again.
        tells_off: The facts of the sale told what was taken off each of its lines.
    """

    points: int
    minor: int
    of_minor: int
    facts: Facts | None = None
    award: Award | None = None
    tells_off: bool = False


def kept_part(case: Case, sale: Record, amount_minor: int, given: list[GivenBack]) -> Kept | None:
    """The kept part of *sale*; ``None`` when more of a product is returned than was sold.

    A basket of which lines are returned is rated again under the version that decided the sale, or by which
    it was re-rated since. Everything else keeps its proportion of what that gives, rounded down. Lines are
    net of discounts, those of the facts and those that are returned.
    """
    returned = returned_lines(case)
    text = case.worksheet.facts(sale.seq)
    facts = None if text is None else Facts.from_json(text)
    earlier = list(returned_before(case.worksheet, sale))
    version, earned = rated_by(case.worksheet, sale)
    total_minor = sale.covered_minor - sale.discount_minor
    kept_minor = total_minor - sale.refunded_minor - amount_minor
    if returned is None or facts is None or facts.lines is None or None in earlier:
        points = earned * kept_minor // total_minor if total_minor else 0
        return Kept(points, kept_minor, total_minor)
    left: KeptLines | None = facts.lines
    for lines in (*earlier, returned):
        assert left is not None
        assert lines is not None
        left = lines_without(left, lines)
        if left is None:
            return None
    assert left is not None
    used_minor = sum(source.value_minor - source.returned_minor for source in sources_of(case, sale))
    used_minor -= sum(back.value_minor for back in given)
    programme = case.programmes.version(version)
    kept = facts_of_kept(facts, left, used_minor)
    kept.counters = _counters_of(facts, [line for lines in (*earlier, returned) for line in lines or ()])
    award = evaluate(programme, kept)
    points = points_kept(programme, award, kept_minor)
    return Kept(points, kept_minor, total_minor, kept, award, bool(facts.off))


def kept_again(case: Case, sale: Record, refund: Record) -> Kept | None:
    """What is kept of *sale* when *refund*, which stands, did not happen; ``None``: all of it.

    Lines are told through the last of the other returns that tells them, and that none before it hides: what
    these took stays taken.
    """
    total_minor = sale.covered_minor - sale.discount_minor
    kept_minor = total_minor - sale.refunded_minor + refund.covered_minor
    text = case.worksheet.facts(sale.seq)
    facts = None if text is None else Facts.from_json(text)
    others = [
        each.lines
        for each in _returns_of(case.worksheet, sale)
        if each.seq != refund.seq and not each.leaves_all
    ]
    if not others:
        return None
    left: KeptLines | None = None
    came: list[BasketLine] = []
    for lines in others:
        before = left if left is not None or facts is None else facts.lines
        rest = None if before is None or lines is None else lines_without(before, lines)
        if rest is None:
            break
        left = rest
        came += lines or ()
    version, earned = rated_by(case.worksheet, sale)
    if facts is None or left is None:
        return Kept(earned * kept_minor // total_minor, kept_minor, total_minor)
    used_minor = sum(source.value_minor - source.returned_minor for source in sources_of(case, sale))
    kept = facts_of_kept(facts, left, used_minor)
    kept.counters = _counters_of(facts, came)
    programme = case.programmes.version(version)
    award = evaluate(programme, kept)
    return Kept(
        points_kept(programme, award, kept_minor), kept_minor, total_minor, kept, award, bool(facts.off)
    )


def points_kept(programme: Programme, award: Award, kept_minor: int) -> int:
    """What a sale earns of which *kept_minor* is kept, whose lines are rated by *award*.

    Of a sale that is returned but for what cost nothing, only rules about these lines still give something:
    what is given to any sale is not given for none.
    """
    if kept_minor:
        return award.points
    about_lines = {rule.id for rule in programme.rules if rule.lines is not None}
    return sum(points for rule, points in award.parts if rule in about_lines)


def _counters_of(facts: Facts, returned: Sequence[BasketLine]) -> tuple[tuple[str, int], ...]:
    """The counters of *facts*, without units that stamps paid for and that came back with their line."""
    if not any(name.startswith(FREE_WITHIN) for name, _ in facts.counters):
        return facts.counters
    sold = facts.lines or ()
    found = []
    for name, count in facts.counters:
        if name.startswith(FREE_WITHIN):
            rule = name.removeprefix(FREE_WITHIN)
            products = {sold[number - 1].product for number, _, by in facts.off if by == rule}
            left_milli = _milli_of(products, sold) - _milli_of(products, returned)
            count = min(count, max(left_milli, 0) // 1000)  # noqa: PLW2901  (what is left of it)
        found.append((name, count))
    return tuple(found)


def _milli_of(products: set[str], lines: Iterable[BasketLine]) -> int:
    """How much of *products* there is on *lines* that cost something."""
    return sum(line.quantity_milli for line in lines if line.product in products and line.amount_minor > 0)


def returned_lines(case: Case) -> tuple[BasketLine, ...] | None:
    """The lines that a refund returns. A reversal only repeats its original's basket."""
    is_refund = case.transaction.operation is Operation.REFUND
    return case.transaction.lines if is_refund else None


KeptLines = Sequence[BasketLine | None]  # of a basket, line by line; None where nothing of one is kept


def lines_without(lines: KeptLines, returned: Sequence[BasketLine]) -> KeptLines | None:
    """*lines* without *returned*, product by product; ``None`` when there is not so much of one."""
    kept = list(lines)
    for back in returned:
        amount_minor, quantity_milli = back.amount_minor, back.quantity_milli
        is_free = amount_minor == 0  # then only its quantity tells what of it is kept
        for at, line in enumerate(kept):
            if line is None or line.product != back.product or line.amount_minor < 0:
                continue
            if (line.amount_minor == 0) is not is_free or not (quantity_milli if is_free else amount_minor):
                continue
            part_minor = min(amount_minor, line.amount_minor)
            part_milli = min(quantity_milli, line.quantity_milli)
            amount_minor -= part_minor
            quantity_milli -= part_milli
            left = replace(
                line,
                amount_minor=line.amount_minor - part_minor,
                quantity_milli=line.quantity_milli - part_milli,
            )
            kept[at] = left if (left.quantity_milli if is_free else left.amount_minor) else None
        if amount_minor:
            return None
    return kept


def facts_of_kept(facts: Facts, kept: KeptLines, covered_minor: int) -> Facts:
    """What rules see of a sale with *facts* of which these lines are *kept*, *covered_minor* paid by points.

    What was taken off a line that is kept in part is off in proportion to what is paid for it, rounded up; of
    what cost nothing, in proportion to its quantity.
    """
    assert facts.lines is not None
    numbers, lines = [0] * len(kept), []
    for at, line in enumerate(kept):
        if line is not None:
            lines.append(line)
            numbers[at] = len(lines)
    off = []
    for number, amount_minor, promotion in facts.off:
        whole, left = facts.lines[number - 1], kept[number - 1]
        if left is not None:
            part, of = left.amount_minor, whole.amount_minor
            if not of:
                part, of = left.quantity_milli, whole.quantity_milli
            part_minor = -(-amount_minor * part // of) if of else amount_minor
            off.append((numbers[number - 1], part_minor, promotion))
    base_minor = max(sum(line.amount_minor for line in lines) - covered_minor, 0)
    return replace(facts, lines=tuple(lines), base_minor=base_minor, off=tuple(off))


def rated_by(books: Reader | Worksheet, sale: Record) -> tuple[str | None, int]:
    """The version that *sale* stands under, re-rated or as decided, and what all of it earns there."""
    for link in reversed(books.links_to(sale.seq)):
        if not link.clawed or link.refunded_minor or link.undone:
            continue
        entry = books.by_seq(link.seq)
        assert entry is not None
        if entry.operation == RERATE:
            return entry.programme_version, json.loads(entry.answer)["told"]["whole"]
    return sale.programme_version, sale.earned


def returned_before(books: Reader | Worksheet, sale: Record) -> Iterator[tuple[BasketLine, ...] | None]:
    """The lines of each refund of *sale* that stands; ``None`` for one by amount only."""
    return (each.lines for each in _returns_of(books, sale) if not each.leaves_all)


class _Return(NamedTuple):
    """A return of a sale that stands.

    Attributes:
        lines: ``None`` where nobody told them.
        leaves_all: A partial reversal that left the amount as it was: points go by that, once.
    """

    seq: int
    amount_minor: int
    lines: tuple[BasketLine, ...] | None
    leaves_all: bool


def _returns_of(books: Reader | Worksheet, sale: Record) -> Iterator[_Return]:
    for link in books.links_to(sale.seq):
        if link.refunded_minor < 0:
            continue
        refund = books.by_seq(link.seq)
        assert refund is not None
        leaves_all = not link.refunded_minor and refund.operation != Operation.REFUND.value
        if leaves_all and link.final_minor is None:
            continue  # what cost nothing comes back by a refund of nothing, too
        if refund.undone and refund.final_minor is None:
            continue
        text = None if refund.undone else books.facts(link.seq)  # of a part nobody said the lines
        amount_minor = link.refunded_minor if refund.final_minor is None else refund.final_minor
        yield _Return(
            link.seq, amount_minor, None if text is None else Facts.from_json(text).lines, leaves_all
        )


def kept_facts(books: Reader, sale: Record, facts: Facts) -> Facts | None:
    """What rules see of what is left of *sale*, which had *facts*; ``None`` when nobody said its lines."""
    *_, (_, left) = [(0, facts), *kept_steps(books, sale, facts)]
    return left


def kept_steps(
    books: Reader, sale: Record, facts: Facts, until: int | None = None
) -> Iterator[tuple[int, Facts | None]]:
    """After each return that stands: what is kept of *sale*, in minor units, and what rules see of that.

    They see nothing once nobody said which lines were returned. Returns behind the sequence *until* are left
    out.
    """
    kept_minor = sale.covered_minor - sale.discount_minor
    kept: KeptLines | None = facts.lines
    covered_minor = sale.value_minor - sale.returned_minor if sale.used > sale.returned else 0
    for source in books.redemptions(sale.ticket) if sale.ticket is not None else ():
        covered_minor += source.value_minor - source.returned_minor
    came: list[BasketLine] = []
    for each in _returns_of(books, sale):
        if until is not None and each.seq > until:
            return
        kept_minor -= each.amount_minor
        came += each.lines or ()
        if not each.leaves_all:
            kept = None if kept is None or each.lines is None else lines_without(kept, each.lines)
        if kept is None or each.leaves_all:
            yield kept_minor, None
        else:
            left = facts_of_kept(facts, kept, covered_minor)
            left.counters = _counters_of(facts, came)
            yield kept_minor, left


def spent_lots(case: Case, source: Record, points: int) -> list[tuple[Lot | None, int]]:
    """The lots that *points* of *source* come back to: what was taken last comes back first.

    ``None`` stands for suspense.
    """
    taken = [
        (posting.lot, posting.points)
        for posting in case.worksheet.postings(source.seq)
        if posting.reason in _SPENDING
    ]
    lots = case.worksheet.lots([lot for lot, _ in taken if lot != NO_LOT])
    skip = source.returned
    back: list[tuple[Lot | None, int]] = []
    for lot, had in reversed(taken):
        over = min(skip, had)
        skip -= over
        part = min(points, had - over)
        points -= part
        if part:
            back.append((lots.get(lot), part))
    assert points == 0
    return back


def earned_lots(case: Case, sale: Record) -> list[int]:
    """Numbers of the lots that *sale* made."""
    return [posting.lot for posting in case.worksheet.postings(sale.seq) if posting.reason in _EARNING]


def money_back(case: Case, sale: Record) -> int:
    """What is to be handed out when the rest of *sale* is taken back, in minor units."""
    standing_minor = sale.covered_minor - sale.discount_minor - sale.refunded_minor
    paid_with_points = sum(source.value_minor - source.returned_minor for source in sources_of(case, sale))
    return max(standing_minor - paid_with_points, 0)
