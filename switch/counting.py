"""What was counted before a sale, what a sale adds to it, and what undoing a sale takes back of it.

All of it happens in the one decision: the rules see the counters as they are at that moment, and what the
decision adds is seen by the next. So a limit or a budget cannot be passed, whoever sends at the same time.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Final

from ledger.account import AccountId, AccountKind, account
from loyalty.transaction import Operation
from members.card import Card
from rules.award import Award
from rules.cap import BUDGET, OFF, Scope
from rules.counters import Counting, Place, Tallied
from rules.evaluate import evaluate
from rules.extras import NOTHING, Extras, extras
from rules.facts import Facts
from rules.programme import Programme, Shortfall
from rules.tiers import BELOW, HELD
from switch import funding
from switch.activation import BY_PURCHASE
from switch.case import Case
from switch.funding import borne
from switch.gifts import GIFT, OWED, POSTED, Undoing
from switch.gifts_kept import remaining_of, whole_again
from switch.kept import counted_for, kept_for, settle
from switch.outcome import Record, Side, completes
from switch.postings import Draft
from switch.remaining import Again, may_be_more, pays_goods
from switch.returns import Kept
from switch.tallies import KEPT, USED, kept_place, rows_of
from switch.tiering import grants_of, tier_again, tier_changes, tier_undone
from switch.worksheet import Worksheet

_PLANNED: Final = "planned:"
_EVER: Final = ""  # the stretch without an end
_OWNER_SIZE: Final = 5  # bytes of an account's owner


def budget_account(campaign: str) -> AccountId:
    """The account of a campaign's budget. Its owner's number is made of the campaign's name."""
    owner = int.from_bytes(sha256(campaign.encode()).digest()[:_OWNER_SIZE], "big")
    return account(AccountKind.BUDGET, owner)


def planned_place(campaign: str) -> Place:
    """Where it is kept how much of a budget came from the programme's plan."""
    return f"{_PLANNED}{campaign}", _EVER, _EVER


def loaded_place(campaign: str) -> Place:
    """Where it is kept how much was loaded into a budget beside the plan."""
    return f"loaded:{campaign}", _EVER, _EVER


def counters_before(
    case: Case, counting: Counting, card: Card | None, tallied: Tallied | None = None
) -> tuple[tuple[str, int], ...]:
    """The counters as they stand before the sale, or as *tallied* tells them."""
    budgets = case.programme.budgets
    tallies = case.worksheet.tallies if tallied is None else tallied

    def total(place: Place) -> int:
        counted = tallies.tally(place)
        if place[0] in budgets:
            counted -= tallies.tally(loaded_place(budgets[place[0]][0]))
        return counted

    day = case.moment.business_date
    return counting.values(_whose(case, card), day, tallies, total)


def count_sale(
    case: Case,
    card: Card | None,
    facts: Facts,
    award: Award,
    draft: Draft,
    given: Extras = NOTHING,
    hold: Record | None = None,
    spared: Collection[str] = (),
) -> tuple[Side, ...]:
    """What the sale adds, its member's way through the tiers too; *draft* gets what budgets bear.

    It takes the place of what was kept for its *hold*, of whose coupons the codes *spared* brought nothing.
    """
    counting = case.programme.counting
    growth: dict[str, int] = {}
    off: dict[str, int] = {}
    changes: dict[Place, int] = {}
    day = case.moment.business_date
    if counting is not None:
        growth = counting.growth(facts, award, given.counted, given.rules)
        if hold is not None:  # its prices were promised, and taken off from then on
            off = {measure: growth.pop(measure) for measure in list(growth) if measure.startswith(OFF)}
        changes = dict(counting.places(growth, _whose(case, card), day))
    if case.programme.borne_by:
        changes |= borne(case.programme, award, given)
    if card is not None and given.tiers:
        changes |= grants_of(card.member_id, given.tiers, day)
    freed = None if hold is None else settle(case.worksheet, hold.seq, changes, off)
    if hold is not None and spared:
        for place, count in counted_for(case.worksheet, hold.seq).items():
            if place[0].startswith(USED) and place[0].removeprefix(USED) in spared:
                changes[place] = changes.get(place, 0) - count
    if card is not None and case.programme.qualification is not None:
        changes |= tier_changes(case.worksheet, case.programme, card.member_id, card.tier, day, growth)
    return _put_down(case, changes, draft, freed=freed)


