"""A connection under every behaviour of its peer: order, bounds, and nothing that reaches its neighbours."""

import asyncio
import itertools
import socket
import struct
from datetime import datetime

import pytest

from messages.link import Event, Link
from switch.connection import SLICE_SIZE
from tests.switch.loopback import KEEP_ALIVE, Switch, link, request, response


async def test_a_request_may_come_byte_by_byte() -> None:
    """TCP is a stream: where it is cut means nothing."""
    async with Switch() as switch:
        till = await switch.till()
        for byte in request(1):
            till.send(bytes([byte]))
            await till.writer.drain()
            await asyncio.sleep(0)
        await switch.takes_up(1)
        switch.answer(1)
        await till.receives(response(1))


async def test_two_requests_may_come_in_one_segment() -> None:
    """... and where it is not cut neither."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1), request(2), request(3)[:4])
        await switch.takes_up(2)
        switch.answer(2)
        await till.receives(response(1), response(2))
        till.send(request(3)[4:])
        await switch.takes_up(1)
        switch.answer(1)
        await till.receives(response(3))


async def test_answers_keep_the_order_of_the_messages() -> None:
    """A till that sends a keep-alive behind a sale gets the sale's answer first."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(KEEP_ALIVE, request(1), KEEP_ALIVE, request(2), KEEP_ALIVE, KEEP_ALIVE, request(3))
        await till.receives(KEEP_ALIVE)
        await switch.takes_up(3)
        switch.answer(1)
        await till.receives(response(1), KEEP_ALIVE)
        switch.answer(1)
        await till.receives(response(2), KEEP_ALIVE, KEEP_ALIVE)
        till.send(KEEP_ALIVE)
        await switch.settles()
        switch.answer(1)
        await till.receives(response(3), KEEP_ALIVE)
        assert switch.connections[0].in_work == 0


async def test_what_waits_behind_a_message_that_was_set_apart_keeps_its_place() -> None:
    """Others are answered before it; a keep-alive or a format error behind it is not."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1), KEEP_ALIVE, request(2), request(3))
        await switch.takes_up(3)
        connection = switch.connections[0]
        connection.set_apart(is_apart=True)
        first = switch.waiting.pop(0)
        switch.answer(2)
        await till.receives(response(2), response(3))
        connection.set_apart(is_apart=False)
        switch.waiting.insert(0, first)
        switch.answer(1)
        await till.receives(response(1), KEEP_ALIVE)
        assert connection.in_work == 0


async def test_a_message_without_an_answer_does_not_hold_up_the_others() -> None:
    """Some repeats may get none."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1), KEEP_ALIVE, request(2))
        await switch.takes_up(2)
        connection = switch.waiting.pop(0).connection
        connection.answered(b"")
        connection.flush()
        await till.receives(KEEP_ALIVE)
        switch.answer(1)
        await till.receives(response(2))


@pytest.mark.parametrize("filler", [b"", KEEP_ALIVE])
async def test_only_so_many_messages_of_a_connection_are_in_work(filler: bytes) -> None:
    """One eager peer does not fill the queue of all; the rest waits in the network, and nothing is lost."""
    async with Switch(in_work_max=64) as switch:
        till = await switch.till()
        count = 3 * SLICE_SIZE // len(request(0))
        till.send(*(request(number) + filler for number in range(count)))
        in_work = 64 if not filler else 32  # a held answer is in work too
        await switch.takes_up(in_work)
        assert switch.connections[0].in_work == 64
        switch.answer(10)
        await switch.settles()
        assert switch.connections[0].in_work == 64
        switch.answers_at_once = True
        switch.answer(len(switch.waiting))
        await till.receives(*(response(number) + filler for number in range(count)))
        assert switch.connections[0].in_work == 0


async def test_a_full_queue_makes_all_connections_wait_and_go_on() -> None:
    """Backpressure is a chain of limits; whoever waited is served without sending anything more."""
    async with Switch() as switch:
        tills = [await switch.till() for _ in range(3)]
        switch.is_full = True
        for number, till in enumerate(tills):
            till.send(request(number))
        await switch.takes_up(0)
        switch.is_full = False
        switch.peers.relieve()
        await switch.takes_up(3)
        switch.answer(3)
        for number, till in enumerate(tills):
            await till.receives(response(number))


async def test_too_many_connections_are_closed_at_once() -> None:
    """The others are served as before, and one that leaves makes room."""
    async with Switch(connections_max=2) as switch:
        first, second, third = [await switch.till() for _ in range(3)]
        await third.is_closed()
        second.send(KEEP_ALIVE)
        await second.receives(KEEP_ALIVE)
        first.writer.close()
        await switch.settles()
        fourth = await switch.till()
        fourth.send(KEEP_ALIVE)
        await fourth.receives(KEEP_ALIVE)
        assert switch.peers.ended["connection.refused"] == 1


async def test_too_many_connections_of_one_address_are_closed_at_once() -> None:
    """One address cannot take the room of all."""
    async with Switch(per_address_max=1) as switch:
        first, second = await switch.till(), await switch.till()
        await second.is_closed()
        first.send(KEEP_ALIVE)
        await first.receives(KEEP_ALIVE)
        first.writer.close()
        await switch.settles()
        third = await switch.till()
        third.send(KEEP_ALIVE)
        await third.receives(KEEP_ALIVE)


@pytest.mark.parametrize("sent", [b"\x00", request(1)[:-1], request(1, "0210") + request(2)[:1]])
async def test_a_frame_that_does_not_end_ends_the_connection(sent: bytes) -> None:
    """A slow-loris holds a connection for a few seconds only, however it drips."""
    async with Switch(frame_timeout_s=0) as switch:
        till = await switch.till()
        till.send(sent)
        await till.is_closed()
        assert switch.peers.ended["frame.timed_out"] == 1


