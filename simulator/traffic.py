"""Requests for load, made fast: a few are encoded once, and what changes is overwritten in their bytes.

They are 20-element sales with a basket line, redemptions of a small amount, and reversals of the last sale of
the same terminal by DE 90. No two have the same DE 11 and second, so none is a repeat for the switch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

import iso8583
from iso8583.specs import default_ascii

from simulator.till import STAN_MAX, Identity

# Widths of what can stand before DE 39 in an answer; 0: two digits of length and so many characters.
_WIDTHS: Final = {
    2: 0, 3: 6, 4: 12, 5: 12, 6: 12, 7: 10, 8: 8, 9: 8, 10: 8, 11: 6, 12: 6, 13: 4, 14: 4, 15: 4, 16: 4,
    17: 4, 18: 4, 19: 3, 20: 3, 21: 3, 22: 3, 23: 3, 24: 3, 25: 2, 26: 2, 27: 1, 28: 9, 29: 9, 30: 9,
    31: 9, 32: 0, 33: 0, 34: 0, 35: 0, 37: 12, 38: 6,
}  # fmt: skip
_BASKET: Final = "0015SKU-000001\\1\\U\\000000000000\\GROCERY\\"
_AMOUNT_MAX_MINOR: Final = 9999
_REDEEMED_MINOR: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How many of a hundred messages are what; the rest are sales."""

    redeem: int = 10
    reversal: int = 5


class Stamp:
    """DE 7, 12 and 13 of one second, as bytes. DE 12 and 13 are UTC too."""

    def __init__(self, now: datetime) -> None:
        text = f"{now.astimezone(UTC):%m%d%H%M%S}".encode("ascii")
        self.transmitted, self.local_time, self.local_date = text, text[4:], text[:4]


class Source:
    """The messages of one connection.

    Args:
        tills: Whose they are; other connections may have the same ones.
        cards: Whom they sell to; numbers of equal length.
        first_stan: From 1 to *stan_step*; each connection has another one, and counts on by *stan_step*.
    """

    def __init__(
        self,
        tills: Sequence[Identity],
        cards: Sequence[str],
        mix: Mix,
        random: Random,
        *,
        first_stan: int = 1,
        stan_step: int = 1,
    ) -> None:
        assert tills
        assert cards
        assert 1 <= first_stan <= stan_step
        self._tills = [_TillFrames(till, len(cards[0])) for till in tills]
        self._cards = [card.encode("ascii") for card in cards]
        self._mix = mix
        self._random = random
        self._first_stan = self._stan = first_stan
        self._stan_step = stan_step

    def next(self, till: int, stamp: Stamp) -> tuple[bytes, bytes]:
        """A frame of the till with this number, and its DE 11."""
        frames = self._tills[till]
        stan = b"%06d" % self._stan
        self._stan += self._stan_step
        if self._stan > STAN_MAX:
            self._stan = self._first_stan
        random = self._random.random
        kind = random() * 100
        if kind < self._mix.reversal and frames.last_sale:
            return frames.reversal(stan, stamp), stan
        card = self._cards[int(random() * len(self._cards))]
        if kind < self._mix.reversal + self._mix.redeem:
            return frames.redeem(stan, stamp, card), stan
        amount = b"%012d" % (100 + int(random() * _AMOUNT_MAX_MINOR))
        return frames.sale(stan, stamp, card, amount), stan


class _Template:
    """An encoded frame and where its elements begin."""

    def __init__(self, elements: dict[str, str]) -> None:
        body, encoded = iso8583.encode(elements, default_ascii)
        self.frame = len(body).to_bytes(2, "big") + bytes(body)
        self._begins: dict[str, int] = {}
        at = 2
        for number in ("h", "t", "p", *(str(number) for number in range(1, 129))):
            if number in encoded:
                at += len(encoded[number]["len"])
                self._begins[number] = at
                at += len(encoded[number]["data"])

    def place(self, number: str, size: int) -> slice:
        begin = self._begins[number]
        return slice(begin, begin + size)