def count_held(
    case: Case, card: Card, facts: Facts, award: Award, used: tuple[Side, ...], draft: Draft
) -> tuple[Side, ...]:
    """What a hold counts: *used* by its coupons, stamps that pay for something, limits and budgets."""
    counting = case.programme.counting
    changes: dict[Place, int] = {}
    given = extras(case.programme, facts, award.counted).counted
    if case.programme.free_for_stamps:
        for_goods = pays_goods(case.programme)
        stamps = [each for each in given if each[0] in for_goods]
        changes = {(name, str(card.member_id), _EVER): by for name, by in stamps}
    if counting is not None:
        taken = counting.taken(facts, award, given)
        changes |= dict(counting.places(taken, _whose(case, card), case.moment.business_date))
    if not changes and not used:
        return ()
    changes[kept_place(case.moment.seq)] = 1
    post_budgets(case.worksheet, case.programme, changes, draft, is_held=True)
    return (*used, *rows_of(changes, case.worksheet.tally))


def uncount_held(case: Case, hold: Record, left: Facts, draft: Draft) -> tuple[Side, ...]:
    """What is kept for *hold* no more when only *left* of its sale may take place: of limits and budgets."""
    programme = case.programmes.version(hold.programme_version)
    kept, counting = kept_for(case.worksheet, hold.seq), programme.counting
    if not kept or counting is None:
        return ()
    award = evaluate(programme, left)
    needs = counting.taken(left, award, extras(programme, left, award.counted).counted)
    limits = dict(counting.names)
    changes = {
        place: min(needs.get(place[0], 0) - count, 0) for place, count in kept.items() if place[0] in limits
    }
    freed = {place: -change for place, change in changes.items()}
    post_budgets(case.worksheet, case.programme, changes, draft, freed)
    return rows_of(changes, case.worksheet.tally)


def uncount_part(case: Case, sale: Record, kept: Kept, draft: Draft) -> tuple[Side, ...]:
    """What is taken back when only *kept* is left of *sale*."""
    programme = case.programmes.version(sale.programme_version)
    if not _counts(programme):
        return ()
    standing = _standing(case, sale)
    remaining = remaining_of(case, sale, kept, _counted_by(case, sale), standing)
    changes = {place: remaining.of(place, stands) - stands for place, stands in standing.items()}
    changes |= tier_undone(case.worksheet, case.programme, sale, case.moment.business_date, changes)
    return _put_down(case, changes, draft, sale)


def uncount_all(case: Case, record: Record, draft: Draft) -> tuple[Side, ...]:
    """What is taken back when nothing is left of *record*."""
    if not _counts(case.programmes.version(record.programme_version)):
        return ()
    kept = kept_for(case.worksheet, record.seq) if record.operation == Operation.HOLD.value else None
    stands = _standing(case, record) if kept is None else kept
    changes = {place: -count for place, count in stands.items()}
    changes |= tier_undone(case.worksheet, case.programme, record, case.moment.business_date, changes)
    return _put_down(case, changes, draft, record, freed=kept)


