"""The whole switch in this process, put together as the product puts it together."""

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from config.key import load_key
from config.schema import HttpSettings, ListenerSettings
from config.starter import write_starter
from console.deployment import open_deployment
from loyalty.clock import ManualClock
from loyalty.errors import LoyaltyError, Problems
from members.identifiers import Hasher
from members.importer import CardRow, read_cards
from rules.parse import load_programme
from rules.programme import Programme
from switch.admin import AdminClient
from switch.builder import build_file
from switch.cardline import CardLine
from switch.deployed import LARGE_SIZE, size_of
from switch.lock import ProcessLock
from switch.logwriter import LogWriter
from switch.metrics import Metrics
from switch.observe import Renderer
from switch.running import Switch, running
from switch.witness import Witness
from tests.conformance.cards import number
from tests.conformance.till import Answer, Message, Till, frame, original
from tests.switch.test_enactment import deciding

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CARD = number(1)


class Connection:
    """A till's connection in this event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, message: Message) -> Answer:
        (answer,) = await self.ask_all(message)
        return answer

    async def ask_all(self, *messages: Message) -> list[Answer]:
        """Ask at once, and give the answers in the order in which they come."""
        self._writer.write(b"".join(frame(message.encode()) for message in messages))
        return [await self._answer() for _ in messages]

    async def _answer(self) -> Answer:
        size = int.from_bytes(await self._reader.readexactly(2), "big")
        return Answer.decode(await self._reader.readexactly(size))


class House:
    """A deployment, and what one run of it counted and logged."""

    def __init__(self, folder: Path) -> None:
        starter = write_starter(folder, files("rules").joinpath("starter.toml").read_text("utf-8"))
        self.settings = replace(starter, listener=(ListenerSettings(port=0),), http=HttpSettings(port=0))
        self.clock = ManualClock(NOON)
        self.metrics = Metrics()
        self.log = folder / "log"
        self.till = Till("T0000001", itertools.count(1))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[Switch]:
        time = asyncio.get_running_loop().time
        with self.log.open("wb") as file:
            writer = LogWriter(file.fileno())
            writer.start()
            tell = Witness(self.metrics, time, writer, Renderer(for_people=False))
            try:
                async with running(
                    self.settings, clock=self.clock, time=time, metrics=self.metrics, tell=tell
                ) as switch:
                    yield switch
            finally:
                writer.stop()

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text(encoding="ascii").splitlines()]

    async def enrol(self, programme: Programme | None = None) -> None:
        """Enrol the card through the socket, as the command line does."""
        programme = programme or load_programme(self.settings.programme)
        hasher = Hasher(load_key(self.settings.path(self.settings.cards.key_file)))
        rows = read_cards(["card,member", f"{CARD},M1"], ranges=programme.card_ranges, tiers=programme.tiers)
        lines = [CardLine.of(row, hasher.token).to_json() for row in rows if isinstance(row, CardRow)]

        def order() -> None:
            with AdminClient(self.settings.socket) as client:
                assert client.order("cards.import", cards=lines)["imported"] == 1

        await asyncio.to_thread(order)

    @contextlib.asynccontextmanager
    async def connection(self, switch: Switch) -> AsyncGenerator[Connection]:
        reader, writer = await asyncio.open_connection(*switch.iso8583[0])
        try:
            yield Connection(reader, writer)
        finally:
            writer.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "puntual")


async def test_a_day_is_answered_counted_and_told(house: House) -> None:
    """One line for each transaction, with all that may be told of it and nothing else."""
    sale = house.till.message("earn", card=CARD, amount=1999)
    redemption = house.till.message("redeem", card=CARD, amount=5000)
    refused = house.till.message("earn", card=CARD, amount=100).but({41: "NOBODY01"})
    async with house.open() as switch:
        await house.enrol()
        async with house.connection(switch) as connection:
            first = await connection.ask(sale)
            assert (first.code, first.figure("050")) == ("00", 19)
            assert await connection.ask(sale) == first
            assert (await connection.ask(redemption)).code == "51"
            assert (await connection.ask(refused)).code == "58"
    usual = {"event": "transaction.decided", "level": "info", "batch": 1}
    of_card = {**usual, "terminal": "T0000001", "member": 1, "programme": first.tag("060")}
    told = house.told()
    for line in told:
        assert line.pop("ms") >= 0
        assert line.pop("at").endswith("Z")
    stan, later = sale.elements[11], redemption.elements[11]
    seq = told[0]["seq"]
    assert told == [
        {**of_card, "operation": "EARN", "reason": "APPROVED", "stan": stan, "seq": seq, "points": 19,
         "rules": "base +19"},
        {**of_card, "operation": "EARN", "reason": "REPEAT", "stan": stan, "seq": seq, "points": 19,
         "rules": "base +19"},
        {**of_card, "operation": "REDEEM", "reason": "NOT_SUFFICIENT_POINTS", "stan": later,
         "seq": told[2]["seq"], "points": 0, "rules": ""},
        {**usual, "operation": "NONE", "reason": "TERMINAL_UNKNOWN"},
    ]  # fmt: skip
    counted = dict(house.metrics.decided)
    assert counted == {
        ("EARN", "APPROVED"): 1,
        ("EARN", "REPEAT"): 1,
        ("REDEEM", "NOT_SUFFICIENT_POINTS"): 1,
        ("NONE", "TERMINAL_UNKNOWN"): 1,
    }


async def test_a_start_waits_for_a_command_and_not_for_a_switch(house: House) -> None:
    """Who has the books for a moment does not keep it from starting; another switch does, at once."""
    lock = ProcessLock(house.settings.lock)
    asyncio.get_running_loop().call_later(0.15, lock.release)
    async with house.open():
        with pytest.raises(LoyaltyError, match="writes these books"):
            async with house.open():
                pass


async def test_a_reload_counts_from_the_next_message_on(house: House) -> None:
    """Also on a connection that is open; and what is wrong changes nothing."""
    settings = house.settings
    register = settings.terminals.read_text("utf-8")
    inquiry = Till("NEWTILL1", itertools.count(1)).message("inquiry", card=CARD)
    async with house.open() as switch:
        await house.enrol()
        async with house.connection(switch) as connection:
            assert (await connection.ask(inquiry)).code == "58"
            settings.terminals.write_text(register + "what,is,this\n", "utf-8")
            assert (await switch.reload()).refused.keys() == {"register"}
            settings.terminals.write_text(register.replace("T0000001", "NEWTILL1"), "utf-8")
            assert (await connection.ask(inquiry)).code == "58"
            done = await switch.reload()
            assert (done.terminals, done.refused) == (len(register.splitlines()) - 1, {})
            assert (await connection.ask(inquiry)).code == "00"


async def test_a_new_programme_decides_from_its_reload_on(house: House) -> None:
    """Advices of an earlier time keep the programme of their time."""
    path = house.settings.programme
    async with house.open() as switch:
        await house.enrol()
        async with house.connection(switch) as connection:
            house.clock.advance(timedelta(hours=1))
            path.write_text(path.read_text("utf-8").replace("points = 1", "points = 2"), "utf-8")
            version = (await switch.reload()).programme
            house.clock.advance(timedelta(hours=1))
            sale = house.till.message("earn", card=CARD, amount=1000)
            answer = await connection.ask(sale)
            assert (answer.figure("050"), answer.tag("060")) == (20, version)
            before = {7: None, 13: "1121", 12: "123000"}
            answer = await connection.ask(
                house.till.message("earn", card=CARD, amount=1000, elements=before).but(mti="0220")
            )
            assert answer.figure("050") == 10


async def test_a_version_that_is_in_memory_no_more_is_built_while_others_are_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refund of a sale under it waits for the process that builds it; another till of the link does not."""
    for module in ("switch.programmes", "switch.enactment"):
        monkeypatch.setattr(f"{module}.KEPT_SIZE_MAX", 1)
    path = house.settings.programme
    async with house.open() as switch:
        await house.enrol()
        async with house.connection(switch) as connection:
            sale = house.till.message("earn", card=CARD, amount=1000)
            assert (await connection.ask(sale)).figure("050") == 10
            for points in (2, 3, 4):
                house.clock.advance(timedelta(hours=1))
                text = re.sub("points = .*, per", f"points = {points}, per", path.read_text("utf-8"))
                path.write_text(text, "utf-8")
                await switch.reload()
            elements = {90: original(sale)}
            refund = house.till.message("refund", card=CARD, amount=500, elements=elements)
            other = Till("T0000002", itertools.count(1))
            first, second = await connection.ask_all(refund, other.message("inquiry", card=CARD))
            # In the order of the answers: the inquiry overtook the refund, which the old version decided.
            assert (first.element(41).strip(), first.figure("052")) == ("T0000002", 10)
            assert (second.code, second.figure("050")) == ("00", -5)


