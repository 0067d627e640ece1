"""No input costs more than its share, in any dialect and under any profile: counted, not timed."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pytest

from loyalty.errors import LoyaltyError
from messages.codec import Codec
from messages.dialect import load_dialect, shipped_dialects
from messages.framing import framing_named
from messages.link import Link
from messages.nested import parts_of
from messages.profile import profile_named
from messages.profiles import SHEETS
from messages.sheet import Layout, problems_with
from messages.spec import Dialect
from tests.fuzz.cost import (
    FRAME_SIZE_MAX,
    INSTRUCTIONS_MAX,
    MEMORY_MAX,
    dear_messages,
    instructions,
    memory,
)
from tests.messages.wire import NOW, REGISTER, SALE, TERMS, tags

DIALECTS = {name: load_dialect(name) for name in shipped_dialects()}


def taken_apart(dialect: Dialect, codec: Codec, raw: bytes) -> None:
    """A message with all that is in its elements, as it is described to people."""
    try:
        message = codec.examine(raw)
    except LoyaltyError:
        return
    for number, value in message.elements.items():
        try:
            parts_of(dialect.fields[number], value, dialect.codepage)
        except LoyaltyError:
            continue


def hold_to_bounds(cases: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Every case: the first time, when a function may be generated for it, and after that."""
    told = []
    for what, call in cases:
        peak = memory(call)  # the first time
        costs = [instructions(call), instructions(call)]
        if max(costs) > INSTRUCTIONS_MAX or peak > MEMORY_MAX:
            told.append(f"{what}: {costs} instructions, {peak} bytes")
    assert not told


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects(name: str) -> None:
    """Every sort of element at its longest and full of its smallest parts, and all elements at once."""
    dialect = DIALECTS[name]
    codec = Codec(dialect)

    def cases() -> Iterator[tuple[str, Callable[[], object]]]:
        for what, raw in dear_messages(dialect):
            yield what, partial(taken_apart, dialect, codec, raw)

    hold_to_bounds(cases())


def links() -> list[tuple[str, str]]:
    """Every profile with every dialect that it can be spoken in."""
    return [
        (profile, name)
        for profile, sheet in SHEETS.items()
        for name, dialect in DIALECTS.items()
        if not problems_with(sheet, dialect)
    ]


def bombs(layout: Layout) -> Iterator[dict[int, str]]:
    """What a profile takes apart itself: tags and baskets of as many parts as find room."""
    for tag in (tags(t021="x"), tags(t031="CASH000000000001"), "999000", tags(t010="CPAN1"), "021000"):
        yield {layout.tags: (tag * 999)[: layout.tags_size_max // len(tag) * len(tag)]}
    for line in ("A\\1\\U\\0\\\\", "\\", "\\\\\\\\\\\\"):
        text = "9995" + line * 6000
        size, pieces = layout.piece_size_max, layout.basket
        yield {number: text[at * size : (at + 1) * size] for at, number in enumerate(pieces)}
        count = len(layout.basket) * size // len(line)
        text = f"{count:03}5" + line * count
        yield {number: text[at * size : (at + 1) * size] for at, number in enumerate(pieces)}


@pytest.mark.parametrize(("profile", "name"), links())
def test_profiles(profile: str, name: str) -> None:
    """Dear messages all the way to a transaction or a refusal."""
    bin2, codec, sheet = framing_named("bin2"), Codec(DIALECTS[name]), SHEETS[profile]
    speaks = profile_named(profile, terms=TERMS, register=REGISTER, acquirer_id=None)

    def receive(raw: bytes) -> None:
        link = Link(framing=bin2, codec=codec, profile=speaks, frame_size_max=FRAME_SIZE_MAX)
        assert link.receive_data(bin2.wrap(raw), NOW)

    mti = f"{sheet.versions[0]}200"
    sale = {**SALE, 12: "261121120000"} if sheet.dated_times else SALE
    frames = [codec.encode(mti, dict(sorted({**sale, **bomb}.items()))) for bomb in bombs(sheet.layout)]
    assert max(map(len, frames)) > 1000
    # What is imported at the first message is no cost of the later ones.
    receive(codec.encode(mti, dict(sorted(sale.items()))))
    hold_to_bounds((f"{profile} in {name} {raw[:400]!r}", partial(receive, raw)) for raw in frames)
