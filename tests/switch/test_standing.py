"""What members had before a sale of the past comes out of the books as it was kept with those that asked."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.replay import Past
from switch.outcome import Outcome
from switch.past import PastSale
from switch.rows import lot_row, posting_row
from switch.standing import Standing
from tests.switch.story import Story, starter_text
from tests.switch.test_decide_properties import ask, lines

RULE = """
[holds]
kept = "1 day"

[[rule]]
id = "r"
text = "R"
when.any = [{ expiring = { days = 1, from = 30 } }, { expiring = { days = 5, from = 1 } }]
when.balance = { below = 40 }
then = { points = 3 }
"""
SHORT = {
    'last = "2 years"': 'last = "6 days"',
    'available_after = "0 days"': 'available_after = "1 day"',
    'shortfall = "debt"': 'shortfall = "debt"\ngrace = "2 days"',
}
AT_ONCE = {old: new for old, new in SHORT.items() if not old.startswith("available")}


def programme(head: dict[str, str], rules: str = RULE) -> str:
    text = starter_text()
    for old, new in head.items():
        assert old in text, old
        text = text.replace(old, new)
    return text + rules


def books_of(outcomes: Iterable[Outcome]) -> sqlite3.Connection:
    """Postings and lots as the books have them."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE posting (seq, line, debit, credit, points, lot, reason)")
    database.execute(
        "CREATE TABLE lot (lot, owner, points, earned_on, available_from, expires_on, funder, value)"
    )
    for each in outcomes:
        assert each.record is not None
        rows = [posting_row(each.record.seq, line, posting) for line, posting in enumerate(each.postings)]
        database.executemany("INSERT INTO posting VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.executemany("INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(lot_row, each.lots))
    return database


@settings(max_examples=60)
@given(
    asked=st.lists(st.tuples(lines(), st.sampled_from([0, 0, 0, 1, 2, 4])), min_size=4, max_size=30),
    head=st.sampled_from([SHORT, AT_ONCE]),
)
def test_the_books_tell_what_was_kept(asked: list[tuple[str, int]], head: dict[str, str]) -> None:
    """Whatever was sold, spent, held, returned and reversed, and whatever expired meanwhile."""
    made = parse_programme({MAIN: programme(head)})
    story = Story(made)
    for number, (line, later) in enumerate(asked):
        ask(story, number, line if "later" in line else f"{line} later={later}")
    with closing(books_of(story.pending)) as database:
        standing = Standing(database, [made])
        for outcome in story.pending:
            record = outcome.record
            if record is None or outcome.facts is None or record.operation != "EARN" or not record.effective:
                continue
            kept = Facts.from_json(outcome.facts)
            past = Past(replace(kept, holdings=()), record.business_date, record.member_id, record.card_id)
            standing.tell(PastSale(record.seq, record.owner, past, ""))
            assert past.facts.holdings == kept.holdings


def test_what_was_kept_stays_and_who_does_not_ask_is_told_nothing() -> None:
    made = parse_programme({MAIN: programme({})})
    plain = parse_programme({MAIN: starter_text()})
    story = Story(made)
    story.play("EARN card=A amount=500\nEARN card=A amount=100")
    for programmes, kept, found in (
        ([plain], (), ()),
        ([plain, made], (), (("balance", 5), ("expiring.1d", 0), ("expiring.5d", 0))),
        ([made], (("balance", 77),), (("balance", 77), ("expiring.1d", 0), ("expiring.5d", 0))),
    ):
        with closing(books_of(story.pending)) as database:
            record, text = story.pending[1].record, story.pending[1].facts
            assert record is not None
            assert text is not None
            facts = replace(Facts.from_json(text), holdings=kept)
            sale = PastSale(record.seq, record.owner, Past(facts, record.business_date, 65, 65), "")
            Standing(database, programmes).tell(sale)
            assert facts.holdings == found
            Standing(database, programmes).tell(sale._replace(owner=None))