class _TillFrames:
    """The three templates of a till. *last_sale* is what a DE 90 says of its last sale."""

    def __init__(self, till: Identity, card_size: int) -> None:
        card = "0" * card_size
        common = {"7": "0" * 10, "11": "0" * 6, "12": "0" * 6, "13": "0" * 4, "41": till.terminal_id.ljust(8)}
        if till.acquirer_id is not None:
            common["32"] = till.acquirer_id
        if till.merchant_id is not None:
            common["42"] = till.merchant_id.ljust(15)
        # Elements that a till of a supermarket sends, though the switch reads few of them.
        usual = {
            "14": "2912", "18": "5411", "22": "051", "24": "001", "25": "00", "26": "12",
            "43": "PUNTUAL LOAD".ljust(40), "48": "030004C017", "49": "978",
        }  # fmt: skip
        sale = {"t": "0200", "2": card, "3": "000000", "4": "0" * 12, **common, **usual, "63": _BASKET}
        redeem = {"t": "0200", "2": card, "3": "009000", "4": f"{_REDEEMED_MINOR:012}", **common}
        reversal = {"t": "0420", "3": "000000", **common, "90": "0" * 42}
        self._sale, self._redeem, self._reversal = _Template(sale), _Template(redeem), _Template(reversal)
        self._in_sale = _places(self._sale)
        self._in_redeem = _places(self._redeem)
        self._in_reversal = _places(self._reversal)
        self._sale_card = self._sale.place("2", card_size)
        self._sale_amount = self._sale.place("4", 12)
        basket = self._sale.place("63", len(_BASKET))
        line_amount = basket.start + _BASKET.index("0" * 12)
        self._sale_line = slice(line_amount, line_amount + 12)
        self._redeem_card = self._redeem.place("2", card_size)
        self._original = self._reversal.place("90", 42)
        self.last_sale = b""

    def sale(self, stan: bytes, stamp: Stamp, card: bytes, amount: bytes) -> bytes:
        frame = _stamped(self._sale, self._in_sale, stan, stamp)
        frame[self._sale_card] = card
        frame[self._sale_amount] = frame[self._sale_line] = amount
        # ISO 8583:1987, DE 90: MTI, STAN, DE 7, acquirer, forwarder; zeros where nothing is said.
        self.last_sale = b"0200%b%b%b" % (stan, stamp.transmitted, b"0" * 22)
        return bytes(frame)

    def redeem(self, stan: bytes, stamp: Stamp, card: bytes) -> bytes:
        frame = _stamped(self._redeem, self._in_redeem, stan, stamp)
        frame[self._redeem_card] = card
        return bytes(frame)

    def reversal(self, stan: bytes, stamp: Stamp) -> bytes:
        frame = _stamped(self._reversal, self._in_reversal, stan, stamp)
        frame[self._original] = self.last_sale
        self.last_sale = b""
        return bytes(frame)


_Places = tuple[slice, slice, slice, slice]


def _places(template: _Template) -> _Places:
    return template.place("7", 10), template.place("11", 6), template.place("12", 6), template.place("13", 4)


def _stamped(template: _Template, places: _Places, stan: bytes, stamp: Stamp) -> bytearray:
    frame = bytearray(template.frame)
    frame[places[0]] = stamp.transmitted
    frame[places[1]] = stan
    frame[places[2]] = stamp.local_time
    frame[places[3]] = stamp.local_date
    return frame


class Glance:
    """Reads DE 11 and 39 of answers, nothing else. What a bitmap means is worked out once."""

    def __init__(self) -> None:
        self._steps: dict[bytes, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def __call__(self, body: bytes) -> tuple[bytes, bytes]:
        """DE 11 and DE 39 of the message *body*; empty when there is none.

        Raises:
            ValueError: It is no message.
        """
        bitmap = body[4:20]
        steps = self._steps.get(bitmap)
        if steps is None:
            steps = self._steps[bitmap] = _steps_of(bitmap)
        at = 36 if bitmap[0] >= 0x38 else 20  # the first bit: there is a second bitmap
        at = _walked(body, at, steps[0])
        stan = body[at : at + 6]
        at = _walked(body, at, steps[1])
        return stan, body[at : at + 2]


def _steps_of(bitmap: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What is to be skipped up to DE 11 and from there to DE 39; both must be there."""
    bits = int(bitmap, 16)
    present = [number for number in range(2, 40) if bits >> (64 - number) & 1]
    if 11 not in present or 39 not in present or 36 in present:
        raise ValueError("DE 11 or DE 39 is missing")
    before = [_WIDTHS[number] for number in present if number < 11]
    between = [_WIDTHS[number] for number in present if 11 <= number < 39]
    return _merged(before), _merged(between)


def _merged(widths: list[int]) -> tuple[int, ...]:
    """Neighbouring fixed widths as one."""
    merged: list[int] = []
    for width in widths:
        if width and merged and merged[-1]:
            merged[-1] += width
        else:
            merged.append(width)
    return tuple(merged)


def _walked(body: bytes, at: int, steps: tuple[int, ...]) -> int:
    for width in steps:
        at += width or 2 + int(body[at : at + 2])
    return at
