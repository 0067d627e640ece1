"""What rules hand out beside points: certificates, money for the purse, prizes; and taking it back.

A certificate of a rule is issued straight into the account of certificates, with as many points as its
value is worth. A purse is a certificate that was made empty and is filled: it has no last day, and its code
is always the same. What was handed out is counted like anything else that is counted, so whatever undoes a
sale finds it there, and takes back what is left of it; what was spent already the member owes in points, or
the programme bears it. A certificate whose last day is over is not taken back: it is worth nothing any more.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ledger.account import AccountId, AccountKind, PostingReason, account
from ledger.certificate import Certificate
from ledger.entry import NO_LOT, Posting
from loyalty.card import Identifier, IdentifierKind, MemberId
from loyalty.decision import Instrument
from members.card import Card
from rules.counters import Place
from rules.extras import CERTIFICATE, MONEY, PRIZE, Extras, Gift, points_worth
from rules.stock import StampCard
from switch.case import Case
from switch.certificates import changed, code_for, made
from switch.outcome import Side
from switch.postings import Draft
from switch.tallies import changes_of, rows_of

GIFT: Final = "gift:"  # begins the measure of a certificate or a prize: whose and by which rule, its last day
PURSE: Final = "purse:"  # begins that of what was put into a purse
OWED: Final = "owed:"  # begins that of what was taken back of either and spent already, in minor units
POSTED: Final = (GIFT, PURSE)  # what is counted here moves on accounts
_EVER: Final = ""
_CODE_SIZE: Final = 10  # bytes: 16 characters, which nobody guesses
_ISSUE: Final = account(AccountKind.ISSUE)
_ADJUST: Final = account(AccountKind.ADJUST)
_CERTIFICATES: Final = account(AccountKind.CERTIFICATES)


def hand_out(
    case: Case, card: Card, draft: Draft, extras: Extras
) -> tuple[tuple[Side, ...], tuple[Instrument, ...]]:
    """Book the gifts of *extras*: the rows to keep, and the gifts as they are told."""
    changes: dict[Place, int] = {}
    sides: list[Side] = []
    told: list[Instrument] = []
    filled: dict[str, Certificate] = {}
    for number, gift in enumerate(extras.gifts):
        whose = f"{card.owner}/{gift.rule}"
        match gift.kind:
            case "MONY":
                purse, rows = _fill(case, card.owner, gift, draft, filled)
                sides += rows
                place = PURSE + purse.code, whose, _EVER
                changes[place] = changes.get(place, 0) + gift.value_minor
                told.append(Instrument(CERTIFICATE, purse.left_minor, purse.last_day, purse.code))
            case "PRIZ":
                assert gift.lasts is not None
                name = Identifier(IdentifierKind.ACCOUNT, f"prize|{case.moment.seq}|{number}")
                code = base64.b32encode(case.token_of(name)[:_CODE_SIZE]).decode("ascii")
                last_day = gift.lasts.after(case.today)
                changes[GIFT + code, whose, last_day.isoformat()] = 1
                told.append(Instrument(PRIZE, 0, last_day, code))
            case _:
                certificate = _certificate(case, card.owner, gift, number)
                sides.append(made(certificate))
                _move(draft, _ISSUE, _CERTIFICATES, certificate.points, PostingReason.GRANT)
                changes[GIFT + certificate.code, whose, certificate.last_day.isoformat()] = 1
                told.append(Instrument(CERTIFICATE, gift.value_minor, certificate.last_day, certificate.code))
    return (*rows_of(changes, case.worksheet.tally), *sides), tuple(told)


def told_of(extras: Extras) -> tuple[str, ...]:
    """What the receipt tells of *extras*: messages, prizes, and cards of stamps that changed."""
    if not (extras.gifts or extras.stamps):
        return extras.messages
    prizes = [gift.name for gift in extras.gifts if gift.kind == PRIZE]
    cards = [f"{text}: {has}/{size}" for text, has, size in extras.stamps]
    return (*extras.messages, *prizes, *cards)


def stamps_left(case: Case, sides: tuple[Side, ...]) -> tuple[str, ...]:
    """What the receipt tells of an undoing with these *sides*: what is on each card of stamps after it."""
    cards = case.programme.declared.stamp_cards
    return tuple([line for card in cards.values() for line in _stamps_on(case, card, sides)])


def _stamps_on(case: Case, card: StampCard, sides: tuple[Side, ...]) -> Iterator[str]:
    totals = {place: total for place, _, total in changes_of(sides) if place[0] in (card.measure, card.used)}
    for whose in {whose for _, whose, _ in totals}:  # one: a sale is one member's
        places = (card.measure, whose, _EVER), (card.used, whose, _EVER)
        given, used = (totals[place] if place in totals else case.worksheet.tally(place) for place in places)
        yield f"{card.text}: {given - used}/{card.size}"


def still_given(place: Place, kept: Extras, stands: int) -> int:
    """How much of what is counted at *place*, where *stands* do, what is *kept* of the sale would bring."""
    rule = place[1].partition("/")[2]
    if place[0].startswith(GIFT):
        return stands if rule in kept.rules else 0
    return sum(gift.value_minor for gift in kept.gifts if gift.kind == MONEY and gift.rule == rule)


def _certificate(case: Case, owner: MemberId, gift: Gift, number: int) -> Certificate:
    points = points_worth(case.programme, gift.value_minor)
    return Certificate(
        code=code_for(f"{case.transaction.key.text}|{gift.rule}|{number}", case.token_of),
        owner=owner,
        points=points,
        value_minor=gift.value_minor,
        last_day=case.programme.certificates.last.after(case.today),
        left=points,
        left_minor=gift.value_minor,
    )


def _fill(
    case: Case, owner: MemberId, gift: Gift, draft: Draft, filled: dict[str, Certificate]
) -> tuple[Certificate, Iterator[Side]]:
    """The purse with what *gift* puts into it, and the rows of that; a new one where the member has none."""
    code = code_for(f"purse of {owner}", case.token_of)
    purse = filled.get(code) or case.worksheet.certificate(code)
    rows: list[Side] = []
    if purse is None:
        purse = Certificate(
            code=code, owner=owner, points=0, value_minor=0, last_day=date.max, left=0, left_minor=0
        )
        rows.append(made(purse))
    points = points_worth(case.programme, gift.value_minor)
    _move(draft, _ISSUE, _CERTIFICATES, points, PostingReason.GRANT)
    rows.append(changed(code, points, gift.value_minor))
    filled[code] = purse.changed(points, gift.value_minor)
    return filled[code], iter(rows)


@dataclass(slots=True)
class Undoing:
    """Takes gifts back where less of them is counted, and gives them again where more is.

    Args:
        absorb: The programme bears what the member has spent already.
    """

    case: Case
    draft: Draft
    absorb: bool
    sides: list[Side] = field(default_factory=list)
    _known: dict[str, Certificate] = field(default_factory=dict)

    def follow(self, place: Place, change: int, changes: dict[Place, int]) -> None:
        """Move what *change* at *place* means; *changes* tell, and get, what of it was spent already."""
        kind, _, code = place[0].partition(":")
        certificate = self._known.get(code) or self.case.worksheet.certificate(code)
        if certificate is None or certificate.last_day < self.case.moment.business_date:
            return  # a prize is only counted
        minor = abs(change) * (certificate.value_minor if f"{kind}:" == GIFT else 1)
        owed = OWED + code, place[1], _EVER
        if change < 0:
            taken_minor = min(minor, certificate.left_minor)
            self._take(certificate, taken_minor)
            if taken_minor < minor:
                changes[owed] = minor - taken_minor
                self._owe(minor - taken_minor)
        else:
            spent_minor = -changes.get(owed, 0)
            self._give(certificate, minor - spent_minor)
            self._forgive(spent_minor)

    def _take(self, certificate: Certificate, minor: int) -> None:
        points = certificate.left
        if minor < certificate.left_minor:
            points = min(points_worth(self.case.programme, minor), certificate.left)
            if certificate.is_purse:  # what is in it still is worth so much: parts were rounded one by one
                worth = points_worth(self.case.programme, certificate.left_minor - minor)
                points = min(points, max(certificate.left - worth, 0))
        _move(self.draft, _CERTIFICATES, _ISSUE, points, PostingReason.GRANT_BACK)
        self._change(certificate, -points, -minor)

    def _give(self, certificate: Certificate, minor: int) -> None:
        points = points_worth(self.case.programme, minor)
        if not certificate.is_purse:  # the value of a point may be another since
            minor = min(minor, certificate.value_minor - certificate.left_minor)
            points = min(points, certificate.points - certificate.left)
        _move(self.draft, _ISSUE, _CERTIFICATES, points, PostingReason.GRANT)
        self._change(certificate, points, minor)

    def _change(self, certificate: Certificate, points: int, minor: int) -> None:
        if points or minor:
            self.sides.append(changed(certificate.code, points, minor))
            self._known[certificate.code] = certificate.changed(points, minor)

    def _owe(self, minor: int) -> None:
        draft, points = self.draft, points_worth(self.case.programme, minor)
        if self.absorb or draft.book is None:
            _move(draft, _ADJUST, _ISSUE, points, PostingReason.GRANT_OWED)
        else:
            debt = account(AccountKind.DEBT, draft.book.owner)
            _move(draft, debt, _ISSUE, points, PostingReason.GRANT_OWED)
            draft.book = draft.book.indebted(points)

    def _forgive(self, minor: int) -> None:
        draft, points = self.draft, points_worth(self.case.programme, minor)
        if self.absorb or draft.book is None:
            _move(draft, _ISSUE, _ADJUST, points, PostingReason.REEARN)
        else:
            draft.earn_again(points, None, *self.case.programme.lot_dates(self.case.today))


def _move(draft: Draft, debit: AccountId, credit: AccountId, points: int, reason: PostingReason) -> None:
    if points:
        draft.postings.append(Posting(debit, credit, points, NO_LOT, reason))
