"""A hold keeps what its sale takes of budgets, limits and coupons, until it is known what became of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.account import AccountKind, PostingReason, account, owner_of
from ledger.entry import NO_LOT, Posting
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.audit import verify
from switch.counting import budget_account
from switch.database import open_for_reading
from switch.duereader import START, Due
from switch.outcome import Outcome, Side
from switch.tallies import KEPT, rows_of
from tests.switch.books import NOON, commit, open_store, outcome, record
from tests.switch.story import Story, play, starter_text
from tests.switch.test_audit import forge
from tests.switch.test_coupons import RULES
from tests.switch.test_decide_properties import ask, check_books, lines
from tests.switch.test_limits_properties import PROGRAMME, totals

CAMPAIGN = """
[campaign]
id = "c"
text = "C"
nature = "points"
category = "proof"
state = "active"
period = { from = 2026-01-01 }
budget_points = 100

[[rule]]
id = "bonus"
text = "A point more for each 1.00"
then = { points_per_amount = { points = 1, per = "1.00" } }
"""
BUDGET = budget_account("c")
FREE = f"budget.{owner_of(BUDGET)}"
HELD = f"budget_held.{owner_of(BUDGET)}"


def made(more: str = "", campaign: str = CAMPAIGN) -> Programme:
    sources = {MAIN: starter_text() + more}
    return parse_programme(sources | ({"campaigns/c.toml": campaign} if campaign else {}))


def budget(story: Story) -> tuple[int, int]:
    """What a campaign may still give, and what holds reserve of it."""
    return story.sums().get(FREE, 0), story.sums().get(HELD, 0)


def test_a_budget_that_is_held_is_not_given_to_others() -> None:
    """Reserved, spent as far as the completion needs it, and the rest given to the next."""
    story = play(
        """
        h: HOLD card=A amount=6000
        EARN card=B amount=6000                -> earned=100
        EARN card=B amount=100                 -> earned=1
        c: COMPLETE card=A amount=4500 of=h    -> earned=90
        EARN card=B amount=6000                -> earned=75
        """,
        made(),
    )
    assert budget(story) == (0, 0)
    story = play("h: HOLD card=A amount=6000", made())
    assert budget(story) == (40, 60)
    story.play("QUOTE card=B amount=9000 -> earned=130\nc: COMPLETE card=A amount=6000 of=h -> earned=120")
    assert budget(story) == (40, 0)
    story.play("REFUND card=A of=c amount=3000 -> earned=-60")
    assert budget(story) == (70, 0)
    story.play("VOID of=c -> reason=NOT_ALLOWED_NOW\nREVERSAL of=c -> earned=-60")
    assert budget(story) == (100, 0)


@pytest.mark.parametrize(
    "ends", ["REVERSAL of=h", "VOID of=h", "COMPLETE card=A amount=0 of=h", "INQUIRY card=A later=8"]
)
def test_a_hold_that_ends_frees_its_budget(ends: str) -> None:
    """Once, however it ends; when its time is over with the next beat of the pulse."""
    story = play("h: HOLD card=A amount=6000\nbatch", made())
    story.play(ends)
    if "INQUIRY" in ends:
        story.play("EARN card=A amount=100 -> earned=2")
        assert budget(story) == (39, 60)
        assert story.free_kept() == 1
        assert budget(story) == (99, 0)
    else:
        assert budget(story) == (100, 0)
    assert story.free_kept() == 0
    story.commit()
    assert story.free_kept() == 0


def test_a_completion_finds_what_its_hold_kept() -> None:
    """Also of limits over time, on another day, and in rolling spans; nobody else can have it meanwhile."""
    rule = """
