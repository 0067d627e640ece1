"""The programme: checked, shown, explained, and tried on what has happened."""

from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console
from rich.text import Text

from config.load import load_settings
from console.checking import check
from console.goals import goals
from console.hindsight import backtest
from console.lifecycle import activate, approve, history, rollback, shadow
from console.options import config_option, json_option, print_json
from console.outline import page, print_listings
from console.programmes import part_named, programme_option
from console.rerate import rerate
from console.returned import RETURNS, tell_return
from loyalty.amount import format_minor
from loyalty.decision import Reason
from loyalty.errors import LoyaltyError
from loyalty.transaction import Operation
from rules.describe import describe_effect, tell_redemption
from rules.effects import Decline, Lane
from rules.evaluate import evaluate
from rules.explain import Answer, tell, tell_decline, why_not
from rules.facts import Facts
from rules.outline import outline
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


for _command in (check, activate, approve, rollback, shadow, history, backtest, rerate, goals):
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
    title, listings = f"{shown.name}, version {shown.version}", outline(whole, programme)
    beside = [each.id for each in whole.all if each.id and each.id != programme]
    about = f"Beside it stand: {', '.join(beside)} (--programme)" if beside else ""
    if html is not None:
        html.write_text(page(title, listings, about), encoding="utf-8")
        return
    console = Console()
    print_listings(title, listings, console)
    if about:
        console.print(Text(f"\n{about}"))


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
    """What the sale with this DE 37 earned and how, computed again from what the rules saw.

    Of a refund, a void or a reversal: what it took back, and what is kept.
    """
    returned = _returned(rrn, config)
    if returned is not None:
        record, lines = returned
        if as_json:
            told = {"rrn": rrn, "earned": record.earned, "programme": record.programme_version}
            print_json({**told, "steps": lines})
            return
        click.echo(f"{record.operation} {rrn}, programme {record.programme_version}, earned {record.earned}")
        for line in lines:
            click.echo(f"  {line}")
        return
    record, facts, programme, since = _decided(rrn, config)
    lines = _told(record, facts, programme) if facts is not None or record.effective else []
    lines = lines or _without_effect(record, programme)
    lines += since
    if as_json:
        print_json({"rrn": rrn, "earned": record.earned, "programme": programme.version, "steps": lines})
        return
    click.echo(f"{record.operation} {rrn}, programme {programme.version}, earned {record.earned}")
    for line in lines:
        click.echo(f"  {line}")
    is_sale = record.operation == Operation.EARN.value
    if (
        is_sale
        and record.effective
        and facts is not None
        and evaluate(programme, facts).points != record.earned
    ):
        click.echo("  this is not what was earned then: another release of the rules decided")
        ctx.exit(1)


_EXPLAINED: Final = frozenset(
    each.value
    for each in (
        Operation.EARN,
        Operation.REDEEM,
        Operation.EXCHANGE,
        Operation.HOLD,
        Operation.TRANSFER,
        Operation.PAY_CERTIFICATE,
    )
)


_BY_RULES: Final = frozenset(  # what rules may give terms of their own
    each.value for each in (Operation.REDEEM, Operation.EXCHANGE, Operation.HOLD)
)
_BY_TERMS: Final = frozenset({Reason.ABOVE_LIMIT.name, Reason.NOT_SUFFICIENT_POINTS.name})


@rules.command("why-not", epilog="Example: puntual rules why-not 6325000000AB tuesday")
@click.argument("rrn")
@click.argument("rule")
@config_option
@json_option
def why_not_command(rrn: str, rule: str, config: Path, *, as_json: bool) -> None:
    """Why RULE gave nothing to the sale with this DE 37: what it asks, beside what the sale had."""
    record, facts, programme, _ = _decided(rrn, config)
    if facts is None:
        told = "no rule was asked" if record.effective else _without(record)
        raise LoyaltyError(told, where=f"DE 37 {rrn}")
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
    if not record.effective and all(each.holds for each in answers):
        answers.append(Answer(holds=False, asks="something that has an effect", found=_without(record)))
    if as_json:
        print_json([{"holds": each.holds, "asks": each.asks, "found": each.found} for each in answers])
        return
    for each in answers:
        click.echo(f"{'yes' if each.holds else 'NO '}  {each.asks}: {each.found}")


