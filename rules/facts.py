"""What the rules see of a sale. Stored beside the decision, so that any award can be recomputed.

Amounts are minor units of the programme's currency. *The earn base* is what points are given for::

    base_minor                   left to pay, less what points and certificates paid elsewhere
    - lines flagged N            they earn nothing, and nothing that was paid with points is counted on them
    = earning base               never below zero

With a basket the earning base is spread over the lines that earn: whatever was paid otherwise is taken from
the positive ones in proportion (largest remainder), and returned lines stay negative. So the bases of the
lines add up to the earning base.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from loyalty.decision import Discount
from loyalty.transaction import BasketLine, Tender

_encode: Final = msgspec.json.Encoder().encode

NO_POINTS: Final = "N"  # flag of a line that earns nothing
DISCOUNTED: Final = "D"  # flag of a line that is reduced already
TAKES_DISCOUNTS: Final = "D"  # among what a till can
PRICED: Final = "d"  # in its place: it does, and they are taken off already
WHOLE: Final = BasketLine(product="", quantity_milli=1000, unit="U", amount_minor=0)


@dataclass(slots=True, kw_only=True)
class Facts:
    """A sale as the rules see it. Nobody changes one; it is not frozen because that doubles its making.

    Attributes:
        operation: Name of the ``Operation``.
        base_minor: The earn base, lines flagged ``N`` still in it.
        ticket_minor: DE 4.
        local_at: When it happened, on the terminal's clock; naive.
        lines: The basket, or ``None`` without one. At refunds: what is kept of it.
        mcc: Four digits (ISO 18245).
        channel: ``POSD ECOM MOBL IVRS SMSX``.
        tier: Of the member; empty when he has none.
        card_status: ``issued active blocked lost stolen replaced``; empty without a card.
        card_category: Of the card; empty when it has none.
        can: What the till can: ``P``, ``D``, both or neither; ``d`` once discounts are taken off.
        segments: The member's segments.
        birthday: The member's, when known.
        joined_on: When he joined, when known.
        counters: What was counted of the member before this sale: name and value, ascending by name.
        traits: What rules ask of member, card and message, as ``role:child``, ``kind:person``,
            ``entry_mode:chip``, ``currency:978``; ``card_type:`` of a card without one.
        holdings: What he had before this sale, where rules ask: name (``rules.holdings``) and points.
        arms: Where the member lies in experiments: ``summer/A``, or ``holdout``.
        off: What was taken off the price already: line (from 1), minor units, promotion.
    """

    operation: str
    base_minor: int
    ticket_minor: int
    local_at: datetime
    lines: tuple[BasketLine, ...] | None = None
    terminal_id: str = ""
    merchant_id: str = ""
    acquirer_id: str = ""
    store: str = ""
    partner: str = ""
    mcc: str = ""
    channel: str = "POSD"
    tier: str = ""
    card_status: str = ""
    card_category: str = ""
    language: str = ""
    cashier: str = ""
    currency: str = ""
    can: str = ""
    tenders: tuple[Tender, ...] = ()
    coupons: tuple[str, ...] = ()
    segments: frozenset[str] = frozenset()
    birthday: date | None = None
    joined_on: date | None = None
    counters: tuple[tuple[str, int], ...] = ()
    traits: frozenset[str] = frozenset()
    holdings: tuple[tuple[str, int], ...] = ()
    arms: frozenset[str] = frozenset()
    off: tuple[tuple[int, int, str], ...] = ()

    def __post_init__(self) -> None:
        assert self.local_at.tzinfo is None

    def earning_base(self) -> int:
        """The earn base without the lines that earn nothing, in minor units."""
        return self.earning()[0]

    def earning(self) -> tuple[int, list[tuple[BasketLine, int]]]:
        """The earning base, and the lines that earn, each with its part of it.

        Without a basket there is one nameless line.
        """
        base = self.base_minor
        if self.lines is None:
            base = max(base, 0)
            return base, [(WHOLE, base)]
        total = 0
        lines = []
        for line in self.lines:
            amount = line.amount_minor
            if NO_POINTS in line.flags:
                base -= amount
            else:
                total += amount
                lines.append((line, amount))
        base = max(base, 0)
        if total <= base:
            return base, lines
        shares = allocate(total - base, [max(amount, 0) for _, amount in lines])
        return base, [(line, amount - share) for (line, amount), share in zip(lines, shares, strict=True)]

    def earning_sums(self) -> tuple[int, int]:
        """The earning base, and what the bases of the lines that earn add up to.

        They differ only where more is returned than bought.
        """
        base = self.base_minor
        if self.lines is None:
            return (base, base) if base > 0 else (0, 0)
        total = 0
        for line in self.lines:
            if line.flags and NO_POINTS in line.flags:
                base -= line.amount_minor
            else:
                total += line.amount_minor
        if 0 <= total <= base:  # nearly always; min and max would cost as much as all the rest
            return base, total
        base = max(base, 0)
        return base, min(total, base)

    @property
    def may_be_discounted(self) -> bool:
        """The till takes discounts off the price, and says of what."""
        return self.lines is not None and TAKES_DISCOUNTS in self.can

    def gross(self) -> "Facts":
        """What rules on prices see: the whole ticket, lines without points in it, nothing paid yet."""
        assert self.lines is not None
        lines = tuple(
            replace(line, flags=line.flags.replace(NO_POINTS, "")) if NO_POINTS in line.flags else line
            for line in self.lines
        )
        return replace(self, base_minor=self.ticket_minor, lines=lines)

    def as_rung_up(self) -> "Facts":
        """What rules see that look at the whole of what is asked, with a basket or without."""
        return self if self.lines is None else self.gross()

    def after(self, discounts: Sequence[Discount]) -> "Facts":
        """The sale once *discounts* are taken off; it gets no further ones."""
        can = self.can.replace(TAKES_DISCOUNTS, PRICED)
        if not discounts:
            return self if can == self.can else replace(self, can=can)
        assert self.lines is not None
        off = Counter[int]()
        for discount in discounts:
            off[discount.line] += discount.amount_minor
        lines = tuple(
            replace(line, amount_minor=line.amount_minor - off[number]) if number in off else line
            for number, line in enumerate(self.lines, 1)
        )
        total = sum(discount.amount_minor for discount in discounts)
        return replace(
            self,
            lines=lines,
            base_minor=max(self.base_minor - total, 0),
            ticket_minor=self.ticket_minor - total,
            can=can,
            off=(*self.off, *((each.line, each.amount_minor, each.promotion) for each in discounts)),
        )

    def as_priced(self) -> "Facts":
        """What rules on prices saw of a sale that was kept after them: everything put back that is off."""
        facts = self
        if self.off:
            assert self.lines is not None
            off = Counter[int]()
            for line, amount_minor, _ in self.off:
                off[line] += amount_minor
            lines = tuple(
                [
                    replace(line, amount_minor=line.amount_minor + off[number])
                    for number, line in enumerate(self.lines, 1)
                ]
            )
            facts = replace(self, lines=lines, ticket_minor=self.ticket_minor + off.total(), off=())
        return replace(facts, can=facts.can.replace(PRICED, TAKES_DISCOUNTS)).gross()

    def to_json(self) -> str:
        """Compact JSON: what stands at its default is left out, keys are in a fixed order."""
        text = (
            f'{{"op":"{self.operation}","base":{self.base_minor},"ticket":{self.ticket_minor}'
            f',"at":"{self.local_at.isoformat()}"'
        )
        if self.lines is not None:
            lines = [
                [line.product, line.quantity_milli, line.unit, line.amount_minor, line.category, line.flags]
                for line in self.lines
            ]
            text += f',"lines":{_encode(lines).decode()}'
        text += _texts_as_json(
            self.terminal_id, self.merchant_id, self.acquirer_id, self.store, self.partner, self.mcc,
            self.channel, self.tier, self.card_status, self.card_category, self.language, self.cashier,
            self.currency, self.can,
        )  # fmt: skip
        rare: dict[str, Any] = {}
        if self.tenders:
            rare["tenders"] = [[tender.kind, tender.amount_minor, tender.digits] for tender in self.tenders]
        if self.coupons:
            rare["coupons"] = self.coupons
        if self.segments:
            rare["segments"] = sorted(self.segments)
        if self.birthday is not None:
            rare["birthday"] = self.birthday.isoformat()
        if self.joined_on is not None:
            rare["joined"] = self.joined_on.isoformat()
        if self.counters:
            rare["counters"] = self.counters
        if self.traits:
            rare["traits"] = sorted(self.traits)
        if self.arms or self.off or self.holdings:
            rare |= {"holdings": self.holdings} if self.holdings else {}
            rare |= {"arms": sorted(self.arms)} if self.arms else {}
            rare |= {"off": self.off} if self.off else {}
        return f"{text},{_encode(rare).decode()[1:]}" if rare else text + "}"

    @classmethod
    def from_json(cls, text: str) -> "Facts":
        """The facts that ``to_json`` wrote."""
        kept = json.loads(text)
        lines = kept.get("lines")
        birthday, joined = kept.get("birthday"), kept.get("joined")
        return cls(
            operation=kept["op"],
            base_minor=kept["base"],
            ticket_minor=kept["ticket"],
            local_at=datetime.fromisoformat(kept["at"]),
            lines=None if lines is None else tuple(BasketLine(*line) for line in lines),
            tenders=tuple(Tender(*tender) for tender in kept.get("tenders", ())),
            coupons=tuple(kept.get("coupons", ())),
            segments=frozenset(kept.get("segments", ())),
            birthday=None if birthday is None else date.fromisoformat(birthday),
            joined_on=None if joined is None else date.fromisoformat(joined),
            counters=tuple((name, value) for name, value in kept.get("counters", ())),
            traits=frozenset(kept.get("traits", ())),
            holdings=tuple((name, points) for name, points in kept.get("holdings", ())),
            arms=frozenset(kept.get("arms", ())),
            off=tuple((line, amount, promotion) for line, amount, promotion in kept.get("off", ())),
            **{name: kept.get(key, "") for key, name in _TEXTS},
        )


_TEXTS: Final = (
    ("terminal", "terminal_id"),
    ("merchant", "merchant_id"),
    ("acquirer", "acquirer_id"),
    ("store", "store"),
    ("partner", "partner"),
    ("mcc", "mcc"),
    ("channel", "channel"),
    ("tier", "tier"),
    ("status", "card_status"),
    ("category", "card_category"),
    ("language", "language"),
    ("cashier", "cashier"),
    ("currency", "currency"),
    ("can", "can"),
)


@lru_cache(maxsize=4096)
def _texts_as_json(*texts: str) -> str:
    """*texts*, in the order of ``_TEXTS``, as members of an object; those of a terminal hardly change."""
    pairs = [(key, text) for (key, _), text in zip(_TEXTS, texts, strict=True) if text]
    return "".join([f",{_encode(key).decode()}:{_encode(text).decode()}" for key, text in pairs])


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split *amount* in proportion to *weights* so that the parts add up: largest remainder, then first.

    Neither may be negative; all weights zero put everything on the first.
    """
    assert amount >= 0
    assert weights
    total = sum(weights)
    if total == 0:
        return [amount, *[0] * (len(weights) - 1)]
    parts = []
    remainders = []
    for at, weight in enumerate(weights):
        assert weight >= 0
        part, remainder = divmod(amount * weight, total)
        parts.append(part)
        remainders.append((-remainder, at))
    missing = amount - sum(parts)
    if missing:
        remainders.sort()
        for _, at in remainders[:missing]:
            parts[at] += 1
    return parts
