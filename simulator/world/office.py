"""Administration: people who order something of the switch, and order the same again until they are told.

An order that a dead process took with it may have been carried out or not. So it has a key, or
a second time does nothing; and a refusal counts only when nobody can have been told before.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from loyalty.card import Identifier, IdentifierKind
from loyalty.errors import LoyaltyError
from simulator.cards import card_number
from simulator.world.customers import Customers
from simulator.world.ground import CAMPAIGN, Ground
from simulator.world.history import History
from simulator.world.house import CORRECTIONS, House

_AGAIN_S: Final = (0.5, 5.0)
_TRIES_MAX: Final = 100
_FULL: Final = "could not"  # be written, or take it: the disk is full
_KINDS: Final = ("adjust", "adjust", "adjust", "block", "replace", "load", "load", "day", "pause", "lapse")


@dataclass(slots=True, kw_only=True)
class Ordered:
    """An order with a key.

    Attributes:
        must_fail: Nobody may carry it out.
        told: What was told when it was carried out; ``None`` when that is not known, or it was refused.
        refusal: Why it was refused the first time that somebody knew.
    """

    name: str
    key: str
    points: int
    must_fail: bool
    told: Mapping[str, Any] | None = None
    refusal: str | None = None


class Office:
    """Orders of the switch in *house* what concerns *customers*.

    Attributes:
        ordered: What had a key, in order.
    """

    def __init__(
        self, house: House, ground: Ground, customers: Customers, random: Random, history: History
    ) -> None:
        self.ordered: list[Ordered] = []
        self._house = house
        self._ground = ground
        self._customers = customers
        self._random = random
        self._history = history
        self._spare = len(customers) + 1

    async def act(self) -> None:
        """Order something."""
        kind = self._random.choice(_KINDS)
        customer = self._random.randrange(len(self._customers))
        self._history.count(f"order to {kind}")
        match kind:
            case "adjust":
                await self._adjust(self._customers.card(customer).number)
            case "load":
                points = self._random.choice((7, 30, -5, 200))
                await self._correct("budget.load", points, campaign=CAMPAIGN)
            case "block":
                card = self._token(self._customers.card(customer).number)
                await self._order("cards.status", card=card, status="blocked")
                await asyncio.sleep(self._random.uniform(1, 15))
                await self._order("cards.status", card=card, status="active")
            case "replace":
                await self._replace(customer)
            case "day":
                await self._order("days.open", day=None, by="Ana")
            case "pause":
                what = self._random.choice((CAMPAIGN, "redeem"))
                await self._order("rules.pause", what=what, by="Ana")
                await asyncio.sleep(self._random.uniform(1, 15))
                await self._order("rules.resume", what=what, by="Ana")
            case "lapse":
                await self._order("certificates.lapse")

    async def _adjust(self, number: str) -> None:
        points = self._random.choice((40, 20, -5, -30, 80))
        await self._correct("adjust", points, card=self._token(number), writes_off=False)

    async def _correct(self, name: str, points: int, **arguments: object) -> None:
        """A correction, above the limit with a checker or, now and then, without one."""
        is_large = abs(points) > CORRECTIONS.checker_above
        checked_by = self._random.choice(("Berta", None)) if is_large else None
        ordered = Ordered(
            name=name,
            key=f"{name} {len(self.ordered) + 1}",
            points=points,
            must_fail=is_large and checked_by is None,
        )
        self.ordered.append(ordered)
        try:
            ordered.told = await self._order(
                name,
                points=points,
                key=ordered.key,
                reason="GOODWILL",
                by="Ana",
                checked_by=checked_by,
                **arguments,
            )
        except LoyaltyError as error:
            ordered.refusal = error.what

    async def _replace(self, customer: int) -> None:
        """A new card for *customer*: told "replaced already", he has the new one since the first time."""
        number = card_number(self._spare)
        self._spare += 1
        try:
            await self._order(
                "cards.replace",
                card=self._token(self._customers.card(customer).number),
                new=self._token(number),
                last4=number[-4:],
            )
        except LoyaltyError as error:
            self._history.tell("office", f"hears that it {error.what}")
        self._customers.give(customer, number)

    async def _order(self, name: str, **arguments: object) -> Mapping[str, Any]:
        """Order it until somebody tells what came of it.

        Raises:
            LoyaltyError: It was refused.
        """
        self._history.tell("office", f"orders {name}")
        for _ in range(_TRIES_MAX):
            try:
                told = await self._house.order(name, arguments)
            except LoyaltyError as error:
                if _FULL not in error.what:
                    self._history.tell("office", f"is refused {name}: {error.what}")
                    raise
                told = None
            if told is not None:
                self._history.tell("office", f"has {name}")
                return told
            self._history.count("order repeated")
            await asyncio.sleep(self._random.uniform(*_AGAIN_S))
        raise AssertionError(f"nobody carries out {name}")

    def _token(self, number: str) -> str:
        return self._ground.hasher.token(Identifier(IdentifierKind.CARD, number)).hex()
