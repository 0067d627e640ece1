"""Sales that a wrong rule rated are set right, once; and what is returned of them later stays right."""

import asyncio
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from loyalty.errors import LoyaltyError
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.audit import verify
from switch.block import Block, CommitResult, Enrolment, ProgrammeEntry
from switch.case import Moment
from switch.corrections import CorrectionPolicy, Warrant
from switch.database import open_for_reading
from switch.programmes import Programmes
from switch.rerating import Line, Plan, Rerate
from tests.switch.books import open_store, token
from tests.switch.story import NOON, Story, new_card, starter_text

ANA = Warrant(reason="WRONG_RULE", by="ana")


def made(points: int, *, cap: str = "", shortfall: str = "debt") -> Programme:
    text = starter_text().replace('shortfall = "debt"', f'shortfall = "{shortfall}"')
    gift = f'lines = {{ product = "P" }}\nthen = {{ points_per_line = {points} }}\n{cap}'
    more = f'when = {{ amount = {{ from = "5.00" }} }}\nthen = {{ points = {points} }}\n'
    rules = [
        f'[[rule]]\nid = "{name}"\ntext = "R"\n{rule}' for name, rule in (("gift", gift), ("more", more))
    ]
    return parse_programme({MAIN: text + "".join(rules)})


class Shop:
    """A story under a wrong programme, and books on a disk that follow it."""

    def __init__(self, path: Path, wrong: Programme, right: Programme) -> None:
        self.path, self.wrong, self.right = path, wrong, right
        self.story = Story(wrong)
        since = self.story.programmes.versions[0][0]
        self.story.programmes = Programmes(((since, right), (NOON, wrong)))
        self._written = 0

    async def _write(self) -> None:
        """Bring the books on the disk up to the story."""
        store = await open_store(self.path)
        pending = self.story.pending[self._written :]
        first = self._written == 0
        cards = [Enrolment(card=new_card(each), token=token(ord(each))) for each in "ABC"] if first else []
        texts = [
            ProgrammeEntry(number=at, since=NOON, version=each.version, text=each.text)
            for at, each in enumerate((self.right, self.wrong), 1)
        ]
        block = Block(
            outcomes=pending, committed_at=self.story.now, enrolments=cards, programmes=texts if first else ()
        )
        assert await store.commit(block, lambda: True) is CommitResult.DURABLE
        await store.close()
        self._written = len(self.story.pending)

    def plan(self, rule: str, *, first: date = date.min, last: date = date.max) -> list[Line]:
        asyncio.run(self._write())
        with closing(open_for_reading(self.path / "puntual.db")) as database:
            return list(Plan(database, self.right, rule).lines(first, last))

    def book(self, lines: list[Line], warrant: Warrant = ANA, above: int = 10_000) -> dict[str, int]:
        story = self.story
        command = Rerate(
            lines=[Line.from_json((each.seq, each.whole, each.stands, each.should)) for each in lines],
            rule="more",
            total=sum(abs(each.difference) for each in lines),
            version=self.right.version,
            programme=self.right,
            warrant=warrant,
            policy=CorrectionPolicy(checker_above=above),
            sequence=story.store.sequence,
        )
        change = command.carry_out(story.worksheet, Moment(0, story.now, story.now.date()))
        story.pending.extend(change.outcomes)
        assert isinstance(change.result, dict)
        return change.result

    def verify(self) -> None:
        asyncio.run(self._write())
        assert verify(self.path / "puntual.db") == []


def told(lines: list[Line]) -> list[tuple[int, int, int]]:
    return [(each.whole, each.stands, each.should) for each in lines]


def test_who_gained_too_much_gives_it_back_once(tmp_path: Path) -> None:
    """Only sales that the rule had a part in, as they stand; a second run finds nothing."""
    shop = Shop(tmp_path, made(80), made(40))
    shop.story.play("""
        x: EARN card=A amount=500 -> earned=85
        EARN card=A amount=100 -> earned=1
        y: EARN card=B amount=1000 -> earned=90
        REFUND of=y card=B amount=500 -> earned=-45
        z: EARN card=C amount=700 -> earned=87
        VOID of=z card=C -> earned=-87
    """)
    lines = shop.plan("more")
    assert told(lines) == [(45, 85, 45), (50, 45, 25)]
    assert shop.book(lines) == {"booked": 2, "given": 0, "taken": 60, "changed": 0}
    assert (shop.story.balance("A"), shop.story.balance("B")) == (46, 25)
    assert shop.book(lines)["changed"] == 2  # the same order again
    assert shop.plan("more") == []
    shop.verify()


