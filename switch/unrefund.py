"""A partial REVERSAL of a REFUND: it stands at a smaller amount, and the rest of it did not happen.

What the refund would have done at the smaller amount stays; what it did beyond that is undone. Points come
back before money is handed out, so they are the last to be taken again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ledger.account import PostingReason
from ledger.entry import Posting
from rules.programme import PointsBack
from switch import funding
from switch.allowed import redemption_of
from switch.case import Case
from switch.counting import count_part_again
from switch.outcome import Link, Outcome, Record
from switch.returns import rated_by
from switch.takeback import PAST_THE_MEMBER, Drafts, booked, lots_behind, some_of, still_given


def reverse_refund(case: Case, refund: Record, final_minor: int) -> Outcome:
    """Only *final_minor* of *refund* stands."""
    undone_minor = refund.covered_minor - final_minor
    links, postings, went_past = still_given(case, refund)
    drafts = Drafts(case, refund.owner)
    opposite = list(_taken_again(case, refund, final_minor, links, postings, went_past, drafts))
    earned = _earned_again(case, refund, undone_minor)
    _earn(case, refund, earned, drafts)
    if refund.original is not None:
        about = next((link for link in opposite if link.original == refund.original), None)
        own = about or Link(seq=case.moment.seq, original=refund.original)
        opposite = [link for link in opposite if link is not about]
        opposite.insert(0, replace(own, refunded_minor=-undone_minor, clawed=-earned))
    done = Link(seq=case.moment.seq, original=refund.seq, undone=1, final_minor=final_minor)
    return booked(
        case,
        refund,
        drafts,
        earned=earned,
        had=0,
        given=(),
        money_minor=0,
        links=(*opposite, done),
        sides=count_part_again(case, refund, undone_minor, refund.covered_minor, drafts.own),
    )


def _earned_again(case: Case, refund: Record, undone_minor: int) -> int:
    """Points that the refund took and would not have taken at its smaller amount."""
    taken = -refund.earned
    sale = None if refund.original is None else case.worksheet.by_seq(refund.original)
    if sale is None:
        base = case.programmes.version(refund.programme_version).base
        return max(taken - base.rate.of(refund.covered_minor - undone_minor, base.rounding), 0)
    if case.worksheet.facts(refund.seq) is not None:  # of lines: which of them stand nobody said
        return taken * undone_minor // refund.covered_minor
    total_minor = sale.covered_minor - sale.discount_minor
    _, whole = rated_by(case.worksheet, sale)
    kept = whole * (total_minor - sale.refunded_minor + undone_minor) // total_minor
    return min(max(sale.clawed - (sale.earned - kept), 0), taken)


def _earn(case: Case, refund: Record, points: int, drafts: Drafts) -> None:
    """Give *points* again: what the programme bore first, then debt, then the lots of the sale."""
    postings = case.worksheet.postings(refund.seq)
    _, absorbed = drafts.own.undo_elsewhere(some_of(postings, points, {PostingReason.ABSORB}))
    lots, dates = lots_behind(case, refund), case.programme.lot_dates(case.today)
    funding.earn_again(case.worksheet, drafts.own, points - absorbed, lots, *dates)


def _taken_again(
    case: Case,
    refund: Record,
    final_minor: int,
    links: Sequence[Link],
    postings: Sequence[Posting],
    went_past: Mapping[int, int],
    drafts: Drafts,
) -> Iterator[Link]:
    """Take points that the refund gave again, and link to where they had been used."""
    given_minor = sum(link.returned_minor for link in links)
    programme = case.programmes.version(refund.programme_version)
    stands_minor = min(given_minor, final_minor)
    if programme.refund.points_back is PointsBack.PRO_RATA:
        stands_minor = given_minor * final_minor // refund.covered_minor
    left_minor = given_minor - stands_minor
    undone_past = 0
    for link in reversed(links):
        source = case.worksheet.by_seq(link.original)
        assert source is not None
        part_minor = min(link.returned_minor, left_minor)
        left_minor -= part_minor
        points = link.returned
        if not source.value_minor:  # they came off the price, and came back in proportion
            points -= points * final_minor // refund.covered_minor
        elif part_minor < link.returned_minor:
            value = redemption_of(case, source).value
            points = part_minor * value.denominator // value.numerator
            part_minor = value.of(points)
        if not points:
            continue
        elsewhere = went_past.get(link.original, 0)
        past = min(max(points - max(link.returned - elsewhere, 0), 0), elsewhere)
        undone_past += past
        drafts.of(source).redeem_again(points - past)
        yield Link(seq=case.moment.seq, original=source.seq, returned=-points, returned_minor=-part_minor)
    drafts.own.undo_elsewhere(some_of(postings, undone_past, PAST_THE_MEMBER))
