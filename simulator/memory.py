"""What a till does not forget when it is switched off: its STAN and the reversals that are still to be sent.

A reversal names its original by DE 90 or DE 37, so no card is ever written. An advice of a sale would name
one, and is not kept: it goes out for as long as the till is on.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from loyalty.errors import LoyaltyError
from simulator.message import Request
from simulator.till import STAN_MAX


@dataclass(frozen=True, slots=True)
class Remembered:
    """The next STAN, and what goes out first."""

    stan: int = 1
    kept: tuple[Request, ...] = ()


class Memory:
    """The file *path*, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Remembered:
        """What was saved last; a new till's memory when nothing was.

        Raises:
            LoyaltyError: The file is not a till's memory.
        """
        try:
            saved = json.loads(self._path.read_text("ascii"))
        except FileNotFoundError:
            return Remembered()
        except (ValueError, OSError) as error:
            raise self._unreadable() from error
        match saved:
            case {"stan": int(stan), "kept": list(kept)} if 1 <= stan <= STAN_MAX:
                return Remembered(stan, tuple(self._request(elements) for elements in kept))
        raise self._unreadable()

    def save(self, remembered: Remembered) -> None:
        """Write it, so that it is there after a power cut."""
        kept = [dict(request.elements) for request in remembered.kept if request.is_reversal]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("w", encoding="ascii") as file:
            json.dump({"stan": remembered.stan, "kept": kept}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _request(self, elements: object) -> Request:
        if isinstance(elements, dict) and elements.keys() >= {"t", "11", "41"}:
            return Request(
                operation="reversal", elements={str(key): str(text) for key, text in elements.items()}
            )
        raise self._unreadable()

    def _unreadable(self) -> LoyaltyError:
        return LoyaltyError(
            "is not the memory of a till", where=str(self._path), hint="remove it, or name another"
        )
