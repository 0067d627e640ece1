"""A command books beside transactions: in their order, in their blocks, and once for each key."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from loyalty.card import MemberId
from loyalty.errors import LoyaltyError
from switch.block import CommitResult
from switch.booking import Booking
from switch.case import Moment
from switch.work import Change, Numbering, StoreFull
from switch.worksheet import Worksheet
from tests.switch.test_sequencer import Bench, bench, settled

MEMBER = MemberId(ord("A"))


@dataclass(frozen=True)
class Bonus:
    """A command that gives *points* to member A, in as many entries as there are *keys*."""

    sequence: Numbering
    points: int
    keys: tuple[str, ...]
    stumbles: bool = False

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        booking = Booking(worksheet, moment, self.sequence, None)
        told: list[Any] = []
        for key in self.keys:
            slip = booking.slip("BONUS", key, self.points)
            if slip.told is None:
                draft = booking.draft(slip, MEMBER)
                draft.earn(self.points, booking.today, date.max)
                assert draft.book is not None
                has = draft.book.available(booking.today)
                booking.book(slip, {"has": has}, owner=MEMBER, drafts=[draft], earned=self.points)
                told.append(has)
            else:
                told.append(slip.told["has"])
            if self.stumbles:
                raise LoyaltyError("stumbled", where="here", hint="")
        return Change(result={"told": told}, outcomes=booking.outcomes)


def bonus(desk: Bench, points: int, *keys: str, stumbles: bool = False) -> Any:
    return desk.sequencer.order(Bonus(desk.store, points, keys, stumbles))


async def test_entries_stand_in_the_order_of_everything() -> None:
    """Each sees what was decided before it, and what follows sees each of them."""
    async with bench() as desk:
        desk.store.gate.clear()
        desk.ask("EARN card=A amount=1000")
        ordered = bonus(desk, 5, "one", "two")
        desk.ask("EARN card=A amount=100")
        await settled()
        desk.store.gate.set()
        assert await ordered == {"told": [15, 20]}
        await desk.sequencer.drain()
        assert [told["54"] for _, told in desk.connection.told] == ["10", "21"]
        seqs = [outcome.record.seq for outcome in desk.store.blocks[0].outcomes if outcome.record]
        assert len(seqs) == 4
        assert seqs == sorted(seqs)


async def test_the_same_order_is_booked_once() -> None:
    """Also within one command; it is told what was told."""
    async with bench() as desk:
        assert await bonus(desk, 5, "one", "one") == {"told": [5, 5]}
        assert await bonus(desk, 5, "one") == {"told": [5]}
        assert desk.store.book(MEMBER).available(date.max) == 5


async def test_another_order_with_a_known_key_is_refused() -> None:
    """Nothing of it is booked, and who ordered is told which entry has the key."""
    async with bench() as desk:
        await bonus(desk, 5, "one")
        with pytest.raises(LoyaltyError, match=r"the key one: has the entry \d{4}\w{8} \(BONUS\) already"):
            await bonus(desk, 6, "two", "one")
        assert len(desk.store.records) == 1


@pytest.mark.parametrize("key", ["", "x" * 101, "a\nb"])
async def test_what_is_no_key(key: str) -> None:
    """It is refused in words."""
    async with bench() as desk:
        with pytest.raises(LoyaltyError, match="is not a key"):
            await bonus(desk, 5, key)


async def test_a_command_that_fails_half_way_leaves_nothing() -> None:
    """What it had booked by then is not seen by what follows."""
    async with bench() as desk:
        with pytest.raises(LoyaltyError, match="stumbled"):
            await bonus(desk, 5, "one", stumbles=True)
        desk.ask("INQUIRY card=A")
        await desk.sequencer.drain()
        assert desk.connection.told[0][1]["54"] == "0"


async def test_entries_that_were_not_written_may_be_ordered_again() -> None:
    """And those whose neighbour was late are decided again by themselves."""
    async with bench() as desk:
        desk.store.results = [CommitResult.UNWRITTEN]
        with pytest.raises(StoreFull):
            await bonus(desk, 5, "one")
        desk.store.results = [CommitResult.LATE]
        assert await bonus(desk, 5, "one") == {"told": [5]}
        assert len(desk.store.records) == 1


async def test_no_message_means_an_entry() -> None:
    """A refund that names nothing but its card finds the sale, not what a command booked."""
    async with bench() as desk:
        desk.ask("EARN card=A amount=1000")
        await bonus(desk, 5, "one")
        desk.ask("REFUND card=A amount=1000 of=zeros")
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "00"]
