"""Warns of what loads but is hardly meant: rules that never apply, campaigns without an aim, give-aways."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from loyalty.amount import format_minor
from rules.advice import Advice, percent
from rules.classics import classic_errors
from rules.conditions import AmountWithin
from rules.effects import (
    POINT_LANES,
    PRICE_LANES,
    REDEEM_LANES,
    CashBack,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Lane,
    Message,
    MoveTier,
    Redeem,
    TierPoints,
    TierPointsPerAmount,
)
from rules.goallint import vague_goals
from rules.idle import idle_things
from rules.outlook import Outlook, broken_promises
from rules.programme import Programme
from rules.redemption import Redemption
from rules.rule import Nature, Rule
from rules.stacking import Stacking

GIVE_AWAY_BP: Final = 2_500  # of the ticket; more needs a second look, where the author gives no limit
RULES_MAX: Final = 1_000  # up to which every pair is looked at
_UNPAID: Final = REDEEM_LANES | {Lane.GUARD, Lane.MESSAGE}  # lanes of rules that cost nothing
_NATURES: Final = (
    ((IssueCoupon,), Nature.COUPONS),
    ((IssueCertificate,), Nature.CERTIFICATES),
    ((IssueMoney, CashBack), Nature.MONEY),
    ((GiveAway,), Nature.PRIZES),
    ((GiveStamps,), Nature.STAMPS),
    ((TierPoints, TierPointsPerAmount, MoveTier), Nature.TIERS),
    ((Message,), Nature.MESSAGES),
)
PARTS_MAX: Final = 6  # rules of a stack that are told


def lint(
    programme: Programme, costs: Mapping[str, int] = MappingProxyType({}), outlook: Outlook | None = None
) -> list[Advice]:
    """All warnings, in the order of the rules.

    Args:
        programme: It loads.
        costs: Of a unit by product, in minor units, where they are known.
        outlook: What the books tell, where there are any.
    """
    return [
        *idle_things(programme),
        *_aimless_campaigns(programme),
        *_misnamed_campaigns(programme),
        *_give_away(programme),
        *_promises(programme),
        *classic_errors(programme, costs),
        *(() if outlook is None else broken_promises(programme, costs, outlook)),
        *_idle_redemptions(programme),
    ]


def _aimless_campaigns(programme: Programme) -> Iterator[Advice]:
    takes_off = {rule.campaign for rule in programme.rules if rule.lane in PRICE_LANES}
    gives = {rule.campaign for rule in programme.rules if rule.lane not in PRICE_LANES | _UNPAID}
    for campaign in programme.campaigns:
        name, is_off_prices = f"campaign {campaign.id}", campaign.id in takes_off
        if is_off_prices and campaign.discount_budget is None:
            yield Advice(name, "has no budget for what it takes off prices", "write budget_discounts")
        is_for_prices = is_off_prices or campaign.discount_budget is not None
        if campaign.budget_points is None and (campaign.id in gives or not is_for_prices):
            yield Advice(name, "has no budget", "write budget_points")
    yield from vague_goals(programme)


def _misnamed_campaigns(programme: Programme) -> Iterator[Advice]:
    """Campaigns of which a rule gives what they do not say."""
    natures = {campaign.id: campaign.nature for campaign in programme.campaigns}
    told: set[tuple[str, Nature]] = set()
    for rule in programme.rules:
        said, given = natures.get(rule.campaign, Nature.MIXED), _nature_of(rule)
        if said in (Nature.MIXED, given) or given is None or (rule.campaign, given) in told:
            continue
        told.add((rule.campaign, given))
        what = f"says that it gives {said.value}, and its rule {rule.id} gives {given.value}"
        yield Advice(f"campaign {rule.campaign}", what, 'write nature = "mixed", or what it gives')


def _nature_of(rule: Rule) -> Nature | None:
    """What *rule* gives; ``None`` when that is nothing."""
    if rule.lane in POINT_LANES:
        return Nature.POINTS
    if rule.lane in PRICE_LANES:
        return Nature.DISCOUNTS
    for kinds, nature in _NATURES:
        if isinstance(rule.effect, kinds):
            return nature
    return None


def _give_away(programme: Programme) -> Iterator[Advice]:
    """What a ticket brings back at most, if all that can come together does."""
    limit_bp = programme.restraint.giveaway_max_bp
    if len(programme.rules) > RULES_MAX:
        yield Advice(
            "rules",
            f"are more than {RULES_MAX}, so what they give together was not looked at",
            "test it by a backtest",
            is_problem=limit_bp is not None,
        )
        return
    stack = Stacking(programme).worst()
    if stack.share_bp <= (GIVE_AWAY_BP if limit_bp is None else limit_bp):
        return
    ticket, worth = (
        format_minor(minor, programme.terms.currency) for minor in (stack.ticket_minor, stack.worth_minor)
    )
    parts = [f"{rule} {format_minor(minor, programme.terms.currency)}" for rule, minor in stack.parts]
    told = ", ".join(parts[:PARTS_MAX]) + (f" and {len(parts) - PARTS_MAX} more" * (len(parts) > PARTS_MAX))
    allowed = "" if limit_bp is None else f", and {percent(limit_bp)} percent are allowed"
    yield Advice(
        "guards.giveaway_max_bp",
        f"a ticket of {ticket} may bring back {worth},"
        f" {percent(stack.share_bp)} percent of it{allowed}: {told}",
        "put them into a group, limit them by cap, or ask for a larger amount",
        is_problem=limit_bp is not None,
    )


def _promises(programme: Programme) -> Iterator[Advice]:
    if programme.validity.last is None:
        yield Advice(
            "points.last", "lets points live for ever, so what is owed never ends", "let them expire"
        )
    shares = [each.share for _, each in _redemptions(programme) if not each.refused]
    pays_all = any(share.numerator == share.denominator for share in shares)
    if programme.refund.shortfall.value == "absorb" and pays_all:
        price = format_minor(100, programme.terms.currency)
        yield Advice(
            "refund.shortfall",
            f"forgets points that were spent: {price} can be bought, earned on and returned for ever",
            "take debt",
        )


def _redemptions(programme: Programme) -> Iterator[tuple[Rule | None, Redemption]]:
    """The programme's own terms and those of its rules."""
    yield None, programme.redemption
    for rule in programme.rules:
        if isinstance(rule.effect, Redeem):
            yield rule, rule.effect.redemption


