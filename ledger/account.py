"""Accounts and the chart: which posting may ever be made.

An account is one integer: its kind (the chart's number) above 40 bits of owner. Member accounts are
liabilities of the programme: crediting one gives its member points, and balance = credits - debits.
"""

import enum
from typing import Final, NewType

AccountId = NewType("AccountId", int)

_OWNER_BITS: Final = 40


class AccountKind(enum.IntEnum):
    """The chart of accounts of a programme."""

    ISSUE = 1000  # contra: all points that came into being
    BUDGET = 1100  # of a campaign; not yet issued
    BUDGET_HELD = 1120  # of a campaign: reserved by open holds
    AVAILABLE = 2000  # of a member: spendable, by lot
    PENDING = 2010  # of a member: earned, waiting for the return window, by lot
    HELD = 2020  # of a member: reserved by open holds, by lot
    DEBT = 2030  # of a member: what he must earn back, never above 0
    CERTIFICATES = 2040  # points turned into certificates that are not used yet
    REDEEMED = 3000
    EXPIRED = 3010
    ADJUST = 3020
    WRITE_OFF = 3030
    PARTNER = 4000  # of a partner: what he owes the programme (below 0) or is owed by it
    SETTLED = 4100  # what partners paid, or were paid, in money
    TRANSIT = 8000  # from one member to another, within one decision: empty after each
    SUSPENSE = 9000  # advices that could not be booked on a member


MEMBER_KINDS: Final = frozenset(
    {AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.HELD, AccountKind.DEBT}
)


def account(kind: AccountKind, owner: int = 0) -> AccountId:
    """The account of *kind* that belongs to *owner* (0 for the programme itself)."""
    assert 0 <= owner < 1 << _OWNER_BITS
    return AccountId(kind << _OWNER_BITS | owner)


def kind_of(account_id: AccountId) -> AccountKind:
    """The kind of *account_id*."""
    return AccountKind(account_id >> _OWNER_BITS)


def owner_of(account_id: AccountId) -> int:
    """The owner of *account_id*."""
    return account_id & ((1 << _OWNER_BITS) - 1)


def name_of(account_id: AccountId) -> str:
    """*account_id* for people: ``available.42``, ``issue``."""
    kind, owner = kind_of(account_id), owner_of(account_id)
    name = kind.name.lower()
    return f"{name}.{owner}" if owner or kind in MEMBER_KINDS else name


def number_or_name(account_id: int) -> str:
    """*account_id* for people, also when the chart has no such account."""
    try:
        return name_of(AccountId(account_id))
    except ValueError:
        return f"account {account_id}"


class PostingReason(enum.IntEnum):
    """Why points moved. The chart says between which accounts each may move them."""

    EARN = 1
    EARN_AGAINST_DEBT = 2
    REDEEM = 3
    CLAW_BACK = 4  # earned points are taken back
    CLAW_BACK_TO_DEBT = 5  # ... that were spent already
    GIVE_BACK = 6  # redeemed points come back, in their lot
    RE_EXPIRE = 7  # ... whose lot expired meanwhile
    EXPIRE = 8
    EARN_TO_SUSPENSE = 9  # an advice for a card that cannot be used
    REDEEM_FROM_SUSPENSE = 10  # an advice that took more than there was
    UNDO_SUSPENSE = 11
    ABSORB = 12  # a shortfall that the programme bears
    REEARN = 13  # an undoing is itself undone
    REEARN_FROM_DEBT = 14
    REREDEEM = 15
    REREDEEM_TO_DEBT = 16
    HOLD = 20
    CAPTURE = 21  # a hold is completed: what it reserved is spent
    RELEASE = 22  # ... or it is not needed, or not all of it
    LAPSE = 23  # its time is over
    RELEASE_EXPIRED = 24  # what comes back from a hold belongs to a lot that expired meanwhile
    MATURE = 25  # earned points become available
    GRACE = 26  # points of a lot that expired meanwhile come back, to be used soon
    TRANSFER = 40  # to another member: points leave a lot, and the one after ...
    RECEIVE = 41  # ... makes a lot of them there
    TRANSFER_BACK = 42  # a transfer is undone: whoever received them gives them back ...
    RECEIVE_BACK = 43  # ... to the lots that they came from
    TRANSFER_AGAIN = 44  # the undoing of a transfer is itself undone
    RECEIVE_AGAIN = 45
    ADJUST = 60  # a person corrects an account, by what there is ...
    ADJUST_TO_DEBT = 61  # ... and by more
    WRITE_OFF = 62  # what a member owes is forgiven
    OPENING = 63  # what a member had before there were these books
    BUDGET_LOADED = 64  # a campaign gets more than its programme plans for it
    BUDGET_UNLOADED = 65  # ... or that back
    BUDGET_PLANNED = 80  # a campaign gets what its programme plans for it
    BUDGET_CUT = 81  # ... or less than it had
    BUDGET_SPENT = 82  # what its rules gave, beside the earning itself
    BUDGET_RETURNED = 83  # ... was taken back
    BUDGET_RESERVED = 84  # what a hold will need of it
    BUDGET_RELEASED = 85  # the hold was completed, or is no more
    EXCHANGE = 46  # points become a certificate
    EXCHANGE_BACK = 47  # ... and come back to their lots
    EXCHANGE_AGAIN = 48
    PAY_CERTIFICATE = 49  # a certificate pays
    PAY_BACK = 50  # ... and has its value again
    CERTIFICATE_LAPSE = 51  # nobody brought it in time
    GRANT = 66  # a rule gives a certificate, or money into a purse
    GRANT_BACK = 67  # ... which is taken back
    GRANT_OWED = 68  # ... as far as it was spent
    PARTNER_FUNDS = 52  # a partner bears what was issued
    PARTNER_FUNDS_BACK = 53  # ... and was taken back
    PARTNER_PAID = 54  # a partner gets what was redeemed with him
    PARTNER_PAID_BACK = 55  # ... and was given back
    CAMPAIGN_FUNDED = 57  # a partner bears his part of what a campaign gave
    CAMPAIGN_FUNDED_BACK = 58  # ... and was taken back
    PARTNER_SETTLED = 56  # what he owed or was owed is paid