def count_again(case: Case, undoing: Record, draft: Draft) -> tuple[Side, ...]:
    """What is counted again when *undoing* did not happen; a hold that was ended does not come back."""
    original = None if undoing.original is None else case.worksheet.by_seq(undoing.original)
    if original is not None and original.operation == Operation.HOLD.value:
        return ()
    counted: Counter[Place] = Counter()
    for seq in (undoing.seq, *(link.seq for link in case.worksheet.links_to(undoing.seq))):
        for place, change in case.worksheet.tallies.tallied_by(seq):  # of its void, too, and what undid that
            counted[place] += change
    changes = {place: -change for place, change in counted.items() if not _stays(place)}
    if original is not None and original.operation == Operation.REFUND.value and original.original:
        sale = case.worksheet.by_seq(original.original)
        assert sale is not None
        before = _counted_by(case, sale)
        stands = _standing(case, sale)  # other refunds since may have been rounded otherwise
        changes = {
            place: change if may_be_more(place, before) else max(change, -stands.get(place, 0))
            for place, change in changes.items()
        }
    elif original is not None and undoing.operation == Operation.REFUND.value:
        before, stands = _counted_by(case, original), _standing(case, original)
        changes |= _not_twice(changes, before, stands)
        changes |= whole_again(case, original, undoing, before, stands, changes)
    changes |= tier_again(case.worksheet, case.programme, undoing)
    return _put_down(case, changes, draft, undoing)


def count_part_again(
    case: Case, undoing: Record, part_minor: int, of_minor: int, draft: Draft
) -> tuple[Side, ...]:
    """What is counted again when *part_minor* of *of_minor* of *undoing* did not happen."""
    undone = [each for each in case.worksheet.tallies.tallied_by(undoing.seq) if not _stays(each[0])]
    sale, text = undoing, None
    if undoing.original is not None:
        sale = case.worksheet.by_seq(undoing.original) or undoing
        if any(place[0].startswith(GIFT) for place, _ in undone):
            text = case.worksheet.facts(sale.seq)
    facts = None if text is None else Facts.from_json(text)
    again = Again(case.programmes.version(sale.programme_version), undone, facts)
    changes = {place: again.of(place, -change, part_minor, of_minor) for place, change in undone}
    if sale is not undoing:
        changes |= _not_twice(changes, _counted_by(case, sale), _standing(case, sale))
    return _put_down(case, changes, draft, undoing)


def _not_twice(
    changes: Mapping[Place, int], before: Mapping[Place, int], stands: Mapping[Place, int]
) -> dict[Place, int]:
    """What of *changes* is counted again of what was *before*; another undoing may have done it."""
    return {
        place: min(change, before[place] - stands.get(place, 0))
        for place, change in changes.items()
        if before.get(place, 0) > 0
    }


def _stays(place: Place) -> bool:
    """It is not undone with the sale: plans of budgets, and tiers, on which the next look decides."""
    return place[0] in (HELD, BELOW, BY_PURCHASE) or place[0].startswith((_PLANNED, KEPT))


def _whose(case: Case, card: Card | None) -> Callable[[Scope], str | None]:
    """Whom each scope means. What has no name (a cashier, a partner) is one nameless one."""
    transaction = case.transaction
    terminal = transaction.terminal

    def whose(scope: Scope) -> str | None:
        match scope:
            case Scope.MEMBER:
                return None if card is None else str(card.member_id)
            case Scope.CARD:
                return None if card is None else str(card.card_id)
            case Scope.TERMINAL:
                return f"{terminal.acquirer_id}/{terminal.terminal_id}"
            case Scope.CASHIER:
                return f"{terminal.merchant_id}/{transaction.cashier}"
            case Scope.PARTNER:
                return terminal.partner
            case Scope.ALL:
                return _EVER

    return whose


def _counts(programme: Programme) -> bool:
    """Whether decisions under *programme* may have counted anything."""
    counts = programme.counting is not None or bool(programme.coupons)
    return counts or programme.gives or bool(programme.borne_by)


def _standing(case: Case, record: Record) -> dict[Place, int]:
    """What is still counted of *record*: its own part less what was taken back since."""
    counted: Counter[Place] = Counter(_counted_by(case, record))
    for link in case.worksheet.links_to(record.seq):
        tallied = case.worksheet.tallies.tallied_by(link.seq)
        if not tallied or not _is_about(case, link.seq, record):
            continue
        for place, change in tallied:
            if not _is_apart(place):
                counted[place] += change
    return dict(sorted(counted.items()))