[[rule]]
id = "few"
text = "10 points, not often"
then = { points = 10 }
cap = [{ count = 1, per = "week" }, { points = 15, per = "3 days", scope = "all" }]
"""
    story = play(
        """
        h: HOLD card=A amount=100
        EARN card=A amount=100                 -> earned=1
        EARN card=B amount=100                 -> earned=6
        c: COMPLETE card=A amount=100 of=h     -> earned=11
        EARN card=A amount=100                 -> earned=1
        VOID of=c                              -> earned=-11
        EARN card=A amount=100                 -> earned=11
        # held on Sunday, completed on Monday: another day, another week, within the same three days
        g: HOLD card=C amount=100 later=6
        EARN card=B amount=100 later=1         -> earned=6
        COMPLETE card=C amount=100 of=g        -> earned=11
        EARN card=A amount=100                 -> earned=1
        """,
        made(rule, ""),
    )
    assert not [place for place, total in _totals(story).items() if total and place[0].startswith(KEPT)]


LATE = """
    h: HOLD card=A amount=6000
    EARN card=A amount=100 later=8             -> earned=2
"""


@pytest.mark.parametrize("is_free", [False, True])
def test_an_advice_behind_the_end_of_its_hold(*, is_free: bool) -> None:
    """Whether the budget was freed before or not, it is spent once, and the hold is resolved."""
    story = play(LATE, made())
    if is_free:
        assert story.free_kept() == 1
    story.play("COMPLETE* card=A amount=6000 of=h -> earned=120 exception=HOLD_OVER")
    assert story.free_kept() == 0
    assert budget(story) == (39, 0)
    story.play("COMPLETE* card=A amount=6000 of=h -> earned=0 exception=NOT_ALLOWED_NOW")
    assert budget(story) == (39, 0)


LATE_COUPON = """
    h: HOLD card=A amount=2000 coupon=ONLYONE      -> refused=
    EARN card=A amount=100 later=8                 -> earned=1
    EARN card=B amount=2000 coupon=ONLYONE         -> refused=COUPON_USED:ONLYONE
"""


def test_a_coupon_comes_back_from_a_hold_that_is_over() -> None:
    story = play(LATE_COUPON, parse_programme({MAIN: starter_text() + RULES}))
    assert story.free_kept() == 1
    story.play("e: EARN card=B amount=2000 coupon=ONLYONE -> earned=120 refused=")
    story.play("VOID of=e\nEARN card=B amount=2000 coupon=ONLYONE -> earned=120 refused=")


@pytest.mark.parametrize("is_free", [False, True])
def test_a_late_advice_uses_the_coupon_of_its_hold(*, is_free: bool) -> None:
    """It was promised; undone, it comes back once."""
    story = play(LATE_COUPON, parse_programme({MAIN: starter_text() + RULES}))
    if is_free:
        assert story.free_kept() == 1
    story.play(
        """
        c: COMPLETE* card=A amount=2000 of=h       -> earned=120
        EARN card=B amount=2000 coupon=ONLYONE     -> refused=COUPON_USED:ONLYONE
        """
    )
    assert story.free_kept() == 0
    story.play(
        """
        REVERSAL of=c                              -> earned=-120
        EARN card=B amount=2000 coupon=ONLYONE     -> earned=120 refused=
        EARN card=B amount=2000 coupon=ONLYONE     -> refused=COUPON_USED:ONLYONE
        """
    )


def test_a_hold_that_was_voided_stays_so() -> None:
    """Undoing the voiding keeps nothing again: the hold does not come back."""
    story = play("h: HOLD card=A amount=6000\nv: VOID of=h\nREVERSAL of=v", made())
    assert budget(story) == (100, 0)


@pytest.mark.parametrize("is_free", [False, True])
def test_a_reversal_behind_the_end_of_its_hold_frees_what_was_kept_once(*, is_free: bool) -> None:
    """Whoever comes first, it or the pulse."""
    story = play(LATE, made())
    if is_free:
        assert story.free_kept() == 1
    story.play("REVERSAL of=h -> used=None")
    assert budget(story) == (99, 0)
    assert story.free_kept() == 0
    story.play("COMPLETE* card=A amount=6000 of=h -> earned=0 exception=ALREADY_REVERSED")
    assert budget(story) == (99, 0)


def test_a_hold_that_takes_nothing_counts_nothing() -> None:
    story = play("h: HOLD card=A amount=6000\nCOMPLETE card=A amount=6000 of=h", made(campaign=""))
    assert story.store.tallies == {}


@settings(max_examples=80)
@given(asked=st.lists(lines(), min_size=3, max_size=14), cuts=st.sets(st.integers(0, 13)))
def test_whatever_happens_to_holds(asked: list[str], cuts: set[int]) -> None:
    """What is reserved is what open holds keep, nothing falls below nothing, and all of it ends."""
    story = Story(PROGRAMME)
    told: list[Outcome] = []
    for number, line in enumerate(asked):
        _, decided = ask(story, number, line)
        assert isinstance(decided, Outcome)
        told.append(decided)
        if number in cuts:
            story.free_kept()
            story.commit()
        assert min(budget(story)) >= 0
    _check(story)
    story.play("EARN card=A amount=1 later=9\nEARN card=B amount=1\nEARN card=C amount=1")
    story.free_kept()
    _check(story)
    assert budget(story)[1] == 0
    check_books(story)
    assert not [place for place, total in _totals(story).items() if total and place[0].startswith(KEPT)]


def _check(story: Story) -> None:
    """The budget's account and what is reserved of it are what was planned and is counted."""
    sums = _totals(story)
    free, held = budget(story)
    counted = sums.get(("budget:c/all", "", ""), 0)
    assert free == sums.get(("planned:c", "", ""), 0) - counted
    assert 0 <= held <= counted