_K, _R = AccountKind, PostingReason
CHART: Final = frozenset(
    {
        (_K.ISSUE, _K.AVAILABLE, _R.EARN),
        (_K.ISSUE, _K.DEBT, _R.EARN_AGAINST_DEBT),
        (_K.AVAILABLE, _K.REDEEMED, _R.REDEEM),
        (_K.AVAILABLE, _K.ISSUE, _R.CLAW_BACK),
        (_K.DEBT, _K.ISSUE, _R.CLAW_BACK_TO_DEBT),
        (_K.ADJUST, _K.ISSUE, _R.ABSORB),
        (_K.REDEEMED, _K.AVAILABLE, _R.GIVE_BACK),
        (_K.REDEEMED, _K.EXPIRED, _R.RE_EXPIRE),
        (_K.AVAILABLE, _K.EXPIRED, _R.EXPIRE),
        (_K.ISSUE, _K.SUSPENSE, _R.EARN_TO_SUSPENSE),
        (_K.SUSPENSE, _K.REDEEMED, _R.REDEEM_FROM_SUSPENSE),
        (_K.SUSPENSE, _K.ISSUE, _R.UNDO_SUSPENSE),
        (_K.REDEEMED, _K.SUSPENSE, _R.UNDO_SUSPENSE),
        (_K.ISSUE, _K.AVAILABLE, _R.REEARN),
        (_K.ISSUE, _K.DEBT, _R.REEARN_FROM_DEBT),
        (_K.AVAILABLE, _K.REDEEMED, _R.REREDEEM),
        (_K.DEBT, _K.REDEEMED, _R.REREDEEM_TO_DEBT),
        (_K.EXPIRED, _K.REDEEMED, _R.REREDEEM),
        (_K.ISSUE, _K.ADJUST, _R.REEARN),
        (_K.AVAILABLE, _K.HELD, _R.HOLD),
        (_K.HELD, _K.REDEEMED, _R.CAPTURE),
        (_K.HELD, _K.AVAILABLE, _R.RELEASE),
        (_K.HELD, _K.AVAILABLE, _R.LAPSE),
        (_K.HELD, _K.EXPIRED, _R.RELEASE_EXPIRED),
        (_K.ISSUE, _K.PENDING, _R.EARN),
        (_K.ISSUE, _K.PENDING, _R.REEARN),
        (_K.PENDING, _K.AVAILABLE, _R.MATURE),
        (_K.PENDING, _K.ISSUE, _R.CLAW_BACK),
        (_K.REDEEMED, _K.AVAILABLE, _R.GRACE),
        (_K.EXPIRED, _K.AVAILABLE, _R.GRACE),
        (_K.AVAILABLE, _K.TRANSIT, _R.TRANSFER),
        (_K.TRANSIT, _K.AVAILABLE, _R.RECEIVE),
        (_K.AVAILABLE, _K.TRANSIT, _R.TRANSFER_BACK),
        (_K.DEBT, _K.TRANSIT, _R.TRANSFER_BACK),
        (_K.ADJUST, _K.TRANSIT, _R.TRANSFER_BACK),
        (_K.TRANSIT, _K.AVAILABLE, _R.RECEIVE_BACK),
        (_K.AVAILABLE, _K.TRANSIT, _R.TRANSFER_AGAIN),
        (_K.DEBT, _K.TRANSIT, _R.TRANSFER_AGAIN),
        (_K.TRANSIT, _K.AVAILABLE, _R.RECEIVE_AGAIN),
        (_K.TRANSIT, _K.DEBT, _R.RECEIVE_AGAIN),
        (_K.TRANSIT, _K.ADJUST, _R.RECEIVE_AGAIN),
        (_K.ADJUST, _K.AVAILABLE, _R.ADJUST),
        (_K.AVAILABLE, _K.ADJUST, _R.ADJUST),
        (_K.DEBT, _K.ADJUST, _R.ADJUST_TO_DEBT),
        (_K.WRITE_OFF, _K.DEBT, _R.WRITE_OFF),
        (_K.ISSUE, _K.AVAILABLE, _R.OPENING),
        (_K.ISSUE, _K.BUDGET, _R.BUDGET_LOADED),
        (_K.BUDGET, _K.ISSUE, _R.BUDGET_UNLOADED),
        (_K.ISSUE, _K.BUDGET, _R.BUDGET_PLANNED),
        (_K.BUDGET, _K.ISSUE, _R.BUDGET_CUT),
        (_K.BUDGET, _K.ISSUE, _R.BUDGET_SPENT),
        (_K.ISSUE, _K.BUDGET, _R.BUDGET_RETURNED),
        (_K.BUDGET, _K.BUDGET_HELD, _R.BUDGET_RESERVED),
        (_K.BUDGET_HELD, _K.BUDGET, _R.BUDGET_RELEASED),
        (_K.AVAILABLE, _K.CERTIFICATES, _R.EXCHANGE),
        (_K.CERTIFICATES, _K.AVAILABLE, _R.EXCHANGE_BACK),
        (_K.CERTIFICATES, _K.EXPIRED, _R.EXCHANGE_BACK),
        (_K.AVAILABLE, _K.CERTIFICATES, _R.EXCHANGE_AGAIN),
        (_K.DEBT, _K.CERTIFICATES, _R.EXCHANGE_AGAIN),
        (_K.EXPIRED, _K.CERTIFICATES, _R.EXCHANGE_AGAIN),
        (_K.CERTIFICATES, _K.REDEEMED, _R.PAY_CERTIFICATE),
        (_K.REDEEMED, _K.CERTIFICATES, _R.PAY_BACK),
        (_K.CERTIFICATES, _K.EXPIRED, _R.CERTIFICATE_LAPSE),
        (_K.CERTIFICATES, _K.AVAILABLE, _R.GRACE),
        (_K.ISSUE, _K.CERTIFICATES, _R.GRANT),
        (_K.CERTIFICATES, _K.ISSUE, _R.GRANT_BACK),
        (_K.DEBT, _K.ISSUE, _R.GRANT_OWED),
        (_K.ADJUST, _K.ISSUE, _R.GRANT_OWED),
        (_K.PARTNER, _K.ISSUE, _R.CAMPAIGN_FUNDED),
        (_K.ISSUE, _K.PARTNER, _R.CAMPAIGN_FUNDED_BACK),
        (_K.PARTNER, _K.ISSUE, _R.PARTNER_FUNDS),
        (_K.ISSUE, _K.PARTNER, _R.PARTNER_FUNDS_BACK),
        (_K.REDEEMED, _K.PARTNER, _R.PARTNER_PAID),
        (_K.PARTNER, _K.REDEEMED, _R.PARTNER_PAID_BACK),
        (_K.PARTNER, _K.SETTLED, _R.PARTNER_SETTLED),
        (_K.SETTLED, _K.PARTNER, _R.PARTNER_SETTLED),
    }
)


def is_charted(debit: AccountId, credit: AccountId, reason: PostingReason) -> bool:
    """Whether a posting between these accounts for this reason may be made."""
    # Plain ints: they equal the chart's kinds, and making the kinds would cost more than all the rest.
    return (debit >> _OWNER_BITS, credit >> _OWNER_BITS, reason) in CHART