def _is_about(case: Case, seq: int, record: Record) -> bool:
    """Whether decision *seq* undid *record*, or an undoing of it.

    One that undid a sale gives points back to redemptions of its ticket, too: what it counted is the sale's.
    """
    entry = case.worksheet.by_seq(seq)
    while entry is not None and entry.original is not None:
        if entry.original == record.seq:
            return True
        entry = case.worksheet.by_seq(entry.original)
    return False


def _counted_by(case: Case, record: Record) -> dict[Place, int]:
    """What *record* counted, with what was kept for it by its hold."""
    tallies = case.worksheet.tallies
    own = dict(tallies.tallied_by(record.seq))
    counted: Counter[Place] = Counter(own)
    if record.original is not None and completes(record):
        of_hold = counted_for(case.worksheet, record.original)
        kept = kept_place(record.original)
        if kept in own or kept not in of_hold:  # else its time was over, and it was freed before
            counted.update(of_hold)
    # What a hold counted on its day and its completion on another is nothing on the first.
    return {place: change for place, change in counted.items() if change and not _is_apart(place)}


def _is_apart(place: Place) -> bool:
    return _stays(place) or place[0].startswith(OWED)


def _put_down(
    case: Case,
    changes: dict[Place, int],
    draft: Draft,
    undone: Record | None = None,
    *,
    freed: Mapping[Place, int] | None = None,
) -> tuple[Side, ...]:
    """The rows of *changes*; what concerns budgets is posted, and gifts of the *undone* are taken back.

    *freed* is what of *changes* a hold does not keep any more.
    """
    total = case.worksheet.tally
    gifts: Undoing | None = None
    if undone is not None:
        for place, change in list(changes.items()):
            if change and place[0].startswith(POSTED):
                policy = case.programmes.version(undone.programme_version).refund.shortfall
                gifts = gifts or Undoing(case, draft, absorb=policy is Shortfall.ABSORB)
                gifts.follow(place, change, changes)
    if undone is not None or case.programme.partners:
        funding.post(draft, changes)
    post_budgets(case.worksheet, case.programme, changes, draft, freed)
    rows = rows_of(changes, total)
    return rows if gifts is None else (*rows, *gifts.sides)


def post_budgets(
    worksheet: Worksheet,
    programme: Programme,
    changes: dict[Place, int],
    draft: Draft,
    freed: Mapping[Place, int] | None = None,
    *,
    is_held: bool = False,
) -> None:
    """Post what of *changes* concerns the budgets of campaigns.

    Args:
        worksheet: As things stand.
        programme: That plans the budgets; *changes* get what it plans more, or less.
        changes: By place.
        draft: Gets the postings.
        freed: What of *changes* a hold does not keep any more.
        is_held: They are kept for a hold.
    """
    total = worksheet.tally
    for place, change in list(changes.items()):
        if not place[0].startswith(BUDGET):
            continue
        released = freed.get(place, 0) if freed else 0
        if change or released:
            campaign = place[0].removeprefix(BUDGET).removesuffix("/all")
            planned = total(planned_place(campaign))
            _, plan = programme.budgets.get(place[0], (campaign, planned))
            # Never below what is spent: a plan that is cut, or an undoing that is undone, cannot unspend.
            spent = total(place) + change
            more = max(plan, spent - total(loaded_place(campaign))) - planned
            budget = budget_account(campaign)
            given = change + released
            draft.hold_budget(budget, -released)  # what comes in stands before what goes out
            if is_held:
                draft.plan_budget(budget, more)
                draft.hold_budget(budget, given)
            else:
                draft.spend_budget(budget, min(given, 0))
                draft.plan_budget(budget, more)
                draft.spend_budget(budget, max(given, 0))
            changes[planned_place(campaign)] = more
