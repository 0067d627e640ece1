"""Every effect has an inverse: what undoes a sale brings back all that it brought, exactly."""

import sqlite3
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from ledger.account import name_of
from loyalty.card import CardId, MemberId
from rules.effectset import EFFECTS
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from rules.tiers import HELD
from switch.audit import verify
from switch.block import Enrolment, ProgrammeEntry
from switch.tallies import changes_of
from switch.tallyreader import tier_history
from tests.switch.books import commit, open_store
from tests.switch.memory import MemoryStore
from tests.switch.story import Story, starter_text

DECLARED = """
[[stamp_card]]
id = "card"
text = "Card"
size = 2

[[stamp_card]]
id = "full"
text = "Full"
size = 2
coupon = "treat"

[[coupon]]
id = "treat"
text = "Treat"

[[pool]]
id = "pool"
text = "Prize"
stock = 1

[[partner]]
id = "MARKET"
text = "Market"
funds = true

[[partner]]
id = "ORCHARDS"
text = "Orchards"

[qualification]
metric = "tier_points"
window = "30 days"
downgrade = "all"
from = { gold = 100 }
"""

COLLECT = """
[[rule]]
id = "collect"
text = "C"
lines = { product = "x" }
then = { stamp_per_unit = "card" }
"""

# By effect: what it gives, and whether the rule is about the lines of product x.
GIVES = {
    "base": '{ points = 1, per = "0.50" }',
    "points_per_amount": '"1/100"',
    "points": "50",
    "points_per_line": "5",
    "points_per_unit": "5",
    "multiply": "3",
    "discount": '"1/10"',
    "discount_amount": '"2.00"',
    "unit_price": '"5.00"',
    "free_of": "2",
    "free_for_stamps": '"card"',
    "coupon": '"treat"',
    "certificate": '"5.00"',
    "money": '"3.33"',
    "cash_back": '"1/7"',
    "giveaway": '"pool"',
    "stamp": '"full"',
    "stamp_per_unit": '"full"',
    "tier_points": "100",
    "tier_points_per_amount": '{ points = 10, per = "1.00" }',
    "tier": '{ to = "gold" }',
    "message": '"Thanks"',
}
SALE = "s: EARN card=A amount=2000 lines=x*600,x*800,y*600 can=D ticket=7 partner=MARKET"


ABOUT = 'lines = { product = "x", amount = { from = "5.00" } }'  # some lines; nothing asks nothing at all


@cache
def programme(effect: str, about: str = ABOUT) -> Programme:
    """One with a rule of this effect, and stamps for those that take them; a campaign has the rule."""
    text = starter_text().replace("tiers = []", 'tiers = ["basic", "gold"]') + DECLARED
    if effect == "free_for_stamps":
        text += COLLECT
    campaign = f"""
[campaign]
id = "c"
text = "C"
nature = "points"
category = "x"
state = "active"
period = {{ from = 2026-01-01 }}
budget_points = 100000
funding = [{{ partner = "ORCHARDS", basis_points = 6667 }}, {{ partner = "MARKET", basis_points = 3333 }}]

[[rule]]
id = "r"
text = "R"
{about}
then = {{ {effect} = {GIVES[effect]} }}
"""
    return parse_programme({MAIN: text, "campaigns/c.toml": campaign})


def state(story: Story) -> dict[str, int]:
    """All that the books and the counters hold, and what members have; plans of budgets apart."""
    found: Counter[str] = Counter()
    outcomes = {**story.store.outcomes, **{each.record.seq: each for each in story.pending if each.record}}
    for outcome in outcomes.values():
        for posting in outcome.postings:
            if "PLANNED" not in posting.reason.name:
                found[name_of(posting.debit)] -= posting.points
                found[name_of(posting.credit)] += posting.points
        for place, change, _ in changes_of(outcome.sides):
            if place[0] != HELD and not place[0].startswith("planned:"):  # on tiers the next look decides
                found["/".join(place)] += change
        for side in outcome.sides:
            if side.table in ("certificate", "certificate_entry"):
                *_, points, minor = side.values[:3] if side.table == "certificate_entry" else side.values[:4]
                found[f"certificate {side.values[0]!s}"] += int(minor or 0)
                found[f"points of {side.values[0]!s}"] += int(points or 0)
    return {name: held for name, held in found.items() if held}


UNDOINGS = {
    "reversal": ["u: REVERSAL of=s"],
    "void": ["u: VOID of=s"],
    "refund": ["u: REFUND card=A of=s amount={net}"],
    "refund by lines": ["u: REFUND card=A of=s amount={net} lines={lines}"],
    "refund in parts": [
        "REFUND card=A of=s amount={first} lines=x*{first}",
        "u: REFUND card=A of=s amount={rest} lines={others}",
    ],
    "refund and reversal": ["REFUND card=A of=s amount={first} lines=x*{first}", "u: REVERSAL of=s"],
}


def undoing(how: str, amounts: list[int]) -> list[str]:
    """The lines that undo the sale, of whose lines *amounts* are left to pay."""
    products = [f"{name}*{amount}" for name, amount in zip("xxy", amounts, strict=True)]
    first = next(amount for amount in amounts if amount)
    others = list(products)
    others.remove(f"x*{first}")
    values = {
        "net": sum(amounts),
        "lines": ",".join(products),
        "first": first,
        "rest": sum(amounts) - first,
        "others": ",".join(others),
    }
    return [line.format(**values) for line in UNDOINGS[how]]


