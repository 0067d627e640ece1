"""The process that builds a programme for a switch, as it is told on standard input.

A line of JSON orders it: the ``path`` of its file, with the versions that are ``known``; or the ``books`` in
which the ``version`` is. On standard output it sends pieces, each behind its length: those of the programme
(``switch.parcel``), or all that is wrong with it.
"""

import gc
import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final

from switch import turns

if __name__ == "__main__":
    turns.begin()  # to load what follows is work already

from loyalty.errors import LoyaltyError, Problems
from rules.parse import restore_programme
from rules.programme import Programme
from switch.deployed import own_programme
from switch.parcel import LENGTH_SIZE, OUTDATED, PROBLEMS, pieces

NICENESS: Final = 10  # of building, which may take seconds: answers come first


def main() -> None:
    """Build what is ordered.

    Only what grows with the programme is done at a lower priority: on a busy machine a start at that
    priority would take many times as long as all the rest of a small programme.
    """
    os.nice(NICENESS)
    gc.disable()  # all of it stays until the end, and a look through it is one long turn
    order = json.loads(sys.stdin.readline())
    pipe = sys.stdout.buffer
    try:
        programme, refused = _built(order)
    except LoyaltyError as error:
        _send(pipe, PROBLEMS + _told(error))
    else:
        if refused is not None:
            _send(pipe, OUTDATED + _told(refused))
        for piece in pieces(programme):
            _send(pipe, piece)
    pipe.flush()


def _built(order: Mapping[str, Any]) -> tuple[Programme, Problems | None]:
    """The programme, and what is refused of it although it was in force already."""
    if "path" in order:
        return own_programme(Path(order["path"]), lambda: order["known"])
    from switch.database import open_for_reading  # noqa: PLC0415  (most orders do not need it, and to load)
    from switch.programmereader import ProgrammeReader  # noqa: PLC0415  (it takes longer than all the rest)

    with closing(open_for_reading(Path(order["books"]))) as books:
        text = ProgrammeReader(books).programme_text(order["version"])
    assert text is not None
    return restore_programme(text), None


def _told(error: LoyaltyError) -> bytes:
    problems = error.problems if isinstance(error, Problems) else [error]
    told = [{"what": each.what, "where": each.where, "hint": each.hint} for each in problems]
    return json.dumps({"problems": told, "where": error.where}).encode()


def _send(pipe: BinaryIO, piece: bytes) -> None:
    with turns.between():  # who reads takes other things up between two pieces
        pipe.write(len(piece).to_bytes(LENGTH_SIZE, "big"))
        pipe.write(piece)


if __name__ == "__main__":
    main()
