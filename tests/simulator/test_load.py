"""Load: messages that are what they claim to be, and latencies that hide nothing."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso8583.specs import default_ascii

from loyalty.card import luhn_holds
from loyalty.clock import ManualClock
from simulator.cards import card_number
from simulator.load import Plan, percentile, run
from simulator.till import Identity
from simulator.traffic import Glance, Mix, Source, Stamp
from tests.simulator.scripted_host import ScriptedHost, answer_to, serving

NOW = datetime(2026, 3, 1, 2, 30, 15, tzinfo=UTC)
TILLS = [
    Identity(terminal_id=f"T{number}", merchant_id="M1", acquirer_id="00000000001") for number in range(3)
]
CARDS = [card_number(customer) for customer in range(20)]


def decoded(frame: bytes) -> dict[str, str]:
    assert int.from_bytes(frame[:2], "big") == len(frame) - 2
    elements, _ = iso8583.decode(frame[2:], default_ascii)
    return elements


def test_messages() -> None:
    """Sales have 20 elements and a basket that sums up; reversals name a sale of their till, each once."""
    source = Source(TILLS, CARDS, Mix(redeem=10, reversal=5), Random(1))
    stamp = Stamp(NOW)
    sales: dict[str, str] = {}
    reversed_ones: list[str] = []
    kinds: Counter[str] = Counter()
    for number in range(2000):
        frame, stan = source.next(number % 3, stamp)
        message = decoded(frame)
        kinds[message["t"] + message["3"]] += 1
        assert message["11"] == stan.decode() == f"{number + 1:06}"
        assert (message["7"], message["12"], message["13"]) == ("0301023015", "023015", "0301")
        assert message["41"] == f"T{number % 3}      "
        if message["t"] == "0420":
            assert sales[message["90"][4:10]] == message["41"]
            reversed_ones.append(message["90"])
            continue
        assert message["2"] in CARDS
        if message["3"] == "000000":
            assert len([key for key in message if key.isdecimal() and key != "1"]) == 20
            assert int(message["63"].split("\\")[3]) == int(message["4"]) > 0
            sales[message["11"]] = message["41"]
    assert len(reversed_ones) == len(set(reversed_ones))
    assert 0.80 < kinds["0200000000"] / 2000 < 0.90
    assert 0.07 < kinds["0200009000"] / 2000 < 0.13
    assert 0.03 < kinds["0420000000"] / 2000 < 0.07


def test_connections_share_terminals() -> None:
    """Connections with the same terminals never use the same STAN, also after it wraps."""
    sources = [
        Source(TILLS[:1], CARDS, Mix(), Random(1), first_stan=first, stan_step=400_000) for first in (1, 2)
    ]
    stans = [source.next(0, Stamp(NOW))[1] for _ in range(4) for source in sources]
    assert stans[:6] == [b"000001", b"000002", b"400001", b"400002", b"800001", b"800002"]
    assert stans[6:] == [b"000001", b"000002"]


@given(
    st.sets(
        st.sampled_from(
            [
                "2",
                "3",
                "4",
                "7",
                "12",
                "13",
                "15",
                "24",
                "25",
                "32",
                "33",
                "37",
                "38",
                "41",
                "48",
                "63",
                "70",
                "120",
            ]
        )
    )
)
def test_glance(present: set[str]) -> None:
    """Whatever stands before them, DE 11 and 39 are found."""
    values = {"2": CARDS[0], "32": "123", "33": "", "48": "x" * 20, "63": "y" * 30, "120": "z" * 9}
    elements = {key: values.get(key, "5" * int(str(default_ascii[key]["max_len"]))) for key in present}
    body, _ = iso8583.encode({"t": "0210", "11": "123456", "39": "ab", **elements}, default_ascii)
    assert Glance()(bytes(body)) == (b"123456", b"ab")


@pytest.mark.parametrize(
    "body", [b"", b"0210", b"0210" + b"x" * 40, b"02100000000002000000ab", b"0810" + b"0" * 16]
)
def test_glance_at_nonsense(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"missing|invalid literal"):
        Glance()(body)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50.0, 5.0), (90.0, 9.0), (99.0, 10.0), (99.9, 10.0), (1.0, 1.0), (50.1, 6.0)]
)
def test_percentile(percent: float, expected: float) -> None:
    """The nearest rank: a latency that was measured, not one in between."""
    assert percentile([float(value) for value in range(1, 11)], percent) == expected


def test_card_numbers() -> None:
    """Every customer has a card of the starter's range of his own."""
    assert all(luhn_holds(number) and number.startswith("639012") and len(number) == 16 for number in CARDS)
    assert len(set(CARDS)) == len(CARDS)


async def test_closed_loop() -> None:
    """Each connection has one message in work; all are answered and counted by code."""
    async with serving(ScriptedHost(["answer", "busy", "stranger first"])) as host:
        plan = Plan(address=host.address, tills=TILLS, cards=CARDS, connections=3, seconds=0.2)
        report = await run(plan, ManualClock(NOW))
    assert report.tally.sent == report.answered == len(host.received) > 3
    assert report.unanswered == 0
    assert report.tally.codes == {"00": report.answered - 1, "91": 1}
    assert report.tally.unexpected == 1
    assert len({(message["11"], message["41"]) for message in host.received}) == len(host.received)


class HoldingHost(ScriptedHost):
    """Answers nobody until it has all *count* messages."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(self._count):
            size = int.from_bytes(await reader.readexactly(2), "big")
            self.received.append(iso8583.decode(await reader.readexactly(size), default_ascii)[0])
        writer.write(b"".join(answer_to(message) for message in self.received))
        await writer.drain()
        await reader.read()
        writer.close()


async def test_open_loop_hides_no_waiting() -> None:
    """A host that stands still until the end shows it in every latency, from the moment each was due."""
    async with serving(HoldingHost(20)) as host:
        plan = Plan(address=host.address, tills=TILLS, cards=CARDS, connections=1, seconds=0.2, rate=100)
        report = await run(plan, ManualClock(NOW))
    assert report.answered == 20
    assert all(latency_s > 0.01 * (19 - number) for number, latency_s in enumerate(report.tally.latencies_s))


async def test_unanswered() -> None:
    """What never came is told, and what was answered after it still counts."""
    async with serving(ScriptedHost(["silence"])) as host:
        plan = Plan(
            address=host.address,
            tills=TILLS,
            cards=CARDS,
            connections=1,
            seconds=0.05,
            rate=100,
            patience_s=0.05,
        )
        report = await run(plan, ManualClock(NOW))
    assert (report.tally.sent, report.answered, report.unanswered) == (5, 4, 1)


async def test_broken_connection() -> None:
    """A host that hangs up is seen as such; nothing hangs."""
    async with serving(ScriptedHost(["hang up"])) as host:
        plan = Plan(
            address=host.address, tills=TILLS, cards=CARDS, connections=1, seconds=0.05, patience_s=0.05
        )
        report = await run(plan, ManualClock(NOW))
    assert (report.tally.lost, report.unanswered, report.percentiles()) == (1, 1, {})


async def test_time_goes_into_the_messages() -> None:
    """A second that passes is in DE 7, so that wrapped STANs name other transactions."""
    clock = ManualClock(NOW)
    async with serving(ScriptedHost()) as host:
        plan = Plan(address=host.address, tills=TILLS, cards=CARDS, connections=1, seconds=0.3)
        await run(plan, clock, progress=lambda _share, _tally: clock.advance(timedelta(seconds=1)))
    assert len({message["7"] for message in host.received}) > 1
