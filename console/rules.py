"""The programme: checked, shown, explained, and tried on what has happened."""

import io
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console
from rich.table import Table

from config.load import load_settings
from console.checking import check
from console.hindsight import backtest
from console.lifecycle import activate, approve, history, rollback, shadow
from console.options import config_option, json_option, print_json
from console.programmes import part_named, programme_option
from console.rerate import rerate
from loyalty.amount import format_minor
from loyalty.errors import LoyaltyError
from loyalty.transaction import Operation
from rules.describe import (
    describe,
    describe_caps,
    describe_effect,
    describe_qualification,
    describe_redemption,
    describe_rule,
    describe_span,
    tell_redemption,
)
from rules.effects import Decline, Lane
from rules.evaluate import evaluate
from rules.explain import tell, why_not
from rules.facts import Facts
from rules.parse import load_programme
from rules.programme import Programme
from rules.redeem import as_rung_up
from rules.schema import campaign_schema, programme_schema
from switch.allowed import terms_of_decision
from switch.database import open_for_reading
from switch.enactment import Restorer
from switch.outcome import Record
from switch.programmes import part_told
from switch.recall import Recall
from switch.returns import rated_by


@click.group(epilog="Example: puntual rules check --config shop/puntual.toml")
def rules() -> None:
    """Check, show, explain and try the programme; put it into force and take it back."""


for _command in (check, activate, approve, rollback, shadow, history, backtest, rerate):
    rules.add_command(_command)


@rules.command(epilog="Example: puntual rules show --config shop/puntual.toml --html rules.html")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to this file.")
@programme_option
@config_option
@json_option
def show(html: Path | None, programme: str, config: Path, *, as_json: bool) -> None:
    """The programme as tables; as JSON with all that stand beside it."""
    whole = load_programme(load_settings(config).programme)
    if as_json:
        click.echo(whole.text)
        return
    shown = part_named(whole, programme)
    # The page has room; what is recorded for it is not printed.
    console = Console() if html is None else Console(record=True, width=140, file=io.StringIO())
    console.print(_terms_table(shown))
    console.print(_rules_table(shown))
    if shown.coupons:
        console.print(_coupons_table(shown))
    if shown.campaigns:
        console.print(_campaigns_table(shown))
    if html is not None:
        html.write_text(console.export_html(inline_styles=True), encoding="utf-8")


def _terms_table(programme: Programme) -> Table:
    terms = programme.terms
    table = Table(title=f"{programme.name}, version {programme.version}", show_header=False)
    rate = programme.base.rate
    rounding = f"{programme.base.rounding.value} on each {programme.base.level.value}"
    last = programme.validity.last
    table.add_row("currency", terms.currency)
    table.add_row("time zone", str(terms.zone))
    table.add_row("earns", f"{rate.numerator} for each {format_minor(rate.denominator, terms.currency)}")
    table.add_row("rounding", rounding.replace("_", " "))
    table.add_row("points last", "for ever" if last is None else describe_span(last))
    if programme.validity.wait.count:
        table.add_row("usable after", describe_span(programme.validity.wait))
    if programme.limits:
        table.add_row("limits", describe_caps(programme.limits, terms.currency))
    table.add_row("redemption", describe_redemption(programme.redemption, terms.currency))
    certificates = programme.certificates
    steps = f"of {certificates.minimum} points and more, in steps of {certificates.step}"
    made = f"{steps}, for {describe_span(certificates.last)}"
    table.add_row("certificates", made)
    for prize in programme.prizes:
        tiers = "".join(f", {points} for {tier}" for tier, points in sorted(prize.tier_points.items()))
        table.add_row(f"prize {prize.code}", f"{prize.text}, {prize.points} points{tiers}")
    for partner in programme.partners:
        does = [word for word, on in (("funds", partner.funds), ("is reimbursed", partner.reimbursed)) if on]
        table.add_row(f"partner {partner.id}", ", ".join([partner.text, *does]))
    family = programme.family
    if family.per_transaction is not None or family.per_day is not None:
        limits = ((family.per_transaction, "a time"), (family.per_day, "a day"))
        told = ", ".join(f"{points} points {per}" for points, per in limits if points is not None)
        table.add_row("family", f"may use {told}")
    table.add_row("tiers", ", ".join(programme.tiers) or "none")
    if programme.qualification is not None:
        told = describe_qualification(programme.qualification, programme.tiers, terms.currency)
        table.add_row("qualification", told)
    refund = programme.refund
    policy = (refund.points_back, refund.without_original, refund.shortfall)
    back, alone, short = (each.value.replace("_", " ") for each in policy)
    table.add_row(
        "refunds", f"points back: {back}; without the original: {alone}; points spent already: {short}"
    )
    if programme.holdout_bp:
        table.add_row("held out", f"{programme.holdout_bp} of 10,000 members get nothing beside the base")
    return table


