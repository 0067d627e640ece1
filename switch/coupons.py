"""Coupons of a sale: which of the codes that a till sends may be used, what using and issuing them books.

How often a code was used is counted like anything else that is counted (``switch.tallies``), in the same
undivided step that decides. What undoes the sale uncounts it.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from loyalty.card import Identifier, IdentifierKind
from loyalty.decision import Instrument
from members.card import Card
from rules.counters import Place
from rules.coupon import Coupon
from rules.extras import Extras
from switch.case import Case
from switch.kept import counted_for
from switch.outcome import Side
from switch.tallies import ISSUED, USED, rows_of, used_place

_CODE_SIZE: Final = 10  # bytes: 16 characters, which nobody guesses


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the codes that a till sent.

    Attributes:
        codes: Coupon by code, of those that may be used.
        refused: Reason and code of the others.
    """

    codes: Mapping[str, str]
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def coupons(self) -> tuple[str, ...]:
        """What the rules see."""
        return tuple(sorted(set(self.codes.values())))

    def needed_by(self, case: Case, rules: Iterable[str]) -> "Taken":
        """Of these, what brought something: *rules* are those that gave; the others stay unused."""
        needs = case.programme.needs_coupons
        needed = {coupon for rule in rules for coupon in needs.get(rule, ())}
        spare = [("COUPON_NOT_APPLICABLE", code) for code, name in self.codes.items() if name not in needed]
        kept = {code: name for code, name in self.codes.items() if name in needed}
        return Taken(kept, (*self.refused, *spare))


NONE_TAKEN: Final = Taken({})


def take(case: Case, card: Card | None) -> Taken:
    """Which codes of the transaction may be used."""
    if not case.transaction.coupons:
        return NONE_TAKEN
    codes: dict[str, str] = {}
    refused: list[tuple[str, str]] = []
    for code in case.transaction.coupons:
        found = "COUPON_USED" if code in codes else _coupon(case, card, code)
        if isinstance(found, Coupon):
            codes[code] = found.id
        else:
            refused.append((found, code))
    return Taken(codes, tuple(refused))


def coupons_held(case: Case, hold: int) -> dict[str, str]:
    """Coupon by code, of those that the hold *hold* used."""
    found: dict[str, str] = {}
    for measure, _, _ in counted_for(case.worksheet, hold):
        if measure.startswith(USED):
            code = measure.removeprefix(USED)
            issued = case.worksheet.place_of(ISSUED + code)
            name = case.programme.coupon_codes.get(code) or ("" if issued is None else coupon_at(issued))
            found[code] = name
    return found


def _coupon(case: Case, card: Card | None, code: str) -> Coupon | str:
    """The coupon that *code* stands for, or why it may not be used."""
    programme, worksheet = case.programme, case.worksheet
    name = programme.coupon_codes.get(code)
    if name is None:
        issued = worksheet.place_of(ISSUED + code)
        if issued is None or not worksheet.tally(issued):  # there is none, or it was withdrawn
            return "COUPON_UNKNOWN"
        owner, _, name = issued[1].partition("/")
        if card is None or owner != str(card.owner):
            return "COUPON_NOT_YOURS"
        if issued[2] < case.today.isoformat():
            return "COUPON_EXPIRED"
    coupon = programme.coupons.get(name)
    if coupon is None or coupon.campaign in programme.paused:
        return "COUPON_UNKNOWN"
    return _not_open(case, coupon) or _used_up(case, card, coupon, code) or coupon


def _not_open(case: Case, coupon: Coupon) -> str | None:
    if coupon.period is None:
        return None
    zone = case.transaction.terminal.zone or case.programme.terms.zone
    local_at = case.transaction.as_of.astimezone(zone).replace(tzinfo=None)
    start, end = coupon.period.start, coupon.period.end
    if start is not None and local_at < start:
        return "COUPON_NOT_YET"
    return "COUPON_EXPIRED" if end is not None and local_at >= end else None


def _used_up(case: Case, card: Card | None, coupon: Coupon, code: str) -> str | None:
    total = case.worksheet.tally
    if coupon.uses is not None and total(used_place(code)) >= coupon.uses:
        return "COUPON_USED"
    if card is not None and coupon.uses_per_member is not None:
        return (
            "COUPON_USED" if total(used_place(code, str(card.member_id))) >= coupon.uses_per_member else None
        )
    return None


def use_and_issue(
    case: Case, card: Card | None, taken: Taken, extras: Extras
) -> tuple[tuple[Side, ...], tuple[Instrument, ...]]:
    """What using *taken* and issuing the coupons of *extras* books, and the coupons as they are told."""
    changes: dict[Place, int] = {}
    for code in taken.codes:
        changes[used_place(code)] = 1
        if card is not None:
            changes[used_place(code, str(card.member_id))] = 1
    told: list[Instrument] = []
    for number, name in enumerate(extras.coupons if card is not None else ()):
        coupon = case.programme.coupons.get(name)
        if coupon is None:
            continue  # its campaign does not count
        assert card is not None
        code = _new_code(case, number)
        last_day = coupon.lasts.after(case.today)
        changes[ISSUED + code, f"{card.owner}/{name}", last_day.isoformat()] = 1
        told.append(Instrument("COUP", coupon.value_minor, last_day, code))
    return rows_of(changes, case.worksheet.tally), tuple(told)


def coupon_at(place: Place) -> str:
    """The kind of the coupon that is counted at *place* as issued."""
    return place[1].partition("/")[2]


def _new_code(case: Case, number: int) -> str:
    """A code that was never given: a keyed hash of the decision's sequence, so nobody can work it out."""
    name = Identifier(IdentifierKind.ACCOUNT, f"coupon|{case.moment.seq}|{number}")
    return base64.b32encode(case.token_of(name)[:_CODE_SIZE]).decode("ascii")