async def test_what_is_paused_is_refused_at_once_and_a_shadow_sees_sales(house: House) -> None:
    """By orders over the socket, between two messages of one connection."""
    other = house.settings.folder / "other.toml"
    programme = house.settings.programme.read_text("utf-8")
    other.write_text(programme.replace("points = 1, per", "points = 3, per"), "utf-8")

    def order(name: str, **arguments: object) -> dict[str, Any]:
        with AdminClient(house.settings.socket) as client:
            return client.order(name, timeout_s=60, **arguments)

    async with house.open() as switch:
        await house.enrol()
        async with house.connection(switch) as connection:
            await asyncio.to_thread(order, "rules.shadow", path=str(other))
            sale = await connection.ask(house.till.message("earn", card=CARD, amount=1000))
            assert sale.figure("050") == 10
            for what in ("redeem", "earn"):
                await asyncio.to_thread(order, "rules.pause", what=what, by="ana")
            refused = await connection.ask(house.till.message("redeem", card=CARD, amount=5))
            assert (refused.code, refused.tag("059")) == ("57", "REDEMPTION_PAUSED")
            poor = await connection.ask(house.till.message("earn", card=CARD, amount=1000))
            assert (poor.code, poor.figure("050")) == ("00", 0)
            for what in ("redeem", "earn"):
                await asyncio.to_thread(order, "rules.resume", what=what, by="ana")
            assert (await connection.ask(house.till.message("redeem", card=CARD, amount=5))).code == "00"
            told = await asyncio.to_thread(order, "rules.shadow")
    assert (told["sales"], told["points_now"], told["points_then"]) == (2, 10, 60)
    assert told["latest"][0] == {"rrn": sale.element(37), "earned": 10, "would_earn": 30}


