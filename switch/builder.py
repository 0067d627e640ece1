"""Builds a programme in a process of its own, and takes it over between answers.

Parsing and compiling many rules takes seconds. The process that does it runs at a lower priority and sends
the finished programme in pieces (``switch.parcel``); the event loop unpacks a few pieces at a time.
"""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from loyalty.errors import LoyaltyError, Problems
from rules.parse import load_programme, restore_programme
from rules.programme import Programme
from switch.parcel import Unpacking, pieces, taken_apart

SLICE_SIZE: Final = 2  # pieces between two looks at the network: about half a millisecond of work
PAUSE_S: Final = 0.001  # for everything else, after each slice
LOOK_AGAIN_S: Final = 1.0  # whether somebody still holds what is to be given up
_NICENESS: Final = 10  # of the process that builds: answers come first
_LENGTH_SIZE: Final = 4
_PROBLEMS: Final = b"!"  # begins what is told instead of a programme

Wanted = Callable[[str], bool]


async def build_file(path: Path, wanted: Wanted = lambda _: True) -> Programme | str:
    """The programme of the file *path*, all of which the switch does.

    Its version alone when *wanted* says of it that it need not come.

    Raises:
        Problems: All that is wrong with it.
    """
    return await _build({"path": str(path)}, wanted)


async def build_text(text: str) -> Programme:
    """The programme with the canonical *text*."""
    programme = await _build({"text": text}, lambda _: True)
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


async def _build(order: Mapping[str, str], wanted: Wanted) -> Programme | str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "switch.builder",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.write_eof()
        return await _taken_over(process.stdout, wanted)
    except asyncio.IncompleteReadError as error:
        hint = "look at what it wrote to the switch's standard error"
        raise LoyaltyError("the process that builds it failed", where="the programme", hint=hint) from error
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _taken_over(pipe: asyncio.StreamReader, wanted: Wanted) -> Programme | str:
    unpacking = Unpacking()
    taken = 0
    while unpacking.programme is None:
        length = await pipe.readexactly(_LENGTH_SIZE)
        piece = await pipe.readexactly(int.from_bytes(length, "big"))
        if piece.startswith(_PROBLEMS):
            raise _problems_of(json.loads(piece[1:]))
        is_first = unpacking.version is None
        unpacking.take(piece)
        assert unpacking.version is not None
        if is_first and not wanted(unpacking.version):
            return unpacking.version
        taken += 1
        if taken % SLICE_SIZE == 0:
            if not gc.isenabled():
                gc.freeze()  # it will stay: what collects garbage need not look at it
            await asyncio.sleep(PAUSE_S)
    return unpacking.programme


def _problems_of(told: Mapping[str, Any]) -> Problems:
    return Problems([LoyaltyError(**each) for each in told["problems"]], where=told["where"])


def _send(pipe: BinaryIO, piece: bytes) -> None:
    pipe.write(len(piece).to_bytes(_LENGTH_SIZE, "big"))
    pipe.write(piece)


def main() -> None:
    """Build what is ordered on standard input, and send it on standard output."""
    os.nice(_NICENESS)
    order = json.loads(sys.stdin.readline())
    pipe = sys.stdout.buffer
    try:
        if "text" in order:
            programme = restore_programme(order["text"])
        else:
            programme = load_programme(Path(order["path"]))
    except Problems as error:
        told = [{"what": each.what, "where": each.where, "hint": each.hint} for each in error.problems]
        _send(pipe, _PROBLEMS + json.dumps({"problems": told, "where": error.where}).encode())
    else:
        for piece in pieces(programme):
            _send(pipe, piece)
    pipe.flush()


if __name__ == "__main__":
    main()
