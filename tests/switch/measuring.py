"""Campaigns, books of a story that followed them, and what is measured of these."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from rules.goal import Metric
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.attainment import Attainment, Subject
from switch.audit import verify
from switch.block import Block, CommitResult, Enrolment, ProgrammeEntry
from switch.database import open_for_reading
from switch.purchases import Purchases
from tests.switch.books import open_store, token
from tests.switch.story import NOON, Story, new_card, starter_text

FRUIT = """[campaign]
id = "fruit"
text = "5 points for each apple"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-03-01, before = 2026-03-21 }
budget_points = 100
goal = { metric = "points", target = 40 }
[[rule]]
id = "apples"
text = "Apples"
lines = { product = "APPLE" }
then = { points_per_line = 5 }
"""
BREAD = """[campaign]
id = "bread"
text = "A tenth off bread"
nature = "discounts"
category = "seasonal"
state = "active"
period = { from = 2026-03-01 }
goal = { metric = "spend", target = "50.00" }
[[rule]]
id = "tenth"
text = "A tenth off"
lines = { product = "BREAD" }
then = { discount = "1/10" }
"""
PAPER = """[campaign]
id = "paper"
text = "A certificate from 50.00"
nature = "certificates"
category = "seasonal"
state = "active"
period = { from = 2026-03-01 }
goal = { metric = "profit", target = "10.00" }
[[rule]]
id = "two-back"
text = "2.00 back"
when = { amount = { from = "50.00" } }
then = { certificate = "2.00" }
"""
HALVES = """[campaign]
id = "halves"
text = "Half of the members get 10 points"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-03-01 }
goal = { metric = "incremental_spend", target = "10.00" }
experiment = { arms = { A = 5000, control = 5000 } }
[[rule]]
id = "ten"
text = "10 points"
when = { ticket = { from = "1.00" } }
then = { points = 10 }
"""
PRODUCTS = "product,cost\nAPPLE,2.00\nBREAD,1.00\nTV,50.00\n"


def made(*campaigns: str, more: str = "", head: str = "") -> Programme:
    text = starter_text().replace('language = "en"', f'language = "en"\n{head}', 1) + more
    sources = {MAIN: text, "products.csv": PRODUCTS}
    return parse_programme(
        sources | {f"campaigns/{at}.toml": campaign for at, campaign in enumerate(campaigns)}
    )


async def write(path: Path, story: Story, *programmes: Programme) -> None:
    """Put what *story* decided into books on a disk."""
    store = await open_store(path)
    cards = [Enrolment(card=new_card(each), token=token(ord(each))) for each in "ABCDH"]
    texts = [
        ProgrammeEntry(number=number, since=NOON - timedelta(days=1), version=each.version, text=each.text)
        for number, each in enumerate(programmes, 1)
    ]
    outcomes = [*story.store.outcomes.values(), *story.pending]
    for at in range(0, max(len(outcomes), 1), 256):
        block = Block(
            outcomes=outcomes[at : at + 256],
            committed_at=story.now,
            enrolments=cards if at == 0 else (),
            programmes=texts if at == 0 else (),
        )
        assert await store.commit(block, lambda: True) is CommitResult.DURABLE
    await store.close()
    assert verify(path / "puntual.db") == []


@contextmanager
def measured(path: Path, story: Story, programme: Programme, *others: Programme) -> Iterator[Attainment]:
    """All that the books of *story* tell of the goals of *programme*."""
    asyncio.run(write(path, story, programme, *others))
    with closing(open_for_reading(path / "puntual.db")) as database:
        found = Attainment(Purchases(database), programme)
        found.measure(lambda _done, _of: None)
        yield found


def told(path: Path, text: str, programme: Programme) -> dict[str, Subject]:
    """What comes of *text*, by campaign and goal."""
    story = Story(programme)
    story.play(text)
    with measured(path, story, programme) as found:
        assert found.erased == 0
        return {each.name: each for each in (*found.campaigns.values(), *found.goals)}


def points(subject: Subject) -> tuple[int, int]:
    """Given, and what stands."""
    return subject.sums.points, subject.sums.points_given


def sales(subject: Subject) -> tuple[int, int, int]:
    """Sales, different members, spend."""
    return subject.sums.sales, len(subject.sums.members), subject.sums.spend_minor


def goal(metric: Metric, target: str = "5", more: str = "") -> str:
    return (
        f'[[goal]]\nid = "{metric.value}"\ntext = "G"\nmetric = "{metric.value}"\ntarget = {target}\n'
        f"period = {{ from = 2026-03-10, before = 2026-03-20 }}\n{more}\n"
    )