def _rules_table(programme: Programme) -> Table:
    currency = programme.terms.currency
    table = Table(title="Rules, in order of evaluation")
    for column in ("lane", "group", "rule", "what", "when", "gives"):
        table.add_column(column)
    groups = ("", *(f"{group.id} ({group.pick.value})" for group in programme.groups))
    for rule in programme.rules:
        what = f"{rule.text} [{rule.campaign}]" if rule.campaign else rule.text
        gives = describe_effect(rule.effect, currency)
        own = [cap for cap in rule.caps if cap.subject == f"rule:{rule.id}"]  # others stand at their campaign
        has_floor = rule.margin_floor_bp is not None
        floor = f"leaves a margin of {rule.margin_floor_bp} basis points" if has_floor else ""
        table.add_row(
            rule.lane.name.lower(),
            groups[rule.group],
            rule.id,
            what,
            describe_rule(rule, currency) or "always",
            "; ".join(part for part in (gives, describe_caps(own, currency), floor) if part),
        )
    return table


def _coupons_table(programme: Programme) -> Table:
    table = Table(title="Coupons")
    for column in ("coupon", "what", "codes", "uses of a code", "of a member", "when"):
        table.add_column(column)
    for coupon in programme.coupons.values():
        codes = ", ".join(sorted(coupon.codes)[:3]) + (", …" if len(coupon.codes) > 3 else "")
        period = coupon.period
        table.add_row(
            coupon.id,
            coupon.text,
            codes or "issued to members",
            "any" if coupon.uses is None else str(coupon.uses),
            "any" if coupon.uses_per_member is None else str(coupon.uses_per_member),
            describe_span(coupon.lasts) if period is None else describe(period, programme.terms.currency),
        )
    return table


def _campaigns_table(programme: Programme) -> Table:
    table = Table(title="Campaigns")
    for column in ("campaign", "what", "state", "category", "goal", "budget", "limits", "borne by"):
        table.add_column(column)
    for campaign in programme.campaigns:
        borne = ", ".join(f"{partner} {share} bp" for partner, share in campaign.funding)
        budget = "" if campaign.budget_points is None else f"{campaign.budget_points:,}"
        own = [cap for cap in campaign.caps if not cap.subject.startswith("budget:")]
        limits = describe_caps(own, programme.terms.currency)
        table.add_row(
            campaign.id,
            campaign.text,
            campaign.state.value,
            campaign.category,
            campaign.goal,
            budget,
            limits,
            borne,
        )
    return table


@rules.command(epilog="Example: puntual rules schema campaign > campaign.schema.json")
@click.argument("what", type=click.Choice(["programme", "campaign"]), default="programme")
def schema(what: str) -> None:
    """The JSON Schema by which an editor checks and completes the files while you type."""
    print_json(programme_schema() if what == "programme" else campaign_schema())


@rules.command(epilog="Example: puntual rules explain 6325000000AB --config shop/puntual.toml")
@click.argument("rrn")
@config_option
@json_option
@click.pass_context
def explain(ctx: click.Context, rrn: str, config: Path, *, as_json: bool) -> None:
    """What the sale with this DE 37 earned and how, computed again from what the rules saw."""
    record, facts, programme, since = _decided(rrn, config)
    lines = _without_effect(record, programme) if facts is None else _told(record, facts, programme)
    lines += since
    if as_json:
        print_json({"rrn": rrn, "earned": record.earned, "programme": programme.version, "steps": lines})
        return
    click.echo(f"{record.operation} {rrn}, programme {programme.version}, earned {record.earned}")
    for line in lines:
        click.echo(f"  {line}")
    is_sale = record.operation == Operation.EARN.value
    if is_sale and facts is not None and evaluate(programme, facts).points != record.earned:
        click.echo("  this is not what was earned then: another release of the rules decided")
        ctx.exit(1)


