"""A member comes into a tier at the sale that reaches it, and leaves it in the sweep after his grace."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from loyalty.card import MemberId
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.block import Enrolment
from switch.case import Moment
from switch.duereader import Holder
from switch.outcome import Outcome
from switch.tallies import rows_of
from switch.tiering import held_tier
from switch.tiersweep import SweepTiers
from switch.worksheet import Worksheet
from tests.console.commands import puntual
from tests.switch.books import card, commit, open_store, outcome, record, token
from tests.switch.story import Story, play, starter_text

TIERS = """
[qualification]
metric = "spend"
window = "30 days"
downgrade = "all"
grace_days = 10
from = { gold = "10.00", black = "50.00" }

[[rule]]
id = "gold"
text = "Gold members get 10 more"
when = { tier = ["gold", "black"] }
then = { points = 10 }
"""
A = MemberId(ord("A"))


def programme(more: str = TIERS) -> Programme:
    return parse_programme(
        {MAIN: starter_text().replace("tiers = []", 'tiers = ["basic", "gold", "black"]') + more}
    )


def sweep(story: Story, days: int = 0, made: Programme | None = None) -> Outcome | None:
    """What the sweep books for the member A, *days* later."""
    story.now += timedelta(days=days)
    moment = Moment(story.store.sequence.next(), story.now, story.now.date())
    command = SweepTiers([Holder(A, A, None)], made or story.programmes.current, story.store.sequence)
    change = command.carry_out(Worksheet(story.store, story.worksheet), moment)
    for booked in change.outcomes:
        story.worksheet.apply(booked)
        story.pending.append(booked)
    return change.outcomes[0] if change.outcomes else None


def tier(story: Story) -> str | None:
    return held_tier(story.worksheet, story.programmes.current, A)


def test_a_tier_is_held_from_the_next_sale_on() -> None:
    """The sale that reaches it is told of it, and is itself rated as before."""
    story = play(
        """
        EARN card=A amount=999 -> earned=9 tier=basic
        INQUIRY card=A -> tier=basic
        QUOTE card=A amount=100 -> earned=1 tier=basic
        x: EARN card=A amount=1 -> earned=0 tier=gold
        EARN card=A amount=100 -> earned=11 tier=gold
        EARN card=B amount=100 -> earned=1 tier=basic
        EARN card=A amount=5000 -> earned=60 tier=black
        """,
        programme(),
    )
    assert tier(story) == "black"
    moved = [record.rules for record in story.store.records.values() if "tier" in record.rules]
    assert moved == ["tier gold", "base +50; gold +10; tier black"]


def test_a_tier_is_left_after_the_grace() -> None:
    """What was bought falls out of the window; the sweep warns once and moves once, every day anew."""
    story = play("EARN card=A amount=1000 -> tier=gold", programme())
    assert sweep(story, days=29) is None
    warned = sweep(story, days=1)
    assert warned is not None
    assert warned.record is not None
    assert (warned.record.operation, warned.record.rules) == ("TIER", "")
    assert tier(story) == "gold"
    assert sweep(story) is None
    assert sweep(story, days=9) is None
    story.commit()
    moved = sweep(story, days=1)
    assert moved is not None
    assert moved.record is not None
    assert moved.record.rules == "tier basic"
    assert tier(story) == "basic"
    story.play("EARN card=A amount=100 -> earned=1 tier=basic")


def test_a_sale_in_the_grace_keeps_the_tier() -> None:
    story = play("EARN card=A amount=1000 -> tier=gold", programme())
    assert sweep(story, days=35) is not None
    story.play("EARN card=A amount=1000 -> earned=20 tier=gold")
    assert sweep(story, days=20) is None
    assert tier(story) == "gold"


def test_a_refund_is_seen_at_the_next_look() -> None:
    """The grace begins there, for it was another sale that brought the tier."""
    story = play(
        """
        x: EARN card=A amount=900 -> tier=basic
        EARN card=A amount=500 -> earned=5 tier=gold
        REFUND card=A of=x amount=900 -> tier=gold
        EARN card=A amount=100 -> earned=11 tier=basic
        EARN card=A amount=100 -> earned=1 tier=basic
        """,
        programme(TIERS.replace("grace_days = 10", "grace_days = 0")),
    )
    assert tier(story) == "basic"


@pytest.mark.parametrize("undoing", ["VOID of=x", "REVERSAL of=x", "REFUND card=A of=x amount=4901"])
def test_a_tier_goes_back_with_the_sale_that_brought_it(undoing: str) -> None:
    """Without grace, as far as it is not reached without that sale; it comes again when that is undone."""
    play(
        f"""
        EARN card=A amount=999     -> earned=9 tier=basic
        x: EARN card=A amount=4901 -> earned=49 tier=black
        u: {undoing}               -> tier=basic
        QUOTE card=A amount=100    -> earned=1 tier=basic
        EARN card=A amount=100     -> earned=1 tier=gold
        """,
        programme(),
    )


def test_a_tier_that_is_reached_all_the_same_stays() -> None:
    """A part that comes back, other sales since, and an undoing that is undone."""
    story = """
        EARN card=A amount=999            -> tier=basic
        x: EARN card=A amount=4901        -> tier=black
        f: REFUND card=A of=x amount=4900 -> tier=gold
        REVERSAL of=f                     -> tier=black
        y: EARN card=A amount=5000        -> tier=black
        VOID of=x                         -> tier=black
        VOID of=y                         -> tier=black
    """
    play(story, programme())


def test_a_tier_that_the_programme_has_no_longer_is_the_lowest() -> None:
    story = play("EARN card=A amount=5000 -> tier=black", programme())
    less = parse_programme(
        {
            MAIN: starter_text().replace("tiers = []", 'tiers = ["basic", "gold"]')
            + TIERS.replace(', black = "50.00"', "").replace(', "black"', "")
        }
    )
    story.programmes = story.programmes.then(story.now, less)
    story.play("EARN card=A amount=100 -> earned=1 tier=gold")


def test_without_a_qualification_the_operator_gives_tiers() -> None:
    story = play("EARN card=A amount=100000 -> tier=basic", programme(""))
    assert story.store.tallies == {}


async def test_holders_are_listed_in_slices(tmp_path: Path) -> None:
    """Those who came to a tier and those who were given one; nobody else."""
    store = await open_store(tmp_path)
    given = card(1, member=1, tier="gold")
    cards = (given, card(2, member=2), card(3, member=3))
    enrolments = tuple(Enrolment(card=each, token=token(each.card_id)) for each in cards)
    came = rows_of({("tier/member", "3", "gold"): 1}, lambda _: 0)
    await commit(store, outcome(record(1), sides=came), enrolments=enrolments)
    first, third = Holder(MemberId(1), MemberId(1), "gold"), Holder(MemberId(3), MemberId(3), None)
    assert store.reader.tier_holders(MemberId(0), 10) == (3, [first, third])
    assert store.reader.tier_holders(MemberId(0), 1) == (1, [first])
    assert store.reader.tier_holders(MemberId(1), 1) == (2, [])
    assert store.reader.tier_holders(MemberId(2), 1) == (3, [third])
    assert store.reader.tier_holders(MemberId(3), 1) == (None, [])
    await store.close()


def test_the_sweep_from_the_command_line(tmp_path: Path) -> None:
    """It needs a programme that says what tiers ask."""
    puntual("init", tmp_path / "shop")
    shop = tmp_path / "shop" / "puntual.toml"
    assert puntual("members", "sweep", "--config", shop).exit_code == 2
    text = (tmp_path / "shop" / "programme.toml").read_text("utf-8")
    text = text.replace("tiers = []", 'tiers = ["basic", "gold", "black"]') + TIERS
    (tmp_path / "shop" / "programme.toml").write_text(text, "utf-8")
    puntual("cards", "issue", "6390120000000019", "M1", "--tier", "gold", "--config", shop)
    puntual("cards", "issue", "6390120000000027", "M2", "--config", shop)
    result = puntual("members", "sweep", "--config", shop, "--json")
    assert result.exit_code == 0, result.output
    assert '"looked_at": 1' in result.stdout
    assert '"warned": 1' in result.stdout
    assert '"warned": 0' in puntual("members", "sweep", "--config", shop, "--json").stdout
    shown = puntual("members", "show", "M1", "--config", shop)
    assert "gold" in shown.stdout
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
    asyncio.run(_come_to_black(tmp_path / "shop"))
    assert "black" in puntual("members", "show", "M1", "--config", shop).stdout
    assert "black" in puntual("cards", "show", "6390120000000019", "--config", shop).stdout


async def _come_to_black(folder: Path) -> None:
    store = await open_store(folder)
    came = rows_of({("tier/member", "1", "black"): 1}, lambda _: 0)
    await commit(store, outcome(record(50), sides=came))
    await store.close()