async def test_a_start_goes_on_with_what_is_in_force_while_the_files_are_wrong(house: House) -> None:
    """With what is paused of it; the first mended files count."""
    path = house.settings.programme
    good = path.read_text("utf-8")
    path.write_text(f"{good}\n[[rule]\n", "utf-8")
    with pytest.raises(Problems):
        async with house.open():
            pass
    path.write_text(good, "utf-8")

    def pause(name: str) -> None:
        with AdminClient(house.settings.socket) as client:
            client.order(name, timeout_s=60, what="redeem", by="ana")

    async with house.open():
        await house.enrol()
        await asyncio.to_thread(pause, "rules.pause")
    path.write_text(f"{good}\n[[rule]\n", "utf-8")
    async with house.open() as switch, house.connection(switch) as connection:
        assert (await connection.ask(house.till.message("earn", card=CARD, amount=1000))).figure("050") == 10
        assert (await connection.ask(house.till.message("redeem", card=CARD, amount=5))).code == "57"
        path.write_text(good.replace("points = 1,", "points = 2,"), "utf-8")
        await switch.reload()
        await asyncio.to_thread(pause, "rules.resume")
        assert (await connection.ask(house.till.message("earn", card=CARD, amount=1000))).figure("050") == 20
        assert (await connection.ask(house.till.message("redeem", card=CARD, amount=5))).code == "00"


async def test_what_was_in_force_before_it_was_refused_goes_on(house: House) -> None:
    """A later release that refuses what the files say starts with them all the same, if the books have it."""
    path = house.settings.programme
    rule = '[[rule]]\nid = "r"\ntext = "R"\nwhen = { any = [] }\nthen = { points = 7 }\n'
    path.write_text(f"{path.read_text('utf-8')}\n{rule}", "utf-8")
    with pytest.raises(Problems, match="is an empty list"):
        async with house.open():
            pass
    then = load_programme(path, is_restored=True)
    async with deciding(house.settings.database, then, house.clock):
        pass
    async with house.open() as switch:
        done = await switch.reload()
        assert (done.programme, done.refused) == (then.version, {})
        await asyncio.to_thread(open_deployment, path.with_name("puntual.toml"))
        async with house.connection(switch) as connection:
            quote = house.till.message("quote", card=CARD, amount=1000)
            assert (await connection.ask(quote)).code == "14"
            await house.enrol(then)
            answer = await connection.ask(house.till.message("quote", card=CARD, amount=1000))
            assert (answer.figure("050"), answer.tag("060")) == (17, then.version)


async def test_a_large_programme_is_built_elsewhere_before_the_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And read here when that fails, which tells what is wrong."""
    path = house.settings.programme
    campaign = path.with_name("campaigns") / "long.toml"
    campaign.write_text("#" * LARGE_SIZE + "\n", "utf-8")
    assert size_of(path) > LARGE_SIZE
    built: list[Path] = []

    async def build(own: Path, **told: Any) -> Programme:
        built.append(own)
        return await build_file(own, **told)  # type: ignore[return-value]  # which is wanted

    monkeypatch.setattr("switch.running.build_file", build)
    with pytest.raises(Problems, match=r"long\.toml"):
        async with house.open():
            pass
    path.write_text(path.read_text("utf-8") + "#" * LARGE_SIZE, "utf-8")
    campaign.unlink()
    own = load_programme(path)
    async with house.open() as switch, house.connection(switch) as connection:
        await house.enrol(own)
        quote = await connection.ask(house.till.message("quote", card=CARD, amount=1000))
        assert quote.tag("060") == own.version
    assert built == [path, path]


async def test_books_have_one_switch_at_a_time(house: House) -> None:
    """The second is refused and disturbs nothing; after the first another may come."""
    async with house.open() as switch:
        with pytest.raises(LoyaltyError, match="another process"):
            async with house.open():
                pass
        async with house.connection(switch) as connection:
            assert (await connection.ask(house.till.network("301"))).code == "00"
        assert house.settings.socket.exists()
    assert not house.settings.socket.exists()
    async with house.open():
        pass
