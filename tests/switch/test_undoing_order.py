"""Undoings in any order, of tickets that points paid a part of: nothing is counted, borne or taken twice."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.decision import Approved
from rules.parse import MAIN, parse_programme
from switch.audit import verify
from switch.block import ProgrammeEntry
from switch.outcome import Outcome
from tests.switch.books import commit, open_store
from tests.switch.story import Story, starter_text
from tests.switch.test_decide_properties import check_books
from tests.switch.test_inverse import enrolment, programme, state

SALE = "s: EARN card=A amount=2000 lines=x*600,x*800,y*600 ticket=7 partner=MARKET"
PAID_OTHERWISE = f"EARN card=A amount=90000 ->\n{SALE} ->\nd: REDEEM card=A amount=300 ticket=7 ->"


@pytest.mark.parametrize("effect", ["points", "cash_back", "certificate", "stamp", "giveaway", "tier_points"])
@pytest.mark.parametrize("how", ["VOID", "REVERSAL"])
def test_what_undoes_a_redemption_does_not_give_again_what_a_refund_took(effect: str, how: str) -> None:
    """The refund of a sale gives points back to a redemption of its ticket; what it counts is the sale's."""
    story = Story(programme(effect))
    story.play(f"{PAID_OTHERWISE}\nREFUND card=A of=s amount=1400 lines=x*600,x*800 -> used=300")
    before = state(story)
    story.play(f"{how} of=d -> exception=None")
    assert state(story) == before  # all its points had come back already


def test_what_undoes_the_rest_of_a_redemption_gives_back_points_alone() -> None:
    story = Story(programme("cash_back"))
    story.play(f"{PAID_OTHERWISE}\nREFUND card=A of=s amount=200 -> used=200")
    before = state(story)
    story.play("VOID of=d -> used=100")
    after = state(story)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {
        "available.65",
        "redeemed",
    }


@pytest.mark.parametrize("amount", [1, 2000])
def test_a_refund_that_comes_after_the_void_of_another_is_not_added_to_it(amount: int) -> None:
    """The void did not happen either: both refunds together are above the sale, and a person looks at it."""
    story = Story(programme("points"))
    story.play(
        f"{SALE} points=300 ->".replace("s:", "EARN card=A amount=90000 ->\ns:")
        + f"\nr: REFUND card=A of=s amount=2000 ->\nv: VOID of=r ->\nREFUND card=A of=s amount={amount} ->"
    )
    before = state(story)
    story.play("REVERSAL* of=v -> exception=ABOVE_ORIGINAL")
    assert state(story) == before
    story.play("REVERSAL of=s -> exception=None\nREVERSAL of=r -> earned=None")
    check_books(story)


def test_refunds_that_fit_stand_beside_each_other() -> None:
    """Each was rounded as if there were no other; together they take what the sale earned, and no more."""
    story = Story(programme("multiply"))
    story.play(f"""
        {SALE} ->
        r: REFUND card=A of=s amount=1 ->
        v: VOID of=r ->
        REFUND card=A of=s amount=1999 ->
        REVERSAL of=v -> exception=None
        REFUND card=A of=s amount=1 -> reason=ABOVE_ORIGINAL
    """)
    check_books(story)
    assert state(story) == {}


def test_a_refund_gives_back_what_it_took_in_the_end() -> None:
    """Its void did not happen, after another refund had left it nothing to take."""
    story = Story(programme("multiply"))
    story.play("""
        s: EARN card=A amount=100 lines=x*50,y*50 partner=MARKET -> earned=1
        r: REFUND card=A of=s amount=33 -> earned=-1
        v: VOID of=r -> earned=1
        q: REFUND card=A of=s amount=50 -> earned=-1
        REVERSAL of=v -> earned=None
        REVERSAL of=q -> earned=1
        REVERSAL of=r -> earned=None balance=1
        REVERSAL of=s -> balance=0
    """)
    assert state(story) == {}


def test_points_of_nobody_are_told_from_those_of_another_member() -> None:
    """Two members paid a part of the ticket, one of them with what nobody had: the refund did not happen."""
    story = Story(programme("points"))
    story.play("""
        s: EARN card=A amount=5000 ticket=7 -> balance=50
        REDEEM card=A amount=30 ticket=7 -> balance=20
        REDEEM* card=B amount=10 ticket=7 -> balance=0 exception=NOT_SUFFICIENT_POINTS
    """)
    before = state(story)
    story.play("r: REFUND card=A of=s amount=100 ->\nREVERSAL of=r -> exception=None")
    assert state(story) == before
    story.play("q: REFUND card=A of=s amount=100 ->\nREVERSAL of=q final=35 ->")
    assert state(story)["suspense"] == -5  # of the 35 that stand 30 are the first member's
    assert "debt.66" not in state(story)


def test_the_void_of_a_refund_is_undone_with_its_sale() -> None:
    story = Story(programme("points"))
    story.play(f"{SALE} ->\nr: REFUND card=A of=s amount=500 ->\nv: VOID of=r ->\nREVERSAL of=s ->")
    before = state(story)
    story.play("REVERSAL of=v -> exception=None")
    assert state(story) == before


def test_partners_bear_what_is_left_to_the_point() -> None:
    """A refund may take no point and yet one less of a campaign: that one is the partner's until the end."""
    story = Story(programme("multiply"))
    story.play(f"""
        {SALE} ->
        r: REFUND card=A of=s amount=71 ->
        REFUND card=A of=s amount=1 ->
        REVERSAL of=r ->
        REVERSAL of=s ->
    """)
    assert state(story) == {}


