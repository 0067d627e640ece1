"""Posting what a refund, void or reversal takes back: all of a decision, a part of it, or an undoing itself.

An undoing links to what it undoes, and the sums of its links tell how much of it still stands. Undoing an
undoing posts the opposite and links with negative amounts.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from ledger.account import AccountKind, PostingReason, account
from ledger.entry import Posting
from loyalty.card import MemberId
from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from rules.programme import Shortfall
from switch import funding
from switch.activation import activation_followed, activation_undone
from switch.allowed import redemption_of
from switch.case import Case
from switch.counting import count_again, uncount_all, uncount_part
from switch.gifts import stamps_left
from switch.outcome import CardChange, Link, Outcome, Record, Side
from switch.postings import Draft
from switch.returns import (
    GivenBack,
    earned_lots,
    kept_part,
    money_back,
    points_back,
    returned_lines,
    spent_lots,
)
from switch.salefacts import facts_of

_UNDOINGS: Final = frozenset({Operation.REFUND.value, Operation.VOID.value})
_REDEEMED: Final = account(AccountKind.REDEEMED)
PAST_THE_MEMBER: Final = frozenset({PostingReason.RE_EXPIRE, PostingReason.UNDO_SUSPENSE})
_BACK: Final = frozenset({PostingReason.GIVE_BACK, PostingReason.GRACE, *PAST_THE_MEMBER})


def absorbs(case: Case, sale: Record) -> bool:
    """Whether the programme of *sale* bears what a member has no longer when it is taken back."""
    policy = case.programmes.version(sale.programme_version).refund
    return policy.shortfall is Shortfall.ABSORB


class Drafts:
    """The drafts of one undoing: of the member, and of others who paid for his ticket with points."""

    def __init__(self, case: Case, owner: MemberId | None) -> None:
        self._case = case
        self.own = case.draft(owner)
        self._by_owner: dict[MemberId | None, Draft] = {owner: self.own}

    def of(self, source: Record) -> Draft:
        """The draft on the accounts that the points of *source* came from."""
        draft = self._by_owner.get(source.owner)
        if draft is None:
            draft = self._case.draft(source.owner, beside=self.own)
            self._by_owner[source.owner] = draft
        return draft

    @property
    def all(self) -> list[Draft]:
        """Each of them."""
        return list(self._by_owner.values())

    def give_back(self, source: Record, points: int) -> int:
        """Post that *points* of *source* come back, and return how many somebody has again."""
        return self.of(source).give_back(spent_lots(self._case, source, points))


def booked(
    case: Case,
    record: Record,
    drafts: Drafts,
    *,
    earned: int,
    had: int,
    given: Sequence[GivenBack],
    money_minor: int,
    links: tuple[Link, ...],
    facts: str | None = None,
    card_changes: tuple[CardChange, ...] = (),
    sides: tuple[Side, ...] = (),
) -> Outcome:
    """An undoing of *record*, put down: *earned* points (negative: taken), *had* points given back."""
    card = None if record.card_id is None else case.worksheet.card(record.card_id)
    points, value_minor = sum(back.points for back in given), sum(back.value_minor for back in given)
    decision = Approved(
        books=case.transaction.operation is not Operation.REVERSAL,
        earned=earned or None if drafts.own.book is not None else None,
        used=had or None,
        # Of points that came back too late nobody has anything, so they are worth nothing to anybody.
        value_minor=(value_minor * had // points if had < points else value_minor) or None,
        left_to_pay_minor=money_minor,
        balance=None if drafts.own.book is None else case.balance(card, drafts.own.book, sides),
        programme_version=case.programme.version,
        messages=stamps_left(case, sides) if sides else (),
    )
    return case.remember(
        decision,
        card=card,
        owner=record.owner,
        drafts=drafts.all,
        covered_minor=case.transaction.amount or 0,
        earned=earned,
        used=-points,
        value_minor=-value_minor,
        original=record.seq,
        links=links,
        facts=facts,
        card_changes=(*card_changes, *activation_followed(case, card, sides)) if sides else card_changes,
        sides=sides,
    )


def _links_of(case: Case, record: Record, given: Sequence[GivenBack], **own: int) -> tuple[Link, ...]:
    """One link to *record* and one to each other source that points came back to."""
    seq = case.moment.seq
    mine = [back for back in given if back.source.seq == record.seq]
    first = Link(
        seq=seq,
        original=record.seq,
        returned=sum(back.points for back in mine),
        returned_minor=sum(back.value_minor for back in mine),
        **own,
    )
    others = (
        Link(
            seq=seq,
            original=back.source.seq,
            returned=back.points,
            returned_minor=back.value_minor,
        )
        for back in given
        if back.source.seq != record.seq
    )
    return (first, *others)


def take_back_part(case: Case, sale: Record, amount_minor: int, **own: int) -> Outcome:
    """*amount_minor* of a sale is returned."""
    given = points_back(case, sale, amount_minor)
    kept = kept_part(case, sale, amount_minor, given)
    if kept is None:
        return case.refuse_or_accept(Reason.ABOVE_ORIGINAL)
    clawed = max(sale.earned - kept.points - sale.clawed, 0)
    drafts = Drafts(case, sale.owner)
    had = sum(drafts.give_back(back.source, back.points) for back in given)
    sides = uncount_part(case, sale, kept, drafts.own)
    lots, absorb = earned_lots(case, sale), absorbs(case, sale)
    funding.claw_back(case.worksheet, drafts.own, clawed, lots, sides, absorb=absorb)
    return booked(
        case,
        sale,
        drafts,
        earned=-clawed,
        had=had,
        given=given,
        money_minor=amount_minor - sum(back.value_minor for back in given),
        links=_links_of(case, sale, given, refunded_minor=amount_minor, clawed=clawed, **own),
        facts=facts_of(case, None, 0).to_json() if returned_lines(case) is not None else None,
        sides=sides,
    )


def take_back_all(case: Case, record: Record) -> Outcome:
    """What is left of *record* is undone."""
    if record.operation in _UNDOINGS:
        return _undo_undoing(case, record)
    if record.operation == Operation.ACTIVATE.value:
        return _undo_activation(case, record)
    left = record.used - record.returned
    given = [GivenBack(record, left, record.value_minor - record.returned_minor)] if left else []
    clawed = record.earned - record.clawed
    is_sale = record.operation == Operation.EARN.value
    money_minor = money_back(case, record) if is_sale else 0
    drafts = Drafts(case, record.owner)
    had = sum(drafts.give_back(back.source, back.points) for back in given)
    sides = uncount_all(case, record, drafts.own)
    lots, absorb = earned_lots(case, record), absorbs(case, record)
    funding.claw_back(case.worksheet, drafts.own, clawed, lots, sides, absorb=absorb)
    return booked(
        case,
        record,
        drafts,
        earned=-clawed,
        had=had,
        given=given,
        money_minor=money_minor,
        links=_links_of(case, record, given, clawed=clawed, undone=1),
        sides=sides,
    )


def reverse_in_part(case: Case, record: Record, final: int) -> Outcome:
    """Only *final* of the amount stands."""
    if record.operation == Operation.EARN.value:
        standing_minor = record.covered_minor - record.discount_minor - record.refunded_minor
        part_minor = min(record.covered_minor - final, standing_minor)
        return take_back_part(case, record, part_minor, undone=1, final_minor=final)
    if record.operation != Operation.REDEEM.value:
        return take_back_all(case, record)
    back = max(record.used - record.returned - _kept_points(case, record, final), 0)
    value_minor = min(redemption_of(case, record).value.of(back), record.value_minor - record.returned_minor)
    given = [GivenBack(record, back, value_minor)] if back else []
    drafts = Drafts(case, record.owner)
    had = sum(drafts.give_back(back.source, back.points) for back in given)
    return booked(
        case,
        record,
        drafts,
        earned=0,
        had=had,
        given=given,
        money_minor=0,
        links=_links_of(case, record, given, undone=1, final_minor=final),
    )


def still_given(case: Case, undoing: Record) -> tuple[list[Link], list[Posting], dict[int, int]]:
    """Links and postings of *undoing*, without points that it gave back of what others undid since.

    Who voids a redemption gives back what is left of it: what a refund had given back before stays given,
    whatever becomes of the refund. The last tells how many points of each source came back past its member.
    """
    postings = case.worksheet.postings(undoing.seq)
    given, past = case.worksheet.links_from(undoing.seq), {}
    if any(posting.reason in PAST_THE_MEMBER for posting in postings):
        past = _past_the_members(case, undoing, given, postings)
    links = []
    for link in given:
        still = _still_given_of(case, undoing, link)
        if link.original in past:
            past[link.original] = min(past[link.original], max(still.returned, 0))
        links.append(still)
    others = [posting for posting in postings if posting.reason not in PAST_THE_MEMBER]
    return links, [*others, *some_of(postings, sum(past.values()), PAST_THE_MEMBER)], past


def _past_the_members(
    case: Case, undoing: Record, links: Sequence[Link], postings: Sequence[Posting]
) -> dict[int, int]:
    """How many of the points that *undoing* gave back to each source came back past its member.

    They were given back source by source, those of one member after those of another, as ``Drafts`` has it.
    """
    by_owner: dict[MemberId | None, list[Link]] = {undoing.owner: []}
    for link in sorted(links, key=lambda link: (link.original != undoing.original, link.original)):
        source = case.worksheet.by_seq(link.original)
        assert source is not None
        by_owner.setdefault(source.owner, []).append(link)
    came = [posting for posting in postings if posting.reason in _BACK and posting.debit == _REDEEMED]
    past: dict[int, int] = {}
    for link in [link for some in by_owner.values() for link in some]:
        left = link.returned
        while left > 0 and came:
            part = min(left, came[0].points)
            if came[0].reason in PAST_THE_MEMBER:
                past[link.original] = past.get(link.original, 0) + part
            left -= part
            rest = came.pop(0)
            if rest.points > part:
                came.insert(0, replace(rest, points=rest.points - part))
    return past


def _still_given_of(case: Case, undoing: Record, link: Link) -> Link:
    source = case.worksheet.by_seq(link.original)
    assert source is not None
    is_other = link.original != undoing.original and source.operation == Operation.REDEEM.value
    if link.returned <= 0 or not is_other or not source.undone:
        return link
    stands = 0 if source.final_minor is None else _kept_points(case, source, source.final_minor)
    points = min(link.returned, max(source.returned - (source.used - stands), 0))
    value_minor = min(redemption_of(case, source).value.of(points), link.returned_minor)
    return replace(link, returned=points, returned_minor=value_minor)


def some_of(
    postings: Sequence[Posting], points: int, reasons: AbstractSet[PostingReason]
) -> Iterator[Posting]:
    """*points* of those *postings* that have one of *reasons*, the last ones first."""
    for posting in reversed(postings):
        part = min(points, posting.points) if posting.reason in reasons else 0
        if part:
            points -= part
            yield replace(posting, points=part)


def _kept_points(case: Case, redemption: Record, final: int) -> int:
    """Points of *redemption* that stand when only *final* of its amount does."""
    value = redemption_of(case, redemption).value
    return final if redemption.in_points else -(-final * value.denominator // value.numerator)


def _undo_undoing(case: Case, undoing: Record) -> Outcome:
    """A refund or a void did not happen: what it took is given again, what it gave is taken again.

    A void of a refund had itself done that to the refund, so here the signs may be either way.
    """
    worksheet = case.worksheet
    links, postings, past = still_given(case, undoing)
    kept = sum(link.clawed for link in links)
    links = [_with_room(case, undoing, link) for link in links]
    earned = sum(link.clawed for link in links) - kept - undoing.earned
    drafts = Drafts(case, undoing.owner)
    lots = lots_behind(case, undoing)
    _, absorbed = drafts.own.undo_elsewhere(postings)
    had = 0
    for link in links:
        source = worksheet.by_seq(link.original)
        assert source is not None
        if link.returned < 0:
            had += drafts.give_back(source, -link.returned)
        elif link.returned > 0:
            drafts.of(source).redeem_again(link.returned - past.get(link.original, 0))
    if earned > 0:
        dates = case.programme.lot_dates(case.today)
        funding.earn_again(worksheet, drafts.own, earned - absorbed, lots, *dates)
    else:
        drafts.own.claw_back(-earned, lots, absorb=absorbs(case, undoing))
    opposite = tuple(
        Link(
            seq=case.moment.seq,
            original=link.original,
            refunded_minor=-link.refunded_minor,
            clawed=-link.clawed,
            returned=-link.returned,
            returned_minor=-link.returned_minor,
            undone=-link.undone,
        )
        for link in links
    )
    done = Link(seq=case.moment.seq, original=undoing.seq, undone=1)
    return booked(
        case,
        undoing,
        drafts,
        earned=earned,
        had=had,
        given=(),
        money_minor=0,
        links=(*opposite, done),
        sides=count_again(case, undoing, drafts.own),
    )


def _with_room(case: Case, undoing: Record, link: Link) -> Link:
    """*link* of *undoing*, whose opposite takes no more of a sale than it has earned still, nor gives more.

    Other refunds since may have been rounded otherwise, so that one whose void did not happen takes less.
    """
    worksheet = case.worksheet
    if link.clawed < 0:
        sale = worksheet.by_seq(link.original)
        assert sale is not None
        return replace(link, clawed=max(link.clawed, sale.clawed - sale.earned))
    clawed = link.clawed
    if clawed:
        for later in worksheet.links_to(undoing.seq):
            clawed += sum(of.clawed for of in worksheet.links_from(later.seq) if of.original == link.original)
    return link if clawed == link.clawed else replace(link, clawed=clawed)


def lots_behind(case: Case, undoing: Record) -> list[int]:
    """Lots of the sale that *undoing*, or what it undid, was about."""
    about: Record | None = undoing
    while about is not None and about.operation in _UNDOINGS:
        about = None if about.original is None else case.worksheet.by_seq(about.original)
    return [] if about is None else earned_lots(case, about)


def _undo_activation(case: Case, activation: Record) -> Outcome:
    """The card was not activated; what was linked to it is linked no longer."""
    changes = activation_undone(case, activation)
    return booked(
        case,
        activation,
        Drafts(case, activation.owner),
        earned=0,
        had=0,
        given=(),
        money_minor=0,
        links=(Link(seq=case.moment.seq, original=activation.seq, undone=1),),
        card_changes=changes,
    )