def _told(record: Record, facts: Facts | None, programme: Programme) -> list[str]:
    """What rules made of it, a line a step; of what no rule was asked about, what came of it."""
    if facts is None:
        spends = record.operation in _BY_RULES
        by = [tell_redemption(programme, programme.redemption)] if spends else []
        return [*by, _what_came(record, programme)]
    if not record.effective:
        name = record.reason or record.exception or ""
        terms = terms_of_decision(programme, record.rules)
        return [*tell_decline(programme, facts, name, terms), _without(record)]
    lines = tell(programme, facts) if record.operation == Operation.EARN.value else []
    if record.used or not lines:
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
    spends = record.operation != Operation.TRANSFER.value and reason in _BY_TERMS
    if spends and not programme.redemptions.size:  # else what rules on them saw was kept
        lines.append(tell_redemption(programme, programme.redemption))
    return [*lines, _without(record)]


def _without(record: Record) -> str:
    """Why it has no effect."""
    return f"declined: {record.reason}" if record.reason else f"accepted without effect: {record.exception}"


def _what_came(record: Record, programme: Programme) -> str:
    """What became of the points that were to be spent."""
    if record.operation == Operation.HOLD.value:
        return "held: what is used of it is told by its completion"
    currency = programme.terms.currency
    if record.operation == Operation.PAY_CERTIFICATE.value:
        return f"a certificate paid {format_minor(record.value_minor, currency)}"
    worth_minor = terms_of_decision(programme, record.rules).value.of(record.used)
    became = {
        Operation.TRANSFER.value: "went to another member, and keep their last days",
        Operation.EXCHANGE.value: "became a certificate",
    }
    what = became.get(record.operation, "were used")
    return f"{record.used} points {what}, worth {format_minor(worth_minor, currency)}"


def _returned(rrn: str, config: Path) -> tuple[Record, list[str]] | None:
    """What was taken back under this DE 37, in words; ``None`` where nothing was."""
    database = open_for_reading(load_settings(config).database)
    try:
        reader = Recall(database)
        found = [record for record in reader.by_rrn(rrn) if record.operation in RETURNS]
        if not found or any(record.operation in _EXPLAINED for record in reader.by_rrn(rrn)):
            return None
        return found[-1], tell_return(reader, found[-1], Restorer(reader))
    finally:
        database.close()


def _decided(rrn: str, config: Path) -> tuple[Record, Facts | None, Programme, list[str]]:
    """A decision, what the rules saw, the programme that decided, and what was set right since, in words.

    There are no facts of what no rule was asked about, as where it has no effect.

    Raises:
        LoyaltyError: There is none, or it saw nothing.
    """
    database = open_for_reading(load_settings(config).database)
    try:
        reader = Recall(database)
        found = [record for record in reader.by_rrn(rrn) if record.operation in _EXPLAINED]
        if not found:
            raise LoyaltyError(
                "there is no such sale or use of points", where=f"DE 37 {rrn}", hint="look at the receipt"
            )
        record = found[-1]
        text, version = reader.facts(record.seq), record.programme_version
        erased = "what its rules saw was erased or never kept"
        if version is None:
            raise LoyaltyError(erased, where=f"DE 37 {rrn}")
        whole = Restorer(reader)(version)
        programme = whole.part(part_told(record.rules)) or whole
        asked = _BY_RULES if programme.redemptions.size else frozenset[str]()
        if text is None and record.effective and record.operation in {Operation.EARN.value, *asked}:
            raise LoyaltyError(erased, where=f"DE 37 {rrn}")
        stands_by, earns = rated_by(reader, record)
    finally:
        database.close()
    since = [] if stands_by == version else [f"rated again since, by programme {stands_by}: earns {earns}"]
    return record, None if text is None else Facts.from_json(text), programme, since