def test_what_a_member_had_is_what_he_had_then(tmp_path: Path) -> None:
    """The balance that the sale kept, not the one of today; where none was kept, the books tell it."""

    def rule(points: int, when: str = "balance = { below = 50 }") -> Programme:
        text = f'[[rule]]\nid = "more"\ntext = "R"\nwhen = {{ {when} }}\nthen = {{ points = {points} }}\n'
        return parse_programme({MAIN: starter_text() + text})

    sales = "EARN card=A amount=500 -> earned={}\nEARN card=A amount=500 -> earned={}\n"
    shop = Shop(tmp_path, rule(80), rule(40))
    shop.story.play(sales.format(85, 5))
    lines = shop.plan("more")
    assert told(lines) == [(45, 85, 45)]
    shop.book(lines)
    assert shop.plan("more") == []
    shop.verify()
    (tmp_path / "other").mkdir()
    other = Shop(tmp_path / "other", rule(80, "amount = { from = '1.00' }"), rule(80))
    other.story.play(sales.format(85, 85))
    assert told(other.plan("more")) == [(5, 85, 5)]


def test_refunds_after_it_are_rated_by_the_version_that_the_sale_stands_under(tmp_path: Path) -> None:
    """By amount in proportion, by lines again, and wholly: nothing is taken twice, nothing is left."""
    shop = Shop(tmp_path, made(80), made(40))
    basket = "lines=P*300,Q*300"
    shop.story.play(f"""
        x: EARN card=A amount=600 -> earned=86
        y: EARN card=B amount=600 {basket} -> earned=166
        z: EARN card=C amount=600 -> earned=86
    """)
    shop.book(shop.plan("more"))
    assert [shop.story.balance(each) for each in "ABC"] == [46, 86, 46]
    shop.story.play("""
        x1: REFUND of=x card=A amount=300 -> earned=-23
        REVERSAL of=x1 -> earned=23
        REFUND of=x card=A amount=600 -> earned=-46
        REFUND of=y card=B amount=300 lines=Q*300 -> earned=-43
        REFUND of=y card=B amount=300 lines=P*300 -> earned=-43
        VOID of=z card=C -> earned=-46
    """)
    assert [shop.story.balance(each) for each in "ABC"] == [0, 0, 0]
    shop.verify()


def test_of_what_came_back_as_a_whole_nothing_is_due(tmp_path: Path) -> None:
    """Not even what the rule gives to any sale."""
    rule = '[[rule]]\nid = "any"\ntext = "R"\nthen = {{ points = {} }}\n'
    wrong, right = (parse_programme({MAIN: starter_text() + rule.format(each)}) for each in (80, 40))
    shop = Shop(tmp_path, wrong, right)
    shop.story.play("""
        x: EARN card=A amount=600 lines=P*300,Q*300     -> earned=86
        REFUND of=x card=A amount=600 lines=P*300,Q*300 -> earned=-86
        y: EARN card=B amount=600 lines=P*300,Q*300     -> earned=86
        REFUND of=y card=B amount=300 lines=P*300       -> earned=-3
    """)
    assert told(shop.plan("any")) == [(46, 83, 43)]


def test_who_got_too_little_gets_the_rest(tmp_path: Path) -> None:
    """Refunds then take it back too."""
    shop = Shop(tmp_path, made(10), made(40))
    shop.story.play("x: EARN card=A amount=500 -> earned=15")
    lines = shop.plan("more")
    assert shop.book(lines)["given"] == 30
    assert shop.story.balance("A") == 45
    shop.verify()
    shop.story.play("REFUND of=x card=A amount=500 -> earned=-45")
    assert shop.story.balance("A") == 0
    shop.verify()


def test_limits_that_were_wrong_are_counted_through(tmp_path: Path) -> None:
    """What the right rule gives less leaves room in its own limit for the next sale."""
    cap = 'cap = { points = 100, per = "day" }\n'
    shop = Shop(tmp_path, made(80, cap=cap), made(40, cap=cap))
    shop.story.play("""
        EARN card=A amount=100 lines=P*100 -> earned=81
        EARN card=A amount=100 lines=P*100 -> earned=21
        EARN card=A amount=100 lines=P*100 -> earned=1
        EARN card=A amount=100 lines=P*100 -> earned=1
    """)
    assert told(shop.plan("gift")) == [(41, 81, 41), (41, 21, 41), (21, 1, 21)]


@pytest.mark.parametrize(("shortfall", "balance"), [("debt", -40), ("absorb", 0)])
def test_points_that_are_spent_already(tmp_path: Path, shortfall: str, balance: int) -> None:
    """As at a refund: they are owed, or the programme bears them."""
    shop = Shop(tmp_path, made(80, shortfall=shortfall), made(40, shortfall=shortfall))
    shop.story.play("EARN card=A amount=500 -> earned=85\nREDEEM card=A amount=85 -> used=85")
    shop.book(shop.plan("more"))
    assert shop.story.balance("A") == balance
    shop.verify()


def test_much_of_it_needs_a_second_person(tmp_path: Path) -> None:
    """The whole plan counts, whatever is ordered at once; and days outside of it are left alone."""
    shop = Shop(tmp_path, made(80), made(40))
    shop.story.play("EARN card=A amount=500 -> earned=85\nEARN card=A amount=500 later=2 -> earned=85")
    lines = shop.plan("more")
    assert len(shop.plan("more", last=NOON.date())) == 1
    with pytest.raises(LoyaltyError, match="which needs a second person"):
        shop.book(lines, above=79)
    assert shop.book(lines, Warrant(reason="W", by="ana", checked_by="ben"), above=79)["booked"] == 2
