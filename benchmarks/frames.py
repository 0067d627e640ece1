"""The traffic of ``bench authorize``: frames of twenty elements, made before anything is timed."""

import random
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import iso8583
from iso8583.specs import default_ascii

from loyalty.card import luhn_holds

ACQUIRER: Final = "00000000001"
MERCHANT: Final = "MERCH0000000001"
EARN_PERCENT: Final = 85
REDEEM_PERCENT: Final = 10  # the rest are reversals of the connection's own last sale


def card_number(at: int) -> str:
    """Card *at* of the starter's range."""
    stem = f"63901200{at:07}"
    return next(stem + str(digit) for digit in range(10) if luhn_holds(stem + str(digit)))


def terminal_id(at: int) -> str:
    """Terminal *at* of the benchmark."""
    return f"B{at:07}"


@dataclass(slots=True)
class Till:
    """One terminal's messages, in order."""

    terminal: str
    random: random.Random
    cards: list[str]
    now: datetime
    stan: int = 0
    last_sale: tuple[str, str] | None = None  # STAN and DE 7

    def frame(self) -> bytes:
        """The next message, with its two-byte length."""
        self.stan = self.stan % 999_999 + 1
        self.now += timedelta(seconds=1)
        draw = self.random.randrange(100)
        stan, moment = f"{self.stan:06}", f"{self.now:%m%d%H%M%S}"
        card = self.random.choice(self.cards)
        asked = {
            "t": "0200", "2": card, "3": "000000", "4": f"{self.random.randrange(1000, 20000):012}",
            "7": moment, "11": stan, "12": moment[4:], "13": moment[:4], "14": "3012", "18": "5411",
            "22": "051", "25": "00", "32": ACQUIRER, "35": f"{card}=30121010000012345678",
            "41": self.terminal, "42": MERCHANT, "43": "SUPERMARKET PUNTUAL      MADRID       ES",
            "48": "023006" + stan + "030003007", "49": "978", "60": "TILL SOFTWARE 4.2.1", "62": "0001",
        }  # fmt: skip
        if draw < EARN_PERCENT or self.last_sale is None:
            self.last_sale = stan, moment
        elif draw < EARN_PERCENT + REDEEM_PERCENT:
            asked |= {"3": "009000", "4": f"{self.random.randrange(1, 10):012}"}
        else:
            original = "0200" + self.last_sale[0] + self.last_sale[1] + ACQUIRER + "0" * 11
            asked |= {"t": "0400", "90": original}
            del asked["62"]
            self.last_sale = None
        data, _ = iso8583.encode(asked, default_ascii)
        return struct.pack(">H", len(data)) + bytes(data)


def traffic(seed: int, connections: int, each: int, cards: int) -> list[list[bytes]]:
    """*each* frames for each of *connections*, the same for the same seed."""
    numbers = [card_number(at) for at in range(cards)]
    start = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(days=20)
    made = []
    for at in range(connections):
        till = Till(terminal_id(at), random.Random(f"{seed}/{at}"), numbers, start)
        made.append([till.frame() for _ in range(each)])
    return made