def _idle_redemptions(programme: Programme) -> Iterator[Advice]:
    """Terms under which points can never pay anything, though nobody said that they should not."""
    currency = programme.terms.currency
    for rule, terms in _redemptions(programme):
        if terms.refused:
            continue
        where = "redemption" if rule is None else f"rule {rule.id}"
        least_minor = terms.value.of(max(terms.minimum, terms.step))
        if terms.share.numerator == 0:
            yield Advice(where, "lets points pay no part of a ticket", "write a share, or refuse")
            continue
        conditions = () if rule is None else rule.when
        tickets = [
            each for each in conditions if isinstance(each, AmountWithin) and each.attribute == "ticket"
        ]
        most_minor = min([each.high for each in tickets if each.high is not None], default=0) - 1
        if most_minor < 0:
            continue
        if most_minor < terms.ticket_from_minor:
            told = format_minor(terms.ticket_from_minor, currency)
            yield Advice(where, f"asks for a ticket from {told} that it excludes", "lower ticket_from")
        elif terms.share.of(most_minor) < least_minor:
            told = f"{format_minor(least_minor, currency)} at least, its share of a ticket is"
            told += f" {format_minor(terms.share.of(most_minor), currency)} at most"
            yield Advice(where, f"never lets points pay: they pay {told}", "lower minimum or step")
