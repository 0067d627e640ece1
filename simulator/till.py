"""The messages of one till, each complete with its STAN and times. Amounts are minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from loyalty.clock import Clock
from loyalty.transaction import BasketLine, Tender
from simulator.message import Card, Ending, Request
from simulator.private import write_basket, write_tags

STAN_MAX: Final = 999_999

Tags = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the till is, as the register has it. What is ``None`` is not sent.

    Attributes:
        zone: Of its DE 12 and 13.
        can: Tag 040: ``P`` when it takes partial approvals, ``D`` when it takes discounts off prices.
        cashier: Tag 030.
        channel: Tag 032.
    """

    terminal_id: str
    merchant_id: str | None = None
    acquirer_id: str | None = None
    currency: str | None = None
    zone: tzinfo = UTC
    can: str | None = None
    cashier: str | None = None
    channel: str | None = None


class Till:
    """Makes the messages of *identity*, counting DE 11 up from *stan*."""

    def __init__(self, identity: Identity, clock: Clock, *, stan: int = 1) -> None:
        assert 1 <= stan <= STAN_MAX
        self.identity = identity
        self.stan = stan
        self._clock = clock

    def sale(
        self,
        card: Card,
        amount_minor: int,
        *,
        lines: Sequence[BasketLine] = (),
        points: int | None = None,
        coupons: Sequence[str] = (),
        tenders: Sequence[Tender] = (),
        ticket: str | None = None,
        code: str | None = None,
    ) -> Request:
        """A sale that earns; *points* are used to pay a part of it, *code* is what the customer shows."""
        plain = points is None and not coupons and "D" not in (self.identity.can or "")
        return self._request(
            "sale",
            "0200",
            {"3": "000000", **_amount(amount_minor), **write_basket(lines)},
            [*_shown(code), *_priced(points, coupons, ticket, tenders), *self._own()],
            card=card,
            ending=Ending.ADVISE if plain else Ending.REVERSE,
        )

    def quote(
        self,
        card: Card,
        amount_minor: int,
        *,
        lines: Sequence[BasketLine] = (),
        points: int | None = None,
    ) -> Request:
        """What a sale would bring."""
        elements = {"3": "380000", **_amount(amount_minor), **write_basket(lines)}
        tags = [*_priced(points), *self._own()]
        return self._request("quote", "0100", elements, tags, card=card, ending=Ending.FORGET)

    def redeem(
        self,
        card: Card,
        amount_minor: int,
        *,
        ticket: str | None = None,
        code: str | None = None,
        prize: str | None = None,
    ) -> Request:
        """Cover *amount_minor* with points, or buy *prize* for it; *code* is what the customer shows."""
        elements = {"3": "009000", **_amount(amount_minor)}
        wanted = [] if prize is None else [("022", prize)]
        tags = [*_shown(code), *wanted, *_priced(ticket=ticket), *self._own()]
        return self._request("redeem", "0200", elements, tags, card=card)

    def transfer(self, card: Card, amount_minor: int, to: str, *, code: str | None = None) -> Request:
        """Points worth *amount_minor* go to the card with the number *to*."""
        elements = {"3": "409090", **_amount(amount_minor)}
        return self._request("transfer", "0200", elements, [("012", to), *_shown(code)], card=card)

    def exchange(self, card: Card, amount_minor: int, *, code: str | None = None) -> Request:
        """Points become a certificate worth *amount_minor*."""
        elements = {"3": "409060", **_amount(amount_minor)}
        return self._request("exchange", "0200", elements, _shown(code), card=card)

    def pay_certificate(
        self, card: Card, amount_minor: int, certificate: str, *, ticket: str | None = None
    ) -> Request:
        """Cover *amount_minor* with the *certificate* of this code."""
        elements = {"3": "006000", **_amount(amount_minor)}
        tags = [*_priced(coupons=[certificate], ticket=ticket), *self._own()]
        return self._request("pay_certificate", "0200", elements, tags, card=card)

    def hold(
        self,
        card: Card,
        amount_minor: int,
        *,
        pays: bool = False,
        lines: Sequence[BasketLine] = (),
        points: int | None = None,
        ticket: str | None = None,
        code: str | None = None,
    ) -> Request:
        """Reserve what a sale needs, or the points that *pays* for *amount_minor*."""
        elements = {"3": "009000" if pays else "000000", **_amount(amount_minor), **write_basket(lines)}
        tags = [*_shown(code), *_priced(points, ticket=ticket), *self._own()]
        return self._request("hold", "0100", elements, tags, card=card)

    def complete(
        self,
        card: Card,
        amount_minor: int,
        hold: Request | str,
        *,
        pays: bool = False,
        ticket: str | None = None,
        advice: bool = False,
    ) -> Request:
        """Complete *hold*, named by itself or by its DE 38; an amount of 0 releases it."""
        elements = {"3": "009000" if pays else "000000", **_amount(amount_minor)}
        original = None
        if isinstance(hold, Request):
            original = hold
        else:
            elements["38"] = hold
        return self._request(
            "complete",
            "0220" if advice else "0200",
            elements,
            _priced(ticket=ticket),
            card=card,
            original=original,
            ending=Ending.ADVISE if advice else Ending.REVERSE,
        )

    def refund(
        self,
        amount_minor: int,
        *,
        card: Card | None = None,
        original: Request | str | None = None,
        lines: Sequence[BasketLine] = (),
    ) -> Request:
        """Goods come back. *original* is the sale, or DE 37 of its receipt."""
        elements = {"3": "200000", **_amount(amount_minor), **write_basket(lines)}
        return self._request("refund", "0200", elements, card=card, original=original)

    def void(self, original: Request | str) -> Request:
        """Undo a transaction of the same business day, named by itself or by DE 37 of its receipt."""
        return self._request("void", "0200", {"3": "020000"}, original=original)

    def balance(self, card: Card) -> Request:
        """What the card has."""
        return self._request("balance", "0100", {"3": "310000"}, card=card, ending=Ending.FORGET)

    def activate(self, card: Card, *, link: str | None = None) -> Request:
        """Activate a card; *link* is an identifier (kind a4 and value) that leads to it from now on."""
        tags = [] if link is None else [("010", link)]
        return self._request("activate", "0200", {"3": "900000"}, tags, card=card)

    def network(self, code: str) -> Request:
        """Sign-on (001), sign-off (002) or echo test (301)."""
        return self._request("network", "0800", {"70": code}, ending=Ending.FORGET)

    def reversal(
        self,
        original: Request | str,
        *,
        processing_code: str = "000000",
        final_minor: int | None = None,
        advice: bool = True,
    ) -> Request:
        """Undo *original*, whether the host knows it or not; *final_minor* is what shall stay of it.

        *processing_code* is the original's where that is named by DE 37 of its receipt.
        """
        if isinstance(original, Request):
            elements = {key: original.elements[key] for key in ("3", "4", "49") if key in original.elements}
        else:
            elements = {"3": processing_code}
        if final_minor is not None:
            # ISO 8583:1987, DE 95: actual amount, then settlement amount and two fees, which stay zero.
            elements["95"] = f"{final_minor:012}" + "0" * 30
        return self._request("reversal", "0420" if advice else "0400", elements, original=original)

    def upload(self, line: Request) -> Request:
        """Tell *line* of the batch again, under a number of this message's own; DE 90 names it."""
        assert not line.is_reversal
        own = self._identity()
        elements = {**line.elements, "t": "0320", "11": own["11"], "7": own["7"], "90": line.original}
        return Request(operation="upload", elements=elements, ending=Ending.ADVISE)

    def reconcile(self, totals: Mapping[str, int], *, trailer: bool = False) -> Request:
        """The till's *totals* of its batch, by element: 74 to 77 (n10), 86 to 89 (n16), 97 with its sign."""
        told = {
            element: f"{total:0{10 if int(element) < 80 else 16}}"
            for element, total in totals.items()
            if element != "97"
        }
        if "97" in totals:
            told["97"] = ("D" if totals["97"] < 0 else "C") + f"{abs(totals['97']):016}"
        code = "960000" if trailer else "920000"
        return self._request("reconcile", "0500", {"3": code, **told}, ending=Ending.FORGET)

    def plain(self, mti: str, elements: dict[str, str]) -> Request:
        """A message as somebody wrote it: what he left out of 7, 11, 12, 13 and 41 is filled in."""
        return self._request("message", mti, elements, ending=Ending.FORGET)

    def _own(self) -> Tags:
        """What the till tells of itself: its cashier, its channel, and what it can."""
        told = ("030", self.identity.cashier), ("032", self.identity.channel), ("040", self.identity.can)
        return [(tag, value) for tag, value in told if value is not None]

    def _request(
        self,
        operation: str,
        mti: str,
        elements: dict[str, str],
        tags: Tags = (),
        *,
        card: Card | None = None,
        original: Request | str | None = None,
        ending: Ending = Ending.REVERSE,
    ) -> Request:
        whole = {"t": mti, **self._identity(), **elements}
        if "4" in elements and self.identity.currency is not None:
            whole.setdefault("49", self.identity.currency)
        tags = list(tags)
        if card is not None:
            whole |= card.elements
            tags += card.tags
        if isinstance(original, Request):
            whole["90"] = original.original
        elif original is not None:
            tags.append(("013", original))
        if tags:
            whole["48"] = write_tags(sorted(tags, key=lambda tag: tag[0]))
        return Request(operation=operation, elements=whole, ending=ending)

    def _identity(self) -> dict[str, str]:
        """What every message carries: STAN, times, terminal, merchant, acquirer."""
        identity = self.identity
        now = self._clock.now()
        local = now.astimezone(identity.zone)
        elements = {
            "7": f"{now.astimezone(UTC):%m%d%H%M%S}",
            "11": f"{self.stan:06}",
            "12": f"{local:%H%M%S}",
            "13": f"{local:%m%d}",
            "41": identity.terminal_id.ljust(8),
        }
        if identity.acquirer_id is not None:
            elements["32"] = identity.acquirer_id
        if identity.merchant_id is not None:
            elements["42"] = identity.merchant_id.ljust(15)
        self.stan = 1 if self.stan == STAN_MAX else self.stan + 1
        return elements


def _amount(amount_minor: int) -> dict[str, str]:
    return {"4": f"{amount_minor:012}"}


def _shown(code: str | None) -> Tags:
    return () if code is None else [("014", code)]


def _priced(
    points: int | None = None,
    coupons: Sequence[str] = (),
    ticket: str | None = None,
    tenders: Sequence[Tender] = (),
) -> list[tuple[str, str]]:
    tags = [] if points is None else [("020", str(points))]
    tags += [("021", coupon) for coupon in coupons]
    if ticket is not None:
        tags.append(("023", ticket))
    return tags + [("031", f"{tender.kind}{tender.amount_minor:012}{tender.digits}") for tender in tenders]