TO_NOBODY = f"""
    {SALE} ->
    REDEEM* card=B amount=300 ticket=7 -> exception=NOT_SUFFICIENT_POINTS
    REFUND card=A of=s amount=1000 -> used=None
"""
AT_NOBODYS_COST = f"""
    {SALE} ->
    t: TRANSFER card=A to=B amount=10 ->
    REDEEM card=B amount=10 ->
    VOID of=t -> used=10
"""


@pytest.mark.parametrize("lines", [TO_NOBODY, AT_NOBODYS_COST])
async def test_what_undid_something_of_his_is_in_his_history(tmp_path: Path, lines: str) -> None:
    """His advice on the ticket took what nobody had; the programme bears what he has spent: nothing moves."""
    made = parse_programme({MAIN: starter_text().replace('"debt"', '"absorb"')})
    story = Story(made)
    story.play(lines)
    story.commit()
    store = await open_store(tmp_path)
    entry = ProgrammeEntry(number=1, since=story.now, version=made.version, text=made.text)
    cards = tuple(enrolment(story.store, letter) for letter in "ABCDEFGH")
    await commit(store, *story.store.outcomes.values(), enrolments=cards, programmes=(entry,))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


WORDS = st.fixed_dictionaries(
    {
        "what": st.sampled_from(
            ["EARN", "EARN", "EARN", "REDEEM", "REDEEM", "HOLD", "COMPLETE", "TRANSFER", "REFUND", "REFUND",
             "VOID", "REVERSAL", "batch"]
        ),
        "card": st.sampled_from("AB"),
        "partner": st.sampled_from(["MARKET", "ORCHARDS", "NOBODY"]),
        "ticket": st.integers(1, 2),
        "amount": st.integers(1, 3333),
        "pick": st.integers(0, 99),
        "is_advice": st.booleans(),
    }
)  # fmt: skip
MADE = ("EARN", "REDEEM", "HOLD", "TRANSFER", "REFUND", "VOID")


class Undone:
    """A story whose lines are drawn; *stands* has the kind of each that was approved, by name."""

    def __init__(self, effect: str) -> None:
        self.story = Story(programme(effect))
        self.stands: dict[str, tuple[str, str, int]] = {}

    def line(self, number: int, words: dict[str, object]) -> None:
        """Play the line of *words*, when there is something that it can be about."""
        what, card, amount = str(words["what"]), str(words["card"]), int(str(words["amount"]))
        if what == "batch":
            self.story.commit()
            return
        about = {"COMPLETE": ("HOLD",), "REFUND": ("EARN",), "VOID": MADE, "REVERSAL": MADE}.get(what, ())
        of = [name for name, (kind, *_) in self.stands.items() if kind in about]
        if about and not of:
            return
        advice = "*" if words["is_advice"] and what != "HOLD" else ""
        text = f"{what}{advice} partner={words['partner']}"
        if about:
            name = of[int(str(words["pick"])) % len(of)]
            _, card, whole = self.stands[name]
            amount = max(amount % (whole + 1), 1)
            text += f" of={name}"
        elif what in ("REDEEM", "TRANSFER"):
            amount = amount % 40 + 1
        if what not in ("VOID", "REVERSAL"):
            text += f" card={card} amount={amount} ticket={words['ticket']}"
        if what in ("EARN", "HOLD"):
            text += f" lines=x*{amount // 2},y*{amount - amount // 2}"
        if what == "EARN" and int(str(words["pick"])) % 3 == 0:
            text += f" points={amount % 9}"
        text += " to=C" if what == "TRANSFER" else ""
        self.ask(f"m{number}", text, "EARN" if what == "COMPLETE" else what, card, amount)

    def ask(self, name: str, text: str, kind: str, card: str, amount: int) -> None:
        """Play one line, and keep what it is when it stands."""
        self.story.asked[name] = self.story.transaction(text.split())
        outcome = self.story.decide(self.story.asked[name])
        assert isinstance(outcome, Outcome)
        check_books(self.story)
        record = outcome.record
        if kind not in MADE or not isinstance(outcome.decision, Approved):
            return
        if record is not None and record.effective:
            self.stands[name] = kind, card, amount


@settings(max_examples=60)
@given(
    effect=st.sampled_from(["points", "multiply", "cash_back", "stamp"]),
    asked=st.lists(WORDS, min_size=4, max_size=25),
    order=st.randoms(use_true_random=False),
)
def test_all_undone_in_any_order_leaves_nothing(effect: str, asked: list[dict[str, object]], order) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  (hypothesis gives its own Random)
    """Voids first, as what they undid stands again; then all else, whatever came before what."""
    undone = Undone(effect)
    for number, words in enumerate(asked):
        undone.line(number, words)
    names = list(undone.stands)
    order.shuffle(names)
    names.sort(key=lambda name: undone.stands[name][0] != "VOID")
    for number, name in enumerate(names):
        undone.ask(f"u{number}", f"REVERSAL of={name}", "REVERSAL", "A", 0)
    undone.story.free_kept()
    left = state(undone.story)
    points = dict.fromkeys("ABC", 0)
    for account, held in left.items():
        kind, _, owner = account.partition(".")
        assert kind in ("available", "pending", "held", "debt"), left
        points[chr(int(owner))] += held
    assert set(points.values()) == {0}
