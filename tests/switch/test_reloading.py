"""What a reload puts in, what it leaves as it was, and what goes behind it."""

import asyncio
import itertools
import re
from collections.abc import Iterator

import pytest

from rules.programme import Programme
from switch.dismantling import taken_apart
from tests.conformance.till import Till
from tests.switch.test_running import CARD, House, house

__all__ = ["house"]


async def test_register_and_programme_are_reloaded_each_on_its_own(house: House) -> None:
    """What is wrong with one of them keeps nobody from using the other."""
    settings, path = house.settings, house.settings.programme
    register, programme = settings.terminals.read_text("utf-8"), path.read_text("utf-8")
    new = Till("NEWTILL1", itertools.count(1))

    async with house.open() as switch:
        await house.enrol()
        async with house.connection(switch) as connection:

            async def earned(till: Till) -> tuple[str | None, int | None]:
                answer = await connection.ask(till.message("earn", card=CARD, amount=1000))
                return answer.code, answer.figure("050")

            before = (await switch.reload()).programme
            settings.terminals.write_text(register.replace("T0000002", "NEWTILL1"), "utf-8")
            path.write_text(f"{programme}\n[[rule]\n", "utf-8")
            done = await switch.reload()
            assert (list(done.refused), done.programme) == (["programme"], before)
            assert str(done.refused["programme"]).startswith("programme.toml: is not TOML")
            assert await earned(new) == ("00", 10)

            settings.terminals.write_text(register + "what,is,this\n", "utf-8")
            path.write_text(programme.replace("points = 1,", "points = 2,"), "utf-8")
            done = await switch.reload()
            assert (list(done.refused), done.terminals) == (["register"], len(register.splitlines()) - 1)
            assert done.programme != before
            assert await earned(new) == ("00", 20)

            path.write_text(f"{programme}\n[[rule]\n", "utf-8")
            assert (await switch.reload()).refused.keys() == {"programme", "register"}
            assert await earned(new) == ("00", 20)


async def test_versions_that_are_replaced_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the start among them: nobody holds one that is not kept."""
    monkeypatch.setattr("switch.programmes.KEPT_SIZE_MAX", 1)
    monkeypatch.setattr("switch.builder.LOOK_AGAIN_S", 0.01)
    gone: list[str] = []
    two_gone = asyncio.Event()

    def steps(programme: Programme) -> Iterator[None]:
        gone.append(programme.version)
        if len(gone) == 2:
            two_gone.set()
        return taken_apart(programme)

    monkeypatch.setattr("switch.builder.taken_apart", steps)
    path = house.settings.programme
    async with house.open() as switch:
        versions = [(await switch.reload()).programme]
        for points in (2, 3, 4):
            text = re.sub("points = .*, per", f"points = {points}, per", path.read_text("utf-8"))
            path.write_text(text, "utf-8")
            versions.append((await switch.reload()).programme)
        await asyncio.wait_for(two_gone.wait(), 30)
    assert gone == versions[:2]
