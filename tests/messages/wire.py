"""A till's end of a link: frames written and read by pyiso8583, never by the codec under test."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import iso8583
from iso8583.specs import default_ascii

from loyalty.terminal import Terminal, TerminalRegister, TerminalStatus
from loyalty.terms import Terms
from loyalty.transaction import Transaction
from messages.codec import Codec
from messages.dialect import load_dialect
from messages.framing import framing_named
from messages.link import AnswerReady, CutOver, Event, Link, LinkFailed, Refused, TransactionReceived
from messages.profile import Profile, profile_named

NOW: Final = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
CARD: Final = "6390120000000004"
OTHER_CARD: Final = "6390120000000012"
ORIGINAL: Final = "0200" + "000007" + "1121110000" + "00000000001" + "00000000000"  # a DE 90
NOTHING: Final = "0" * 42  # a DE 90 as well
BASKET: Final = "0015A\\1\\U\\1234\\\\"
TERMS: Final = Terms(currency="978", unit_code="999", unit="point", zone=UTC, language="en")


def terminal(terminal_id: str = "T0000001", **changes: object) -> Terminal:
    """A registered terminal."""
    values: dict[str, object] = {
        "terminal_id": terminal_id,
        "merchant_id": "MERCH0000000001",
        "acquirer_id": "00000000001",
        "mcc": "5411",
    }
    return Terminal(**(values | changes))  # type: ignore[arg-type]  # a test names what it changes


REGISTER: Final = TerminalRegister(
    {
        (at.acquirer_id, at.terminal_id): at
        for at in (
            terminal(),
            terminal("T0000002", can="D"),
            terminal("TBLOCKED", status=TerminalStatus.BLOCKED),
            terminal("TINQUIRE", allow=frozenset({"INQUIRY"})),
            terminal("TWICE", acquirer_id="00000000001"),
            terminal("TWICE", acquirer_id="00000000002"),
        )
    }
)

CODEC: Final = Codec(load_dialect("iso87-ascii"))

SALE: Final = {
    2: CARD,
    3: "000000",
    4: "000000001234",
    7: "1121120000",
    11: "000001",
    12: "120000",
    13: "1121",
    41: "T0000001",
}


def profile(terms: Terms = TERMS, acquirer_id: str | None = None) -> Profile:
    """The default profile over the register of these tests."""
    return profile_named("retail87", terms=terms, register=REGISTER, acquirer_id=acquirer_id)


def link(acquirer_id: str | None = None) -> Link:
    """The switch's end, in the default dialect and framing."""
    return Link(
        framing=framing_named("bin2"),
        codec=CODEC,
        profile=profile(acquirer_id=acquirer_id),
        frame_size_max=8192,
    )


def tags(**values: str) -> str:
    """The text of DE 48: ``tags(t010="PHON34600", t020="5")``."""
    return "".join(f"{name[1:4]}{len(value):03}{value}" for name, value in values.items())


def body(mti: str, elements: Mapping[int, str]) -> bytes:
    """A message as a till writes it."""
    raw, _ = iso8583.encode({"t": mti, **{str(key): value for key, value in elements.items()}}, default_ascii)
    return bytes(raw)


def frame(mti: str, elements: Mapping[int, str]) -> bytes:
    """The same with its length."""
    raw = body(mti, elements)
    return len(raw).to_bytes(2, "big") + raw


def opened(data: bytes) -> tuple[str, dict[int, str]]:
    """MTI and elements of one frame."""
    assert int.from_bytes(data[:2], "big") == len(data) - 2
    decoded, _ = iso8583.decode(data[2:], default_ascii)
    return decoded["t"], {int(key): value for key, value in decoded.items() if key.isdigit() and key != "1"}


def changed(base: Mapping[int, str], changes: Mapping[int, str | None]) -> dict[int, str]:
    """*base* with elements replaced, added, or taken out where the change is ``None``."""
    merged = {**base, **changes}
    return {number: value for number, value in merged.items() if value is not None}


def ask(mti: str, elements: Mapping[int, str], to: Link | None = None) -> Event:
    """The one event that a message makes."""
    [event] = (to or link()).receive_data(frame(mti, elements), NOW)
    return event


def transaction(mti: str, elements: Mapping[int, str], to: Link | None = None) -> Transaction:
    """The transaction in a message that has one."""
    event = ask(mti, elements, to)
    assert isinstance(event, TransactionReceived), told(event)
    return event.transaction


def told(event: Event) -> str:
    """An event in one line: ``EARN``, ``EARN AMOUNT_NOT_ALLOWED``, ``30/004``, ``refused …``, ``hang-up``."""
    match event:
        case TransactionReceived(_, asked):
            return asked.operation.name + (f" {asked.fault.name}" if asked.fault else "")
        case Refused(_, reason):
            return f"refused {reason.name}"
        case CutOver():
            return "cut-over"
        case AnswerReady(data) if len(data) <= 2:
            return "keep-alive"
        case AnswerReady(data):
            _, elements = opened(data)
            return elements[39] + (f"/{elements[44]}" if 44 in elements else "")
        case LinkFailed():
            return "hang-up"
