"""A coalition: what partners bear of the points that are earned with them, and get for those spent with them.

The member's side of an entry is as everywhere. Beside it, postings move the issue of points to the partner
who funds them, and what was redeemed to the partner where it was: so the partner's account tells what he owes
the programme (below 0) or is owed by it. What undoes a decision moves the same accounts back, whatever the
terminal and the programme say by then: they stand in the entry that is undone.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from msgspec import structs

from ledger.account import AccountId, AccountKind, PostingReason, account, kind_of
from ledger.entry import NO_LOT, Posting
from loyalty.transaction import Operation
from switch.case import Case
from switch.funding import borne_by_campaigns, partner_account
from switch.outcome import Link, Outcome, Record

_ISSUE: Final = account(AccountKind.ISSUE)
_REDEEMED: Final = account(AccountKind.REDEEMED)
_ASIDE: Final = frozenset({AccountKind.BUDGET, AccountKind.PARTNER})  # who bears, beside the member's side
# Certificates of rules are the programme's and its campaigns', wherever they are given.
_GRANTS: Final = frozenset({PostingReason.GRANT, PostingReason.GRANT_BACK, PostingReason.GRANT_OWED})
_UNDOING: Final = frozenset({Operation.REFUND, Operation.VOID, Operation.REVERSAL})
_BY_CERTIFICATE: Final = frozenset({Operation.PAY_CERTIFICATE.value})
_SHARED: Final = frozenset(
    {
        Operation.EARN, Operation.REDEEM, Operation.COMPLETE, Operation.PAY_CERTIFICATE,
        Operation.UPLOAD, Operation.REFUND,
    }
)  # fmt: skip


def shared(case: Case, outcome: Outcome) -> Outcome:
    """*outcome* with what partners bear of it and get for it."""
    if not outcome.postings:
        return outcome
    operation = case.transaction.operation
    if outcome.links and operation in _UNDOING:
        return _with(outcome, _taken_back(case, outcome))
    partner = case.programme.partner(case.transaction.terminal.partner)
    if partner is None or operation not in _SHARED:
        return outcome
    its = partner_account(partner.id)
    more: list[Posting] = []
    if partner.funds:
        more += _funded(its, _issued(outcome))
        issued = {posting.lot for posting in outcome.postings if posting.debit == _ISSUE}
        lots = tuple(
            [
                replace(lot, funder=partner.id) if lot.lot in issued and not lot.funder else lot
                for lot in outcome.lots
            ]
        )
        outcome = structs.replace(outcome, lots=lots) if lots else outcome
    if partner.reimbursed:
        more += _reimbursed(its, _redeemed(outcome.postings))
    return _with(outcome, more)


def _taken_back(case: Case, outcome: Outcome) -> list[Posting]:
    """What an undoing moves back on the accounts of the partners of what it undoes."""
    more: list[Posting] = []
    borne = borne_by_campaigns(outcome.sides)
    for link in outcome.links:
        for posting in case.worksheet.postings(link.original):
            match posting.reason:
                # What campaigns bear of a sale may change by a point where none is taken.
                case PostingReason.PARTNER_FUNDS if link.clawed or (
                    borne and _undone(case, link).operation == Operation.EARN.value
                ):
                    more += _funded(posting.debit, -link.clawed - borne)
                case PostingReason.PARTNER_FUNDS_BACK if (
                    _undone(case, link).original is None
                ):  # no sale named
                    more += _funded(posting.credit, _issued(outcome))
                case PostingReason.PARTNER_PAID if _undone(case, link).operation in _BY_CERTIFICATE:
                    more += _reimbursed(posting.credit, _redeemed(outcome.postings))
                case PostingReason.PARTNER_PAID:
                    more += _reimbursed(posting.credit, -link.returned)
                case _:
                    pass
    return more


def _undone(case: Case, link: Link) -> Record:
    """The decision that *link* undoes. Only those with partners in them are looked up."""
    original = case.worksheet.by_seq(link.original)
    assert original is not None
    return original


def _issued(outcome: Outcome) -> int:
    """Points that came into being, less those taken back, at nobody's expense so far."""
    points = 0
    for posting in outcome.postings:
        if posting.reason in _GRANTS:
            continue
        if posting.debit == _ISSUE and kind_of(posting.credit) not in _ASIDE:
            points += posting.points
        elif posting.credit == _ISSUE and kind_of(posting.debit) not in _ASIDE:
            points -= posting.points
    return points - borne_by_campaigns(outcome.sides)


def _redeemed(postings: Iterable[Posting]) -> int:
    """Points that were spent, less those given back."""
    points = 0
    for posting in postings:
        if posting.credit == _REDEEMED:
            points += posting.points
        elif posting.debit == _REDEEMED:
            points -= posting.points
    return points


def _funded(partner: AccountId, points: int) -> list[Posting]:
    """*partner* bears *points*; negative: he has them again."""
    if points > 0:
        return [Posting(partner, _ISSUE, points, NO_LOT, PostingReason.PARTNER_FUNDS)]
    if points < 0:
        return [Posting(_ISSUE, partner, -points, NO_LOT, PostingReason.PARTNER_FUNDS_BACK)]
    return []


def _reimbursed(partner: AccountId, points: int) -> list[Posting]:
    """*partner* gets *points*; negative: he gives them back."""
    if points > 0:
        return [Posting(_REDEEMED, partner, points, NO_LOT, PostingReason.PARTNER_PAID)]
    if points < 0:
        return [Posting(partner, _REDEEMED, -points, NO_LOT, PostingReason.PARTNER_PAID_BACK)]
    return []


def _with(outcome: Outcome, more: list[Posting]) -> Outcome:
    return structs.replace(outcome, postings=(*outcome.postings, *more)) if more else outcome
