"""What the points mean in money, for accountants: cohorts, certificates, partners and their settlement."""

from collections.abc import Callable
from pathlib import Path

import rich_click as click

from console.deployment import Deployment, open_deployment
from console.options import config_option, json_option, print_json, print_record, print_rows
from console.programmes import part_named, programme_only
from ledger.account import name_of
from loyalty.amount import format_minor
from loyalty.errors import LoyaltyError
from switch.funding import partner_account
from switch.positions import Positions
from switch.positions import positions as positions_of


@click.command(epilog="Example: puntual ledger positions --config shop/puntual.toml")
@programme_only
@config_option
@json_option
def positions(programme: str | None, config: Path, *, as_json: bool) -> None:
    """Tell what is owed: points of members by month and funder with their value, certificates, partners.

    Issued, redeemed and exchanged are net of what was undone; expired is the breakage; adjusted is what was
    given by hand. Outstanding is issued - redeemed - exchanged - expired + adjusted. A partner's position is
    below 0 where he owes the programme, and above 0 where it owes him.
    """
    deployment = open_deployment(config)
    its = part_named(deployment.programme, programme or "")
    value = deployment.programme.redemption.value
    others = {each.id: each.redemption.value for each in deployment.programme.parts}
    with deployment.books() as books:
        found = positions_of(books, value, programme, others)
    currency = deployment.programme.terms.currency
    cohorts: list[dict[str, object]] = [
        {
            "month": cohort.month,
            "funder": cohort.funder,
            "issued": cohort.issued,
            "redeemed": cohort.redeemed,
            "exchanged": cohort.exchanged,
            "expired": cohort.expired,
            "adjusted": cohort.adjusted,
            "outstanding": cohort.outstanding,
            "value": cohort.value_minor if as_json else format_minor(cohort.value_minor, currency),
        }
        for cohort in found.cohorts
    ]
    owed = _named(deployment, found)
    if programme is not None:
        owed = {each.id: owed[each.id] for each in its.partners if each.id in owed}
    worth = {
        partner.id: each.redemption.value for each in deployment.programme.all for partner in each.partners
    }
    whose = _programme_of_partners(deployment)
    partners: list[dict[str, object]] = [
        {
            **whose(name),
            "partner": name,
            "points": points,
            "value": _signed(worth.get(name, value).of(abs(points)), points),
        }
        for name, points in owed.items()
    ]
    whole: dict[str, int | None] = {
        "outstanding": sum(cohort.outstanding for cohort in found.cohorts),
        "value": sum(cohort.value_minor for cohort in found.cohorts),
        "debt": found.debt,
        "certificates": found.certificates,
        "certificates_value": found.certificates_minor,
        "certificates_lapsed": found.lapsed if programme is None else None,
    }
    if as_json:
        print_json({"through": found.through, "cohorts": cohorts, "partners": partners, **whole})
        return
    print_rows(cohorts, as_json=False, nothing="no points were earned yet")
    click.echo("")
    money = {"value", "certificates_value"}
    told = {
        name: format_minor(each, currency) if name in money and each is not None else each
        for name, each in whole.items()
    }
    print_record(told, as_json=False)
    click.echo("")
    for partner in partners:
        worth_minor = partner["value"]
        assert isinstance(worth_minor, int)
        partner["value"] = format_minor(worth_minor, currency)
    print_rows(partners, as_json=False, nothing="no partner owes or is owed anything")


@click.command(
    epilog="Example: puntual ledger settle --partner FUEL --key 2026-11 --config shop/puntual.toml"
)
@click.option("--partner", "names", multiple=True, metavar="ID", help="Only this one; repeat it.")
@programme_only
@click.option("--key", metavar="KEY", help="Names the settlement: the same one again books nothing.")
@config_option
@json_option
def settle(
    names: tuple[str, ...], programme: str | None, key: str | None, config: Path, *, as_json: bool
) -> None:
    """Put down that partners paid what they owed, and were paid what they were owed."""
    deployment = open_deployment(config)
    whole = deployment.programme
    its = whole.all if programme is None else (part_named(whole, programme),)
    known = {partner.id for each in its for partner in each.partners}
    for name in names:
        if name not in known:
            raise LoyaltyError("is no partner", where=name, hint="name one of the programme's [[partner]]")
    found = _found(deployment)
    open_ones = {
        name: points
        for name, points in _named(deployment, found).items()
        if name in known and (not names or name in names)
    }
    if not open_ones:
        print_record({"settled": "nothing"}, as_json=as_json)
        return
    with deployment.desk() as desk:
        told = desk.order("partners.settle", key=key or f"settle {found.through}", positions=open_ones)
    if as_json or len(whole.all) == 1:
        print_record({"rrn": told["rrn"], **told["settled"]}, as_json=as_json)
        return
    print_record({"rrn": told["rrn"]}, as_json=False)
    whose = _programme_of_partners(deployment)
    settled = sorted((whose(name)["programme"], name, points) for name, points in told["settled"].items())
    rows = [dict(zip(("programme", "partner", "points"), each, strict=True)) for each in settled]
    print_rows(rows, as_json=False, nothing="nobody")


@click.command(epilog="Example: puntual ledger lapse --config shop/puntual.toml")
@config_option
@json_option
def lapse(config: Path, *, as_json: bool) -> None:
    """Book the lapse of certificates and coupons whose last day is over. Nobody can use them in any case.

    A running switch does so by itself once a business day.
    """
    deployment = open_deployment(config)
    with deployment.desk() as desk:
        print_record(desk.order("certificates.lapse"), as_json=as_json)


def _found(deployment: Deployment) -> Positions:
    with deployment.books() as books:
        return positions_of(books, deployment.programme.redemption.value)


def _named(deployment: Deployment, found: Positions) -> dict[str, int]:
    """The positions by the partners' ids; accounts of partners that the programme knows no more by number."""
    names = {
        partner_account(partner.id): partner.id
        for programme in deployment.programme.all
        for partner in programme.partners
    }
    return {names.get(its, name_of(its)): points for its, points in sorted(found.partners.items())}


def _programme_of_partners(deployment: Deployment) -> Callable[[str], dict[str, str]]:
    """Gives the cell that names the programme of a partner, where there are several."""
    programmes = deployment.programme.all
    known = {partner.id: each.id for each in programmes for partner in each.partners}
    return lambda name: {"programme": known.get(name, "")} if len(programmes) > 1 else {}


def _signed(value_minor: int, points: int) -> int:
    return -value_minor if points < 0 else value_minor
