"""Has a programme built by a process of its own, and takes it over between answers.

Parsing and compiling many rules takes seconds. The process that does it (``switch.building``) runs at a
lower priority, in short turns, and sends the finished programme in pieces (``switch.parcel``). Between any
two of them the event loop looks at the network: what came is decided before the next one is unpacked.
"""

import asyncio
import contextlib
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from loyalty.errors import LoyaltyError, Problems
from rules.programme import Programme
from switch.dismantling import taken_apart
from switch.parcel import LENGTH_SIZE, OUTDATED, PROBLEMS
from switch.unpacking import Unpacking

PAUSE_S: Final = 0.001  # for everything else, after each piece: a timer is behind what the network brought
LOOK_AGAIN_S: Final = 1.0  # whether somebody still holds what is to be given up

Wanted = Callable[[str], bool]
Outdated = Callable[[str, Problems], None]


async def build_file(
    path: Path,
    wanted: Wanted = lambda _: True,
    *,
    known: Collection[str] = (),
    outdated: Outdated = lambda _version, _problems: None,
) -> Programme | str:
    """The programme of the file *path*, all of which the switch does.

    Its version alone when *wanted* says of it that it need not come. What this release refuses of one of
    the versions that are *known*, for they were in force already, is told to *outdated*.

    Raises:
        Problems: All that is wrong with it.
    """
    return await _build({"path": str(path), "known": list(known)}, wanted, outdated)


async def build_recorded(books: Path, version: str) -> Programme:
    """The programme *version*, whose text is in the *books*.

    Raises:
        LoyaltyError: It cannot be made.
    """
    programme = await _build({"books": str(books), "version": version})
    assert isinstance(programme, Programme)
    return programme


async def release(programmes: Iterable[Programme]) -> None:
    """Let go of *programmes*, which nobody uses any more, without keeping anybody waiting."""
    for programme in programmes:
        for _ in taken_apart(programme):
            await asyncio.sleep(PAUSE_S)


async def release_when_unused(left: list[Programme]) -> None:
    """Let go of the programme in *left*, which is emptied, as soon as nobody decides by it any more."""
    while _is_held(left):  # noqa: ASYNC110  (nobody tells when the last reference goes)
        await asyncio.sleep(LOOK_AGAIN_S)
    await release([left.pop()])


def _is_held(left: list[Programme]) -> bool:
    """Whether the programme in *left*, or one beside it, has more references than what nobody else has.

    How many that are depends on the release of Python: later ones borrow what older ones count.
    """
    alone = [object()]
    return sys.getrefcount(left[0]) > sys.getrefcount(alone[0]) or any(
        sys.getrefcount(left[0].parts[at]) > sys.getrefcount(alone[0]) for at in range(len(left[0].parts))
    )


async def _build(
    order: Mapping[str, object],
    wanted: Wanted = lambda _: True,
    outdated: Outdated = lambda _version, _problems: None,
) -> Programme | str:
    process = _started(order)
    assert process.stdout is not None
    reader = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), process.stdout
    )
    try:
        return await _taken_over(reader, wanted, outdated)
    except asyncio.IncompleteReadError as error:
        hint = "look at what it wrote to the switch's standard error"
        raise LoyaltyError("the process that builds it failed", where="the programme", hint=hint) from error
    finally:
        pipe.close()
        process.kill()
        await asyncio.to_thread(process.wait)


def _started(order: Mapping[str, object]) -> "subprocess.Popen[bytes]":
    """The process, with its *order*.

    The event loop's own way to start one copies the tables of all memory, and is at a standstill meanwhile:
    6 ms where there are 400 MB, and this way takes half a millisecond.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "switch.building"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:  # if it failed already, it is seen by its end
        process.stdin.write(json.dumps(order).encode() + b"\n")
    return process


async def _taken_over(pipe: asyncio.StreamReader, wanted: Wanted, outdated: Outdated) -> Programme | str:
    unpacking = Unpacking()
    refused: Problems | None = None
    while unpacking.programme is None:
        length = await pipe.readexactly(LENGTH_SIZE)
        piece = await pipe.readexactly(int.from_bytes(length, "big"))
        if piece.startswith(PROBLEMS):
            raise _problems_of(piece)
        if piece.startswith(OUTDATED):
            refused = _problems_of(piece)
            continue
        is_first = unpacking.version is None
        unpacking.take(piece)
        assert unpacking.version is not None
        if is_first and refused is not None:
            outdated(unpacking.version, refused)
        if is_first and not wanted(unpacking.version):
            return unpacking.version
        if not gc.isenabled():
            gc.freeze()  # it will stay: what collects garbage need not look at it
        await asyncio.sleep(PAUSE_S)
    return unpacking.programme


def _problems_of(piece: bytes) -> Problems:
    told: Mapping[str, Any] = json.loads(piece[1:])
    return Problems([LoyaltyError(**each) for each in told["problems"]], where=told["where"])