def amounts_of(story: Story) -> list[int]:
    """What each line of the last sale costs after its discounts."""
    decision = story.pending[-1].decision
    amounts = [600, 800, 600]
    for discount in getattr(decision, "discounts", ()):
        amounts[discount.line - 1] -= discount.amount_minor
    return amounts


@pytest.mark.parametrize("how", UNDOINGS)
@pytest.mark.parametrize("effect", [effect for effect in EFFECTS if effect != "decline"])
@pytest.mark.parametrize("about", [pytest.param(ABOUT, id="some lines"), pytest.param("", id="anything")])
def test_what_undoes_a_sale_brings_all_back(about: str, effect: str, how: str) -> None:
    story = Story(programme(effect, about))
    if effect == "free_for_stamps":
        story.play("EARN card=A amount=600 lines=x*300,x*300 ->")
    before = state(story)
    story.play(f"{SALE} ->")
    given = state(story)
    assert before != given
    for line in undoing(how, amounts_of(story)):
        story.play(f"{line} -> exception=None")
    assert state(story) == before
    if how != "refund and reversal" and "REVERSAL" not in UNDOINGS[how][-1]:
        story.play("REVERSAL of=u -> exception=None")
        assert how == "refund in parts" or state(story) == given
    story.commit()


@cache
def multiplying(how: str) -> Programme:
    """One with a rule that doubles all and one that triples product x, which a campaign pays in part."""
    written = 'level = "transaction"'
    text = starter_text().replace(written, f'{written}\nmultipliers = "{how}"')
    campaign = """
[campaign]
id = "c"
text = "C"
nature = "points"
category = "x"
state = "active"
period = { from = 2026-01-01 }
budget_points = 100000

[[rule]]
id = "triple"
text = "T"
lines = { product = "x", amount = { from = "5.00" } }
then = { multiply = 3 }
cap = { points = 50, per = "day" }
"""
    double = '[[rule]]\nid = "double"\ntext = "D"\nthen = { multiply = 2 }\n'
    return parse_programme({MAIN: text + double, "campaigns/c.toml": campaign})


@pytest.mark.parametrize("how", UNDOINGS)
@pytest.mark.parametrize(("multipliers", "earned"), [("sum", 68), ("product", 90), ("max", 54)])
def test_what_multipliers_made_of_one_line_comes_back(multipliers: str, earned: int, how: str) -> None:
    """Budget, limit and points, whichever part of the basket comes back first."""
    story = Story(multiplying(multipliers))
    before = state(story)
    story.play(f"{SALE} -> earned={earned}")
    given = state(story)
    for line in undoing(how, amounts_of(story)):
        story.play(f"{line} -> exception=None")
    assert state(story) == before
    if how != "refund and reversal" and "REVERSAL" not in UNDOINGS[how][-1]:
        story.play("REVERSAL of=u -> exception=None")
        assert how == "refund in parts" or state(story) == given
    story.commit()


def test_every_effect_is_tried() -> None:
    assert set(GIVES) | {"decline"} == set(EFFECTS)


async def test_the_tiers_that_rules_gave_are_history(tmp_path: Path) -> None:
    """With their last day; what was undone was given all the same."""
    made = programme("tier")
    story = Story(made)
    story.play(f"{SALE} ->\nVOID of=s ->")
    story.commit()
    store = await open_store(tmp_path)
    entry = ProgrammeEntry(number=1, since=story.now, version=made.version, text=made.text)
    await commit(
        store, *story.store.outcomes.values(), enrolments=(enrolment(story.store, "A"),), programmes=(entry,)
    )
    await store.close()
    books = sqlite3.connect(tmp_path / "puntual.db")
    history = tier_history(books, MemberId(ord("A")), made.tiers)
    books.close()
    assert [(on, tier) for on, tier, _ in history] == [("2026-03-02", "gold until 2027-03-02")]


async def test_the_books_verify_what_rules_gave(tmp_path: Path) -> None:
    """Certificates, purses, stamps and prizes, given and taken back, as ``ledger verify`` sees them."""
    for number, effect in enumerate(("certificate", "cash_back", "stamp_per_unit", "giveaway", "tier")):
        made = programme(effect)
        story = Story(made)
        story.play(f"{SALE} ->")
        story.play("u: REFUND card=A of=s amount=800 lines=x*800 ->\nv: VOID of=s ->\nREVERSAL of=u ->\n")
        story.play(f"{SALE.replace('s:', 't:')} ->\nVOID of=t ->")
        story.commit()
        path = tmp_path / str(number)
        path.mkdir()
        store = await open_store(path)
        entry = ProgrammeEntry(number=1, since=story.now, version=made.version, text=made.text)
        cards = tuple(enrolment(story.store, letter) for letter in "ABCDEFGH")
        outcomes = story.store.outcomes.values()
        await commit(store, *outcomes, enrolments=cards, programmes=(entry,))
        await store.close()
        assert verify(path / "puntual.db") == []


def enrolment(store: MemoryStore, letter: str) -> Enrolment:
    card = store.cards_by_id[CardId(ord(letter))]
    (kind, token) = next(key for key, cards in store.card_of.items() if card in cards and key[0] == "CPAN")
    assert kind == "CPAN"
    return Enrolment(card=card, token=token)