_EXPLAINED: Final = frozenset(
    {Operation.EARN.value, Operation.REDEEM.value, Operation.EXCHANGE.value, Operation.HOLD.value}
)


@rules.command("why-not", epilog="Example: puntual rules why-not 6325000000AB tuesday")
@click.argument("rrn")
@click.argument("rule")
@config_option
@json_option
def why_not_command(rrn: str, rule: str, config: Path, *, as_json: bool) -> None:
    """Why RULE gave nothing to the sale with this DE 37: what it asks, beside what the sale had."""
    record, facts, programme, _ = _decided(rrn, config)
    if facts is None:
        raise LoyaltyError(*_without_effect(record, programme)[-1:], where=f"DE 37 {rrn}")
    if record.operation == Operation.EARN.value and any(
        each.id == rule and each.lane is Lane.REDEEM for each in programme.rules
    ):
        facts = as_rung_up(facts, record.amount)
    try:
        answers = why_not(programme, facts, rule)
    except KeyError:
        known = ", ".join(each.id for each in programme.rules[:20]) or "none"
        raise LoyaltyError(
            f"there is no rule {rule} in force",
            where=f"programme {programme.version}",
            hint=f"rules: {known}",
        ) from None
    if as_json:
        print_json([{"holds": each.holds, "asks": each.asks, "found": each.found} for each in answers])
        return
    for each in answers:
        click.echo(f"{'yes' if each.holds else 'NO '}  {each.asks}: {each.found}")


def _told(record: Record, facts: Facts, programme: Programme) -> list[str]:
    """What rules made of it, a line a step."""
    lines = tell(programme, facts) if record.operation == Operation.EARN.value else []
    if record.used or not record.effective or not lines:
        redemption = terms_of_decision(programme, record.rules)
        lines.append(tell_redemption(programme, redemption))
        lines.append(_what_came(record, programme))
    return lines


def _without_effect(record: Record, programme: Programme) -> list[str]:
    """The rule that declined it, if it was one, and the reason: of what has no effect no facts are kept."""
    reason = record.reason or record.exception
    lines = [
        f"{rule.id}: {rule.text}: {describe_effect(rule.effect, programme.terms.currency)}"
        for rule in programme.rules
        if isinstance(rule.effect, Decline) and rule.effect.name == reason
    ]
    return [*lines, f"declined: {reason}" if record.reason else f"accepted without effect: {reason}"]


def _what_came(record: Record, programme: Programme) -> str:
    """What became of the points that were to be spent."""
    if not record.effective:
        return f"declined: {record.reason or record.exception}"
    if record.operation == Operation.HOLD.value:
        return "held: what is used of it is told by its completion"
    worth_minor = terms_of_decision(programme, record.rules).value.of(record.used)
    return f"{record.used} points were used, worth {format_minor(worth_minor, programme.terms.currency)}"


def _decided(rrn: str, config: Path) -> tuple[Record, Facts | None, Programme, list[str]]:
    """A decision, what the rules saw, the programme that decided, and what was set right since, in words.

    There are no facts of what has no effect.

    Raises:
        LoyaltyError: There is none, or it saw nothing.
    """
    database = open_for_reading(load_settings(config).database)
    try:
        reader = Recall(database)
        found = [record for record in reader.by_rrn(rrn) if record.operation in _EXPLAINED]
        if not found:
            raise LoyaltyError(
                "there is no such sale or redemption", where=f"DE 37 {rrn}", hint="look at the receipt"
            )
        record = found[-1]
        text, version = reader.facts(record.seq), record.programme_version
        if version is None or (text is None and record.effective):
            raise LoyaltyError("what its rules saw was erased or never kept", where=f"DE 37 {rrn}")
        whole = Restorer(reader)(version)
        programme = whole.part(part_told(record.rules)) or whole
        stands_by, earns = rated_by(reader, record)
    finally:
        database.close()
    since = [] if stands_by == version else [f"rated again since, by programme {stands_by}: earns {earns}"]
    return record, None if text is None else Facts.from_json(text), programme, since
