"""The till's rule for answers that do not come, as a table and on real sockets."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.clock import ManualClock
from simulator.client import AsyncHostLink, HostLink, connect_to
from simulator.message import Card, Request
from simulator.private import read_tags
from simulator.terminal import Answered, NotSent, Result, Terminal, Unanswered
from simulator.till import Identity, Till
from simulator.wire import WireError
from tests.simulator.scripted_host import ScriptedHost, Step, serving

NOW = datetime(2026, 3, 1, 2, 30, 15, tzinfo=UTC)
CARD = Card(number="6390120000000017")
PATIENCE_S = 0.05


def new_till(*, stan: int = 1, can: str | None = None) -> Till:
    return Till(Identity(terminal_id="T0000001", can=can), ManualClock(NOW), stan=stan)


async def exchange(terminal: Terminal, host: ScriptedHost, request: Request, kind: str) -> Result:
    if kind == "blocking":
        link = HostLink(terminal, host.address, timeout_s=PATIENCE_S)
        with link:
            return await asyncio.to_thread(link.exchange, request)
    line = AsyncHostLink(terminal, connect_to(host.address), timeout_s=PATIENCE_S)
    try:
        return await line.exchange(request)
    finally:
        await line.close()


MAKERS: dict[str, Callable[[Till], Request]] = {
    "balance": lambda till: till.balance(CARD),
    "quote": lambda till: till.quote(CARD, 1000),
    "echo": lambda till: till.network("301"),
    "sale": lambda till: till.sale(CARD, 1000),
    "sale with points": lambda till: till.sale(CARD, 1000, points=5),
    "redeem": lambda till: till.redeem(CARD, 500),
    "refund": lambda till: till.refund(500, original="632500000001"),
    "reversal": lambda till: till.reversal(till.redeem(CARD, 500)),
}


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.parametrize(
    ("operation", "script", "sent", "kept"),
    [
        ("balance", [], ["0100"], []),
        ("balance", ["silence"], ["0100"], []),
        ("quote", ["hang up"], ["0100"], []),
        ("echo", ["silence"], ["0800"], []),
        ("sale", ["silence"], ["0200", "0220"], []),
        ("sale", ["silence", "silence"], ["0200", "0220", "0221"], []),
        ("sale", ["hang up", "silence", "garbage"], ["0200", "0220", "0221"], ["0221"]),
        ("sale with points", ["silence"], ["0200", "0201"], []),
        ("sale with points", ["silence", "silence"], ["0200", "0201"], ["0420"]),
        ("redeem", ["silence", "hang up"], ["0200", "0201"], ["0420"]),
        ("redeem", ["garbage"], ["0200", "0201"], []),
        ("refund", ["hang up", "garbage"], ["0200", "0201"], ["0420"]),
        ("reversal", ["silence"], ["0420"], ["0421"]),
    ],
)
async def test_unanswered(
    operation: str, script: list[Step], sent: list[str], kept: list[str], kind: str
) -> None:
    """What cannot harm is forgotten, what has happened is told again, what may have happened is undone."""
    async with serving(ScriptedHost(script)) as host:
        terminal = Terminal(new_till())
        result = await exchange(terminal, host, MAKERS[operation](terminal.till), kind)
    assert host.types == sent
    assert [request.mti for request in terminal.kept] == kept
    assert isinstance(result, Answered if len(script) < len(sent) else Unanswered)
    # One and the same message: only its type says that it comes again.
    assert len({(message["11"], message["12"], message["13"]) for message in host.received}) == 1


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
async def test_what_is_kept_goes_first(kind: str) -> None:
    """A reversal is never overtaken by the next message, and goes on until it is answered."""
    async with serving(ScriptedHost(["silence", "silence", "silence", "busy"])) as host:
        terminal = Terminal(new_till())
        first = terminal.till.redeem(CARD, 500)
        assert isinstance(await exchange(terminal, host, first, kind), Unanswered)
        for _ in range(2):  # the reversal is met by silence, then by a host that is too busy
            result = await exchange(terminal, host, terminal.till.balance(CARD), kind)
            assert isinstance(result, NotSent)
        result = await exchange(terminal, host, terminal.till.balance(CARD), kind)
    assert isinstance(result, Answered)
    assert host.types == ["0200", "0201", "0420", "0421", "0421", "0100"]
    assert host.received[2]["90"] == "0201" + "000001" + "0301023015" + "0" * 22
    assert [(request.operation, answer.code) for request, answer in terminal.settled] == [("reversal", "00")]
    assert terminal.kept == ()


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.parametrize("piece_size", [1, 7, 65536])
async def test_only_the_awaited_answer_is_taken(piece_size: int, kind: str) -> None:
    """An answer with another DE 11 is dropped, however the stream is cut."""
    async with serving(ScriptedHost(["stranger first"], piece_size=piece_size)) as host:
        terminal = Terminal(new_till())
        result = await exchange(terminal, host, terminal.till.balance(CARD), kind)
    assert isinstance(result, Answered)
    assert result.answer.elements["11"] == "000001"
    assert terminal.unexpected == 1


async def test_a_closed_line_is_not_used() -> None:
    """What is asked on a line that the host has closed meanwhile goes out on a new one, and once."""
    async with serving(ScriptedHost(["farewell"])) as host:
        terminal = Terminal(new_till())
        line = AsyncHostLink(terminal, connect_to(host.address))
        assert isinstance(await line.exchange(terminal.till.balance(CARD)), Answered)
        assert line._streams is not None
        assert await line._streams[0].read() == b""  # the end has arrived
        assert isinstance(await line.exchange(terminal.till.balance(CARD)), Answered)
        await line.close()
    assert host.types == ["0100", "0100"]


async def test_a_closed_line_is_not_used_when_blocking() -> None:
    """The same for the blocking line."""
    async with serving(ScriptedHost(["farewell"])) as host:
        terminal = Terminal(new_till())
        with HostLink(terminal, host.address) as line:
            assert isinstance(await asyncio.to_thread(line.exchange, terminal.till.balance(CARD)), Answered)
            assert line._socket is not None
            assert await asyncio.to_thread(line._socket.recv, 1, socket.MSG_PEEK) == b""
            assert isinstance(await asyncio.to_thread(line.exchange, terminal.till.balance(CARD)), Answered)
    assert host.types == ["0100", "0100"]


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
async def test_no_host(kind: str) -> None:
    """What was never sent needs no reversal."""
    async with serving(ScriptedHost()) as host:
        pass
    terminal = Terminal(new_till())
    assert isinstance(await exchange(terminal, host, terminal.till.redeem(CARD, 500), kind), NotSent)
    assert terminal.kept == ()


def test_stan_wraps() -> None:
    """000000 is no STAN."""
    till = new_till(stan=999_999)
    assert [till.balance(CARD).stan for _ in range(2)] == ["999999", "000001"]


def test_times() -> None:
    """DE 7 is UTC, DE 12 and 13 are the terminal's own."""
    identity = Identity(terminal_id="T1", zone=ZoneInfo("America/New_York"))
    elements = Till(identity, ManualClock(NOW)).network("301").elements
    assert (elements["7"], elements["13"], elements["12"]) == ("0301023015", "0228", "213015")
    assert elements["41"] == "T1      "


def test_tags_ascend() -> None:
    """The card's tag, the ticket's and what the till can are written in the order of their numbers."""
    request = new_till(can="PD").sale(Card.parse("PHON:4915112345"), 1000, points=7, ticket="A1")
    assert read_tags(request.elements["48"]) == (
        ("010", "PHON4915112345"),
        ("020", "7"),
        ("023", "A1"),
        ("040", "PD"),
    )


def test_misfit_is_not_sent() -> None:
    """A message that the dialect cannot carry leaves the till free for the next."""
    terminal = Terminal(new_till())
    with pytest.raises(WireError, match="DE 4 of the message"):
        terminal.ask(terminal.till.redeem(CARD, 10**12))
    assert terminal.ask(terminal.till.balance(CARD))


@pytest.mark.parametrize("text", ["6390120000000017", "6390120000000017=29121010000", "PHON:4915112345"])
def test_card_hides_itself(text: str) -> None:
    """Neither a card nor a request with it shows more than its last four."""
    card = Card.parse(text)
    shown = repr(card) + repr(new_till().balance(card))
    assert "639012" not in shown
    assert "49151" not in shown
    assert card.last4 in repr(card)