def _totals(story: Story) -> dict[tuple[str, str, str], int]:
    return dict(totals([*story.store.outcomes.values(), *story.pending]))


async def test_the_books_tell_which_holds_keep_something(tmp_path: Path) -> None:
    """Ends of holds are looked at in slices; those that were completed keep nothing."""
    store = await open_store(tmp_path)
    until = (NOON + timedelta(days=7)).isoformat()
    for seq in (1, 2, 3):
        kept = rows_of({(f"{KEPT}{seq}", "", ""): 1}, lambda _: 0) if seq < 3 else ()
        hold = Side("hold", (1, "EARN", 0, until))
        await commit(store, outcome(record(seq, operation="HOLD"), sides=(hold, *kept)))
    freed = rows_of({(f"{KEPT}1", "", ""): -1}, lambda _: 1)
    steps = [Side("hold_step", (hold, 0, 1)) for hold in (1, 2, 3)]
    over = outcome(record(5), sides=tuple(steps[1:]))
    await commit(store, outcome(record(4), sides=(steps[0], *freed)), over)
    due = Due(open_for_reading(tmp_path / "puntual.db"))
    assert due.holds_ended(START) == ([2], (5, 1), False)
    assert due.holds_ended((5, 0)) == ([], (5, 1), False)
    assert due.holds_ended((5, 1)) == ([], (5, 1), False)
    due.close()
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_a_reservation_below_nothing_is_found(tmp_path: Path) -> None:
    """Whoever makes a campaign reserve less than nothing by hand."""
    store = await open_store(tmp_path)
    held = account(AccountKind.BUDGET_HELD, owner_of(BUDGET))
    planned = Posting(account(AccountKind.ISSUE), BUDGET, 9, NO_LOT, PostingReason.BUDGET_PLANNED)
    reserved = Posting(BUDGET, held, 9, NO_LOT, PostingReason.BUDGET_RESERVED)
    released = Posting(held, BUDGET, 9, NO_LOT, PostingReason.BUDGET_RELEASED)
    counted = rows_of({("budget:c/all", "", ""): 9}, lambda _: 0)
    await commit(store, outcome(record(1), postings=(planned, reserved), sides=counted))
    await commit(store, outcome(record(2), postings=(released,)))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
    forge(tmp_path / "puntual.db", "UPDATE posting SET points = 10 WHERE seq = 2")
    found = [str(each) for each in verify(tmp_path / "puntual.db")]
    assert any(each.startswith("I8 decision 2, budget_held.") for each in found), found
