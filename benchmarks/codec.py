"""Reading a request of twenty elements and writing its answer, beside pyiso8583 in the same run.

Both codecs do the same work: every element becomes text, everything is checked that the codec checks. The two
take turns, and the best round of each counts: what else the machine does can only make a round slower.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import iso8583
from rich.console import Console
from rich.table import Table

from messages.codec import Codec
from messages.dialect import load_dialect
from messages.pyiso import to_pyiso8583
from messages.spec import Dialect, Encoding

_DIALECTS: Final = ("iso87-ascii", "iso87-ascii-binbitmap", "iso87-bcd", "iso87-ebcdic")
_SIGNED: Final = (28, 29, 30, 31, 97)  # pyiso8583 has no word for a sign before packed digits

_CARD: Final = "6390120000000004"
REQUEST: Final = {
    2: _CARD,
    3: "000000",
    4: "000000001234",
    7: "1121120000",
    11: "000001",
    12: "120000",
    13: "1121",
    14: "2912",
    18: "5411",
    22: "021",
    25: "00",
    32: "00000000001",
    35: _CARD + "D29122011234567890123",
    37: "632500000001",
    41: "T0000001",
    42: "MERCH0000000001",
    43: "Calle Mayor 1, Madrid ES".ljust(40),
    48: "023020" + "TICKET00000000000001" + "030020" + "cashier 17, lane 004" + "040002PD",
    49: "978",
    55: "9F26081122334455667788" + "00" * 49,
}
ANSWER: Final = {number: REQUEST[number] for number in (2, 3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 48, 49)} | {
    38: "000001",
    39: "00",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds of one message, each codec's best round."""

    dialect: str
    decode_us: float
    encode_us: float
    peer_decode_us: float
    peer_encode_us: float

    @property
    def decode_ratio(self) -> float:
        return self.decode_us / self.peer_decode_us

    @property
    def encode_ratio(self) -> float:
        return self.encode_us / self.peer_encode_us


def measure(name: str, messages: int, rounds: int) -> Measured:
    """Both codecs on one dialect."""
    dialect = _without_signs(load_dialect(name))
    codec, spec = Codec(dialect), to_pyiso8583(dialect)
    answer = dict(sorted(ANSWER.items()))
    raw = codec.encode("0200", REQUEST)
    peer_answer = {"t": "0210", **{str(number): value for number, value in answer.items()}}
    assert codec.decode(raw).elements == REQUEST
    assert codec.encode("0210", answer) == bytes(iso8583.encode(peer_answer, spec)[0])
    subjects: tuple[Callable[[], object], ...] = (
        lambda: codec.decode(raw),
        lambda: codec.encode("0210", answer),
        lambda: iso8583.decode(raw, spec),
        lambda: iso8583.encode(peer_answer, spec),
    )
    best = [float("inf")] * len(subjects)
    for _ in range(rounds):
        for at, subject in enumerate(subjects):
            best[at] = min(best[at], _round_us(subject, messages))
    return Measured(name, *best)


def _without_signs(dialect: Dialect) -> Dialect:
    packed = any(field.encoding is Encoding.SIGNED_BCD for field in dialect.fields.values())
    dropped = _SIGNED if packed else ()
    return replace(dialect, fields={n: field for n, field in dialect.fields.items() if n not in dropped})


def _round_us(subject: Callable[[], object], messages: int) -> float:
    started = time.perf_counter()
    for _ in range(messages):
        subject()
    return (time.perf_counter() - started) / messages * 1e6


def run(messages: int = 1000, rounds: int = 15) -> None:
    """Print a table: microseconds of a message, and what part of pyiso8583's time that is."""
    table = Table(title="Request of 20 elements read, answer of 15 written; microseconds a message")
    table.add_column("dialect")
    for column in ("read", "pyiso8583", "ratio", "written", "pyiso8583", "ratio"):
        table.add_column(column, justify="right")
    for name in _DIALECTS:
        measured = measure(name, messages, rounds)
        table.add_row(
            name,
            f"{measured.decode_us:.2f}",
            f"{measured.peer_decode_us:.2f}",
            f"{measured.decode_ratio:.2f}",
            f"{measured.encode_us:.2f}",
            f"{measured.peer_encode_us:.2f}",
            f"{measured.encode_ratio:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    run()
