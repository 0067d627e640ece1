"""Programmes are put into force, approved, taken back and paused, each time with a name and for good."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from loyalty.clock import ManualClock
from loyalty.errors import LoyaltyError, Problems
from rules.parse import load_programme
from rules.text import PLAIN_MAX
from switch.audit import verify
from switch.database import open_for_reading
from switch.enactment import History, Restorer, recorded
from switch.management import Management, Policy
from switch.programmes import Programmes
from switch.sequencer import Sequencer
from switch.shadow import Shadow
from switch.store import SqliteStore
from tests.switch.books import commit, outcome, record
from tests.switch.story import NOON, starter_text, token_of

CAMPAIGN = """
[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
"""


class Office:
    """A deployment's programme and books, and those who order."""

    def __init__(self, folder: Path, *, four_eyes: bool = False) -> None:
        self.own = folder / "programme.toml"
        self.books = folder / "puntual.db"
        self.clock = ManualClock(NOON)
        self.policy = Policy(self.own, four_eyes=four_eyes)
        (folder / "campaigns").mkdir()
        (folder / "campaigns" / "summer.toml").write_text(CAMPAIGN)
        self.write(1)

    def write(self, points: int, path: Path | None = None) -> str:
        """Let a programme give so many points, and give its version."""
        path = path or self.own
        path.parent.mkdir(exist_ok=True)
        path.write_text(starter_text().replace("points = 1, per", f"points = {points}, per"))
        return load_programme(path).version

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Desk"]:
        self.clock.advance(timedelta(hours=1))
        own = load_programme(self.own)
        store = await SqliteStore.open(self.books)
        sequencer = Sequencer(
            store,
            recorded(store.reader, own),
            self.clock,
            token_of,
            deadline_s=10,
            queue_depth_max=10,
            observe=lambda _: None,
        )
        management = Management(sequencer, store, self.policy, shadow=Shadow())
        await management.begin(own)
        yield Desk(management, sequencer, store)
        await sequencer.drain()
        await store.close()


class Desk:
    """Where they order, while the switch runs."""

    def __init__(self, management: Management, sequencer: Sequencer, store: SqliteStore) -> None:
        self.management = management
        self.sequencer = sequencer
        self.store = store

    @property
    def programmes(self) -> Programmes:
        return self.sequencer.programmes

    @property
    def version(self) -> str:
        return self.programmes.current.version

    async def order(self, name: str, **arguments: object) -> Mapping[str, Any]:
        return await self.management.handlers[name](arguments)

    def acts(self) -> list[tuple[str, str, str]]:
        return [(act.act, act.by, act.about) for act in History.of(self.store.reader).acts]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_a_version_is_put_into_force_and_taken_back_for_good(office: Office) -> None:
    """What was taken back does not come again with the next start or reload, only with other files."""
    first = load_programme(office.own).version
    async with office.open() as desk:
        assert desk.version == first
        second = office.write(2)
        told = await desk.order("rules.activate", path=str(office.own), by="ana")
        assert told == {"version": second, "in_force": True}
        assert desk.version == second
        assert desk.programmes.at(NOON).version == first
        assert (await desk.order("rules.rollback", by="ben"))["version"] == first
        assert desk.version == first
        assert await desk.management.reread() == first
    async with office.open() as desk:
        assert desk.version == first
        assert desk.acts() == [("activated", "ana", ""), ("rolled_back", "ben", "")]
        third = office.write(3)
        assert await desk.management.reread() == third
        assert (await desk.order("rules.rollback", version=second, by="ben"))["version"] == second
        with pytest.raises(LoyaltyError, match="was never in force"):
            await desk.order("rules.rollback", version="0" * 12, by="ben")
    assert verify(office.books) == []


async def test_going_back_twice_goes_further_back(office: Office) -> None:
    """What was taken back does not come again by going back once more; whoever wants it names it."""
    first = load_programme(office.own).version
    async with office.open() as desk:
        second = office.write(2)
        await desk.management.reread()
        third = office.write(3)
        await desk.order("rules.activate", path=str(office.own), by="ana")
    async with office.open() as desk:
        await desk.order("rules.pause", what="earn", by="ana")
        fourth = office.write(4)
        await desk.management.reread()
        await desk.order("rules.rollback", by="ben")
        assert desk.programmes.whole.version == third
        await desk.order("rules.resume", what="earn", by="ana")
        assert (await desk.order("rules.rollback", by="ben"))["version"] == second
        assert (await desk.order("rules.rollback", by="ben"))["version"] == first
        with pytest.raises(LoyaltyError, match="has no version before"):
            await desk.order("rules.rollback", by="ben")
        assert desk.version == first
        assert (await desk.order("rules.rollback", version=fourth, by="ben"))["version"] == fourth
        assert (await desk.order("rules.rollback", by="ben"))["version"] == first


@pytest.mark.parametrize("name", ["", "  ", "ana\nben", "a\u200bna", "a" * 41])
async def test_who_orders_something_has_a_name(office: Office, name: str) -> None:
    """One that can be read in the books."""
    orders: tuple[tuple[str, dict[str, object]], ...] = (
        ("rules.activate", {"path": str(office.own)}),
        ("rules.approve", {"version": "0" * 12}),
        ("rules.rollback", {}),
        ("rules.pause", {"what": "earn"}),
        ("rules.resume", {"what": "earn"}),
    )
    async with office.open() as desk:
        office.write(2)
        for order, arguments in orders:
            with pytest.raises(LoyaltyError, match="cannot stand in the books"):
                await desk.order(order, **arguments, by=name)
        assert desk.acts() == []


async def test_a_programme_of_elsewhere_stays_in_force_after_a_restart(
    office: Office, tmp_path: Path
) -> None:
    """The deployment's own files have not changed, so they do not count again."""
    other = tmp_path / "other" / "programme.toml"
    version = office.write(5, other)
    async with office.open() as desk:
        await desk.order("rules.activate", path=str(other), by="ana")
    async with office.open() as desk:
        assert desk.version == version


async def test_a_bad_programme_changes_nothing(office: Office) -> None:
    """All that is wrong with it is told."""
    async with office.open() as desk:
        before = desk.version
        office.own.write_text(starter_text().replace("per =", "pr =").replace("luhn", "lun"))
        with pytest.raises(Problems) as caught:
            await desk.order("rules.activate", path=str(office.own), by="ana")
        assert len(caught.value.problems) > 1
        with pytest.raises(Problems):
            await desk.management.reread()
        assert desk.version == before


async def test_what_is_paused_stays_paused(office: Office) -> None:
    """At once, without a new table; over a restart, and under the next version too."""
    async with office.open() as desk:
        table = desk.programmes.current.table
        first = desk.version
        told = await desk.order("rules.pause", what="summer", by="ana")
        assert told["paused"] == ["summer"]
        assert desk.programmes.current.table is table
        assert desk.version != first
        assert desk.programmes.at(NOON).version == first
        with pytest.raises(LoyaltyError, match="is no campaign"):
            await desk.order("rules.pause", what="winter", by="ana")
        again = await desk.order("rules.pause", what="summer", by="ben")  # nothing new
        assert again == told
        await desk.order("rules.pause", what="redeem", by="ana")
    async with office.open() as desk:
        assert desk.programmes.current.paused == {"summer"}
        assert desk.programmes.current.stopped == {"redeem"}
        office.write(2)
        await desk.management.reread()
        assert desk.programmes.current.paused == {"summer"}
        assert (await desk.order("rules.resume", what="redeem", by="ana"))["paused"] == ["summer"]
        await desk.order("rules.resume", what="summer", by="ana")
        assert desk.version == load_programme(office.own).version
        assert desk.acts()[0] == ("paused", "ana", "summer")
        assert (await desk.order("rules.rollback", by="ben"))["version"] == first
    assert verify(office.books) == []


async def test_two_people_agree_on_what_is_put_into_force(tmp_path: Path) -> None:
    """Changed files wait too; who proposed does not approve; what was in force once comes back at once."""
    office = Office(tmp_path, four_eyes=True)
    first = load_programme(office.own).version
    async with office.open() as desk:
        second = office.write(2)
        assert await desk.management.reread() == first
        with pytest.raises(LoyaltyError, match="nobody proposed it"):
            await desk.order("rules.approve", version=second, by="ben")
        told = await desk.order("rules.activate", path=str(office.own), by="ana")
        assert told == {"version": second, "in_force": False}
        assert await desk.order("rules.activate", path=str(office.own), by="ana") == told  # said once
        assert await desk.management.reread() == first
        for herself in ("ana", "Ana", " ana ", "a na", "\uff21na"):
            with pytest.raises(LoyaltyError, match="was proposed by"):
                await desk.order("rules.approve", version=second, by=herself)
        assert desk.version == first
    async with office.open() as desk:
        assert desk.version == first
        office.write(3)  # the proposal is what was read when it was made
        assert (await desk.order("rules.approve", version=second, by="ben"))["version"] == second
        assert desk.version == second
        assert (await desk.order("rules.rollback", by="ana"))["version"] == first
        assert [act[:2] for act in desk.acts()] == [
            ("proposed", "ana"),
            ("approved", "ben"),
            ("rolled_back", "ana"),
        ]
    assert verify(office.books) == []


async def test_the_text_of_a_large_programme_is_packed_once(tmp_path: Path) -> None:
    """With its proposal, or when it is put into force; whoever goes back to it finds it there."""
    office = Office(tmp_path, four_eyes=True)
    rule = 'text = "Some of those who buy"\nwhen = { merchant = "M" }\nthen = { points = 1 }\n'
    many = "".join(f'[[rule]]\nid = "r{number}"\n{rule}' for number in range(800))
    with (tmp_path / "campaigns" / "summer.toml").open("a") as file:
        file.write(f"\n{many}")
    assert (first := load_programme(office.own)).source.size > PLAIN_MAX
    async with office.open() as desk:
        second = office.write(2)
        await desk.order("rules.activate", path=str(office.own), by="ana")
        assert packed(office) == sorted([first.version, second])
        assert (await desk.order("rules.approve", version=second, by="ben"))["version"] == second
        assert desk.programmes.current.source.parts
        assert (await desk.order("rules.rollback", by="ana"))["version"] == first.version
    async with office.open() as desk:
        assert desk.version == first.version
        assert [head.size for head in desk.store.reader.programmes()] == [first.source.size] * 3
        restored = Restorer(desk.store.reader)(second)
        assert (restored.version, len(restored.rules)) == (second, 800)
    assert packed(office) == sorted([first.version, second])
    assert verify(office.books) == []


def packed(office: Office) -> list[str]:
    """Versions whose text is packed, each once; the books have no other text then."""
    with closing(open_for_reading(office.books)) as books:
        assert books.execute("SELECT count(*) FROM programme WHERE text <> ''").fetchone() == (0,)
        assert books.execute("SELECT count(*) FROM card_entry WHERE length(change) > 999").fetchone() == (0,)
        return [
            version for (version,) in books.execute("SELECT version FROM programme_text ORDER BY version")
        ]


async def test_what_is_paused_of_a_new_version_outlasts_its_files(office: Office) -> None:
    """The books have the whole version, too, of which they only tell what is paused."""
    async with office.open() as desk:
        await desk.order("rules.pause", what="summer", by="ana")
        second = office.write(2)
        await desk.management.reread()
        assert desk.programmes.current.paused == {"summer"}
    office.write(3)
    async with office.open() as desk:
        assert desk.programmes.version(second).version == second
        assert (await desk.order("rules.resume", what="summer", by="ana"))["paused"] == []
    assert verify(office.books) == []


async def test_versions_that_do_not_fit_are_made_again_when_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late advices and refunds of long ago find theirs, in this run and in the next."""
    monkeypatch.setattr("switch.programmes.KEPT_SIZE_MAX", 1)
    monkeypatch.setattr("switch.enactment.KEPT_SIZE_MAX", 1)
    async with office.open() as desk:
        names = [desk.version]
        for points in (2, 3, 4):
            office.clock.advance(timedelta(hours=1))
            office.write(points)
            names.append(await desk.management.reread())
        for programmes in (desk.programmes, recorded(desk.store.reader, load_programme(office.own))):
            assert 0 < len(programmes.versions) < 4
            assert [programmes.version(name).version for name in names] == names
            assert programmes.at(NOON).version == names[0]
            assert programmes.at(NOON + timedelta(hours=2, minutes=30)).version == names[1]
            assert programmes.version("0" * 12).version == names[3]


async def test_a_shadow_is_cast_and_told(office: Office, tmp_path: Path) -> None:
    """Nothing of it is in force."""
    other = tmp_path / "other" / "programme.toml"
    version = office.write(5, other)
    async with office.open() as desk:
        before = desk.version
        assert await desk.order("rules.shadow") == {"version": None}
        assert (await desk.order("rules.shadow", path=str(other)))["version"] == version
        other.write_text(other.read_text("utf-8").replace('"978"', '"840"'), "utf-8")
        with pytest.raises(LoyaltyError, match="is 840, and sales were in 978"):
            await desk.order("rules.shadow", path=str(other))
        assert (await desk.order("rules.shadow"))["version"] == version
        assert desk.version == before
        assert (await desk.order("rules.shadow", stop=True))["sales"] == 0
        assert await desk.order("rules.shadow") == {"version": None}


async def test_two_orders_at_once_are_done_one_after_the_other(office: Office, tmp_path: Path) -> None:
    """Each sees what the one before it did."""
    others = [tmp_path / f"other{points}" / "programme.toml" for points in (2, 3)]
    versions = {office.write(points, path) for points, path in zip((2, 3), others, strict=True)}
    async with office.open() as desk:
        await asyncio.gather(*(desk.order("rules.activate", path=str(path), by="ana") for path in others))
        assert {programme.version for _, programme in desk.programmes.versions[1:]} == versions
        assert len(desk.acts()) == 2


async def test_books_stay_in_their_currency(office: Office) -> None:
    """Amounts of the past would mean something else. Before the first decision it may still change."""
    other = office.own.with_name("other.toml")

    def write(currency: str, path: Path) -> str:
        path.write_text(starter_text().replace('"978"', f'"{currency}"'), "utf-8")
        return load_programme(path).version

    async with office.open() as desk:
        first = write("840", office.own)
        assert await desk.management.reread() == first
        await commit(desk.store, outcome(record(1)))
        write("826", other)
        write("826", office.own)
        with pytest.raises(LoyaltyError, match="is 826, and sales were in 840"):
            await desk.order("rules.activate", path=str(other), by="ana")
        with pytest.raises(LoyaltyError, match="is 826, and sales were in 840"):
            await desk.management.reread()
        assert desk.version == first
    with capture_logs() as logged:
        async with office.open() as desk:
            assert desk.version == first
    assert [each["event"] for each in logged] == ["programme.rejected"]