async def test_a_frame_has_its_time_anew() -> None:
    """What counts is the age of the incomplete frame, not how long some frame was incomplete."""
    async with Switch() as switch:
        switch.time = itertools.count().__next__
        till = await switch.till()
        till.send(request(1)[:3])
        await switch.settles()
        (begun,) = switch.peers.frames._since.values()
        till.send(request(1)[3:], request(2)[:3])
        await switch.takes_up(1)
        (begun_again,) = switch.peers.frames._since.values()
        assert begun_again > begun
        till.send(request(2)[3:])
        await switch.takes_up(2)
        assert not switch.peers.frames._since


async def test_a_frame_that_we_do_not_read_on_is_not_timed() -> None:
    """Its end may have come long ago; it is the queue that is full."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1)[:5])
        await switch.settles()
        assert switch.peers.frames._since
        switch.is_full = True
        till.send(request(1)[5:])
        await switch.settles()
        assert not switch.peers.frames._since
        switch.is_full = False
        switch.peers.relieve()
        await switch.takes_up(1)


async def test_an_idle_connection_is_closed_politely() -> None:
    """Terminals that were switched off do not stay for ever."""
    async with Switch(idle_timeout_s=0) as switch:
        till = await switch.till()
        assert await till.reader.read() == b""
        assert switch.peers.ended["connection.idled"] == 1


async def test_a_connection_whose_answer_is_due_does_not_idle() -> None:
    """It is we who are slow."""
    async with Switch(idle_timeout_s=0) as switch:
        till = await switch.till()
        till.send(request(1))
        await switch.takes_up(1)
        switch.peers._sweep()
        switch.answer(1)
        await till.receives(response(1))
        await till.is_closed()


async def test_a_peer_that_does_not_read_is_not_read_either_and_then_cut() -> None:
    """It cannot make the switch keep its answers in memory."""
    async with Switch(stall_timeout_s=0) as switch:
        switch.peers._sweeping.cancel()
        till = await switch.till(receive_buffer=4096)
        till.send(KEEP_ALIVE)
        await till.receives(KEEP_ALIVE)
        switch.keeps_little_for(till)
        sent = 0
        while switch.connections[0]._is_reading:
            till.send(KEEP_ALIVE * 10_000)
            sent += 20_000
            await switch.settles()
            assert sent < 10_000_000
        switch.peers._sweep()
        await switch.settles()
        assert len(switch.peers) == 0
        assert switch.peers.ended["answers.unread"] == 1


async def test_a_peer_that_reads_late_gets_everything() -> None:
    """Slow is not hostile."""
    async with Switch() as switch:
        switch.answers_at_once = True
        switch.padding = bytes(100_000)
        till = await switch.till(receive_buffer=4096)
        till.send(*(request(number) for number in range(200)))
        while not switch.connections or not switch.connections[0]._is_clogged:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0)
        await till.receives(*(response(number) + switch.padding for number in range(200)))


async def test_a_peer_that_sends_no_more_still_gets_its_answers() -> None:
    """A half-closed connection is how scripts speak."""
    async with Switch(in_work_max=2) as switch:
        till = await switch.till()
        till.send(*(request(number) for number in range(5)))
        till.writer.write_eof()
        await switch.takes_up(2)
        for number in range(5):
            await switch.settles()
            switch.answer(1)
            await till.receives(response(number))
        await till.is_closed()


async def test_bytes_that_are_no_frame_end_the_connection_after_its_answers() -> None:
    """What was understood before is answered; what came behind it is not looked at."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1), b"\xff\xff", request(2))
        await switch.takes_up(1)
        switch.answer(1)
        await till.receives(response(1))
        await till.is_closed()
        assert switch.peers.ended["link.failed"] == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_peer_that_hangs_up_costs_nothing(at_once: bool) -> None:  # noqa: FBT001  (a parameter)
    """Its answer has nowhere to go; the decision stands, and its repeat finds it."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1), KEEP_ALIVE)
        await switch.takes_up(1)
        if at_once:  # with a reset, as a till does whose power fails and comes back
            plug = till.writer.transport.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        till.writer.transport.abort()
        await switch.settles()
        assert len(switch.peers) == (0 if at_once else 1)
        switch.answer(1)
        await switch.settles()
        assert len(switch.peers) == 0


class BrokenLink(Link):
    """A mistake of ours."""

    def receive_data(self, data: bytes, received_at: datetime) -> list[Event]:  # noqa: ARG002  (of Link)
        raise ZeroDivisionError


async def test_our_own_mistake_costs_one_connection() -> None:
    """The event loop and all neighbours do not notice."""
    async with Switch() as switch:
        neighbour = await switch.till()
        neighbour.send(KEEP_ALIVE)
        await neighbour.receives(KEEP_ALIVE)
        switch.make_link = lambda: link(BrokenLink)
        till = await switch.till()
        till.send(request(1))
        await till.is_closed()
        neighbour.send(KEEP_ALIVE)
        await neighbour.receives(KEEP_ALIVE)


async def test_the_end_answers_what_is_in_work_and_reads_nothing_more() -> None:
    """SIGTERM: what was decided is answered."""
    async with Switch() as switch:
        till = await switch.till()
        till.send(request(1))
        await switch.takes_up(1)
        switch.peers.stop_reading()
        till.send(request(2))
        await switch.takes_up(1)
        switch.answer(1)
        await switch.peers.close(5)
        await till.receives(response(1))
        await till.is_closed()


async def test_accepted_connections_keep_alive_and_do_not_delay() -> None:
    """They inherit it from the listening socket, at no cost for each."""
    async with Switch() as switch:
        await switch.till()
        await switch.settles()
        plug = switch.connections[0]._transport.get_extra_info("socket")
        assert plug.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
