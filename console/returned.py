"""Tells what a refund, a void or a reversal took back, and how that was worked out."""

from collections.abc import Callable
from typing import Final

from loyalty.amount import format_minor
from loyalty.transaction import Operation
from rules.evaluate import evaluate
from rules.explain import tell
from rules.facts import Facts
from rules.programme import Programme
from switch.outcome import Record
from switch.programmes import part_told
from switch.recall import Recall
from switch.returns import kept_steps, points_kept, rated_by

RETURNS: Final = frozenset(each.value for each in (Operation.REFUND, Operation.VOID, Operation.REVERSAL))


def tell_return(reader: Recall, record: Record, restore: Callable[[str], Programme]) -> list[str]:
    """What *record*, one of ``RETURNS``, took back, a line a step; *restore* gives a programme by version."""
    currency = restore(record.programme_version).terms.currency if record.programme_version else ""
    original = None if record.original is None else reader.by_seq(record.original)
    if not record.effective:
        lines = [f"without effect: {record.reason or record.exception}"]
    elif original is None:
        amount = format_minor(record.amount, currency)
        lines = [f"names no sale, so the base rate of {amount} is taken back"]
    elif record.operation == Operation.REFUND.value:
        lines = _refunded(reader, record, original, restore, currency)
    else:
        left = reader.by_seq(original.seq)
        assert left is not None
        what = f"undoes {original.operation} {original.rrn}"
        kept = None if left.final_minor is None else format_minor(left.final_minor, currency)
        lines = [what if kept is None else f"{what}, all but {kept}"]
    return [*lines, *_came_of(record)]


def _came_of(record: Record) -> list[str]:
    moved = ((-record.earned, "taken back"), (record.earned, "given again"))
    lines = [f"{points} points are {what}" for points, what in moved if points > 0]
    moved = ((-record.used, "come back"), (record.used, "are used again"))
    return lines + [f"{points} points that paid {what}" for points, what in moved if points > 0]


def _refunded(
    reader: Recall, record: Record, sale: Record, restore: Callable[[str], Programme], currency: str
) -> list[str]:
    amount, of = (format_minor(minor, currency) for minor in (record.amount, sale.covered_minor))
    lines = [f"takes back {amount} of {sale.operation} {sale.rrn} of {of}, which earned {sale.earned}"]
    text = reader.facts(sale.seq)
    version, whole = rated_by(reader, sale)
    if text is None or version is None:
        return lines
    facts = Facts.from_json(text)
    total_minor = sale.covered_minor - sale.discount_minor
    bundle = restore(version)
    programme = bundle.part(part_told(sale.rules)) or bundle

    def earns(kept_minor: int, kept: Facts | None) -> int:
        if kept is None or kept.lines is None:
            return whole * kept_minor // total_minor if total_minor else 0
        return points_kept(programme, evaluate(programme, kept), kept_minor)

    steps = [(total_minor, facts), *kept_steps(reader, sale, facts, record.seq)]
    before = [whole, *(earns(*step) for step in steps[1:-1])]
    (kept_minor, kept), points = steps[-1], earns(*steps[-1])
    if len(steps) == 1 or max(min(before) - points, 0) != -record.earned:
        return [*lines, "what stood then was changed since, so it is not worked out again"]
    if len(steps) > 2:
        lines.append(f"what was kept before it earned {min(before)}")
    if kept is None or kept.lines is None:
        kept_text = f"{format_minor(kept_minor, currency)} of {format_minor(total_minor, currency)}"
        return [*lines, f"which lines came back is not known: {kept_text} are kept, which earn {points}"]
    if not kept_minor:
        return [*lines, f"nothing that was paid for is kept, which earns {points}"]
    lines.append(f"what is kept is rated again, by programme {version}:")
    return lines + [f"  {line}" for line in tell(programme, kept) if not line.startswith("near: ")]
