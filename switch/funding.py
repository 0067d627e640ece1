"""Who bears what campaigns give: partners, in the parts that the campaign says.

What each partner bears is counted like anything else that is counted, so what undoes a sale finds it there;
and beside it the points of campaigns whose cost is not that of the terminal's partner. The part of somebody
who is no partner is the programme's. Points are shared out by largest remainder, and each partner's share is
a lot of its own, so it can be told whose points were spent, and whose expired.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Final

from ledger.account import AccountId, AccountKind, PostingReason, account
from ledger.entry import NO_LOT, Posting
from rules.award import Award
from rules.counters import Place
from rules.extras import PRIZE, Extras, points_worth
from rules.facts import allocate
from rules.programme import Programme
from rules.rule import Campaign
from switch.outcome import Side
from switch.postings import Draft
from switch.returns import Kept
from switch.tallies import TALLY
from switch.worksheet import Worksheet

GIVEN: Final = (
    "campaign_points:"  # begins the measure of points that a campaign with a budget or partners gave
)
FUNDED: Final = "funded:"  # begins that of what a partner bears of these
FUNDED_GIFTS: Final = "funded_gifts:"  # ... and of certificates and money for purses, in points
POSTED: Final = (FUNDED, FUNDED_GIFTS)
BORNE: Final = (GIVEN, *POSTED)
_ISSUE: Final = account(AccountKind.ISSUE)
_EVER: Final = ""
_OWNER_SIZE: Final = 5  # bytes of an account's owner


def partner_account(partner: str) -> AccountId:
    """The clearing account of a partner. Its owner's number is made of the partner's name."""
    owner = int.from_bytes(sha256(partner.encode()).digest()[:_OWNER_SIZE], "big")
    return account(AccountKind.PARTNER, owner)


def borne(programme: Programme, award: Award, given: Extras) -> dict[Place, int]:
    """What campaigns and their partners bear of a sale, by where it is counted."""
    campaign_of = programme.borne_by
    if not campaign_of:
        return {}
    points: Counter[str] = Counter()
    gifts: Counter[str] = Counter()
    for rule, part in award.parts:
        if rule in campaign_of:
            points[campaign_of[rule].id] += part
    for gift in given.gifts:
        if gift.rule in campaign_of and gift.kind != PRIZE:
            gifts[campaign_of[gift.rule].id] += points_worth(programme, gift.value_minor)
    campaigns = {each.id: each for each in campaign_of.values()}
    changes: dict[Place, int] = {}
    for name, whole in points.items():
        changes[GIVEN + name, _EVER, _EVER] = whole
        changes |= _shares(programme, campaigns[name], FUNDED, whole)
    for name, whole in gifts.items():
        changes |= _shares(programme, campaigns[name], FUNDED_GIFTS, whole)
    return changes


def left_of(
    place: Place,
    programme: Programme,
    by_lines: Mapping[Place, int] | None,
    before: Mapping[Place, int],
    kept: Kept,
    gifts: Mapping[str, int] | None,
) -> int:
    """What of *before* is borne at *place* still when only *kept* is left of a sale.

    *by_lines* is that of its lines; ``None`` when nobody said which of them are kept: then *gifts* are the
    points by campaign that certificates and money of it are worth still, ``None`` when that is not known.
    """
    if by_lines is not None:
        return by_lines.get(place, 0)
    name = place[0].partition(":")[2]
    campaign = next(each for each in programme.campaigns if each.id == name)
    points = before.get((GIVEN + name, _EVER, _EVER), 0) * kept.minor // kept.of_minor
    if place[0].startswith(GIVEN):
        return points
    if place[0].startswith(FUNDED_GIFTS):
        return before.get(place, 0) if gifts is None else share_of_gifts(place, programme, gifts)
    return _shares(programme, campaign, FUNDED, points).get(place, 0)


def share_of_gifts(place: Place, programme: Programme, gifts: Mapping[str, int]) -> int:
    """What the partner of *place* bears of *gifts*, in points by campaign."""
    name = place[0].removeprefix(FUNDED_GIFTS)
    campaign = next(each for each in programme.campaigns if each.id == name)
    return _shares(programme, campaign, FUNDED_GIFTS, gifts.get(name, 0)).get(place, 0)


def _shares(programme: Programme, campaign: Campaign, measure: str, points: int) -> dict[Place, int]:
    if not campaign.funding or points <= 0:
        return {}
    parts = allocate(points, [share for _, share in campaign.funding])
    return {
        (measure + campaign.id, partner, _EVER): part
        for (partner, _), part in zip(campaign.funding, parts, strict=True)
        if part and programme.partner(partner) is not None
    }


def post(draft: Draft, changes: Mapping[Place, int]) -> None:
    """Post what partners bear of what campaigns gave by *changes*, or have again."""
    for (measure, partner, _), points in changes.items():
        if not measure.startswith(POSTED):
            continue
        its = partner_account(partner)
        if points > 0:
            draft.postings.append(Posting(its, _ISSUE, points, NO_LOT, PostingReason.CAMPAIGN_FUNDED))
        elif points < 0:
            draft.postings.append(Posting(_ISSUE, its, -points, NO_LOT, PostingReason.CAMPAIGN_FUNDED_BACK))


def earn(draft: Draft, programme: Programme, award: Award, available_from: date, expires_on: date) -> None:
    """Issue the points of *award*: what partners bear in lots of their own, behind all others."""
    if not programme.borne_by or draft.book is None:
        draft.earn(award.points, available_from, expires_on)
        return
    of_partner: Counter[str] = Counter()
    for (measure, partner, _), points in borne(programme, award, Extras()).items():
        if measure.startswith(FUNDED):
            of_partner[partner] += points
    # A sale earns less than its campaigns give where goods were returned on the ticket.
    left = min(award.points, of_partner.total())
    draft.earn(award.points - left, available_from, expires_on)
    for partner, points in sorted(of_partner.items()):
        made = len(draft.lots)
        part = min(points, left)
        left -= part
        draft.earn(part, available_from, expires_on)
        draft.lots[made:] = [replace(lot, funder=partner) for lot in draft.lots[made:]]


def claw_back(
    worksheet: Worksheet,
    draft: Draft,
    points: int,
    lots: Sequence[int],
    sides: Sequence[Side],
    *,
    absorb: bool,
) -> None:
    """Take *points* of *lots* back, those that partners have again by *sides* from lots of theirs."""
    given_back = list(_given_back(sides)) if sides else ()
    known = worksheet.lots(lots) if given_back else {}
    for partner, part in given_back:
        own = [lot for lot in lots if lot in known and known[lot].funder == partner]
        draft.claw_back(min(part, points), own, absorb=absorb)
        points -= min(part, points)
    draft.claw_back(points, lots, absorb=absorb)


def earn_again(
    worksheet: Worksheet,
    draft: Draft,
    points: int,
    lots: Sequence[int],
    available_from: date,
    expires_on: date,
) -> None:
    """Undo a claw-back of *lots*: each is filled up again, and the first gets what is over."""
    known = worksheet.lots(lots) if lots else {}
    for number in lots[1:]:
        lot = known[number]
        if draft.book is not None and points:
            part = min(points, lot.points - draft.book.left_of(number))
            draft.earn_again(part, lot, available_from, expires_on)
            points -= part
    draft.earn_again(points, known.get(lots[0]) if lots else None, available_from, expires_on)


def borne_by_campaigns(sides: Iterable[Side]) -> int:
    """Points that campaigns bear by *sides*; negative where they have them again."""
    return sum(change for (measure, *_), change in _changes(sides) if measure.startswith(GIVEN))


def _given_back(sides: Iterable[Side]) -> Iterator[tuple[str, int]]:
    for (measure, partner, _), change in _changes(sides):
        if measure.startswith(FUNDED) and change < 0:
            yield partner, -change


def _changes(sides: Iterable[Side]) -> Iterator[tuple[Place, int]]:
    for side in sides:
        if side.table == TALLY:
            measure, whose, stretch, change, _ = side.values
            assert isinstance(change, int)
            yield (str(measure), str(whose), str(stretch)), change
