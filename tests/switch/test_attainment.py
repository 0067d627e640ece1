"""What campaigns brought and cost, held to figures that were worked out by hand."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from rules.experiment import drawn
from switch.attainment import Attainment
from switch.case import Moment
from switch.corrections import CorrectionPolicy, Warrant
from switch.database import open_for_reading
from switch.purchases import Purchases
from switch.rerating import Line, Rerate
from tests.switch.measuring import (
    BREAD,
    FRUIT,
    HALVES,
    PAPER,
    made,
    measured,
    points,
    sales,
    told,
    write,
)
from tests.switch.story import Story


def test_sales_refunds_and_reversals_of_a_campaign(tmp_path: Path) -> None:
    """What was taken back is taken off, the goods that were returned and no others."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=1000 lines=APPLE*300,APPLE*300,BREAD*400  -> earned=20   # 10 + 2 apples
        two: EARN card=B amount=900 lines=APPLE*300,BREAD*600             -> earned=14   # 9 + 1
        three: EARN card=A amount=300 lines=APPLE*300                     -> earned=8    # 3 + 1
        four: EARN card=C amount=700 lines=APPLE*300,APPLE*400            -> earned=17   # 7 + 2
        five: EARN card=C amount=500 lines=BREAD*500                      -> earned=5    # no apple
        six: EARN card=B amount=600 lines=APPLE*300,BREAD*300             -> earned=11
        REFUND card=A amount=300 lines=APPLE*300 of=one                   # one apple of two comes back
        REFUND card=B amount=600 lines=BREAD*600 of=two                   # the bread alone
        REVERSAL of=three
        VOID of=four
        REFUND card=B amount=600 lines=APPLE*300,BREAD*300 of=six         # all of it
        """,
        made(FRUIT),
    )
    fruit = of["fruit"]
    assert points(fruit) == (10 + 5 + 5 + 10 + 5, 5 + 5)
    assert sales(fruit) == (2, 2, (1000 - 300) + (900 - 600))
    assert fruit.actual == 10
    assert (fruit.sums.off_minor, fruit.sums.gifts_minor, fruit.sums.corrected) == (0, 0, 0)


def test_returns_without_lines_keep_the_proportion(tmp_path: Path) -> None:
    """Nobody said which goods came back; so it is when a till reverses a part."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=1000 lines=APPLE*500,APPLE*300,BREAD*200  # 10 points for apples
        REFUND card=A amount=250 of=one
        two: EARN card=B amount=900 lines=APPLE*300,BREAD*600             # 5
        REVERSAL* of=two final=400
        """,
        made(FRUIT),
    )
    fruit = of["fruit"]
    assert points(fruit) == (15, 10 * 750 // 1000 + 5 * 400 // 900)
    assert sales(fruit) == (2, 2, 750 + 400)


def test_what_one_return_took_no_later_one_gives_again(tmp_path: Path) -> None:
    """The apple is back; that nobody says what came back then does not make it bought again."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=700 lines=APPLE*300,BREAD*400
        REFUND card=A amount=300 lines=APPLE*300 of=one
        REFUND card=A amount=7 of=one
        """,
        made(FRUIT),
    )
    assert points(of["fruit"]) == (5, 0)
    assert sales(of["fruit"]) == (1, 1, 700 - 300 - 7)


def test_a_refund_that_was_reversed_in_part(tmp_path: Path) -> None:
    """It stands at its smaller amount; one that was voided does not stand at all."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=1000 lines=APPLE*500,APPLE*300,BREAD*200
        back: REFUND card=A amount=500 of=one
        REVERSAL* of=back final=200
        two: EARN card=B amount=300 lines=APPLE*300
        all: REFUND card=B amount=300 lines=APPLE*300 of=two
        VOID of=all
        """,
        made(FRUIT),
    )
    assert points(of["fruit"]) == (15, 10 * 800 // 1000 + 5)
    assert sales(of["fruit"]) == (2, 2, 800 + 300)


def test_a_reversal_to_the_whole_amount_says_no_lines(tmp_path: Path) -> None:
    """It takes nothing of the amount; but from then on the points go by what is left of that."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=800 lines=APPLE*300,APPLE*500             # 10
        REFUND card=A amount=500 lines=APPLE*500 of=one                   # 5 are left
        REVERSAL* of=one final=800
        """,
        made(FRUIT),
    )
    assert points(of["fruit"]) == (10, 10 * 300 // 800)
    assert sales(of["fruit"]) == (1, 1, 300)


def test_money_off_prices(tmp_path: Path) -> None:
    """It counts with the lines that are kept, or in proportion; tills that take none have no part in it."""
    of = told(
        tmp_path,
        """
        one: EARN card=A can=D amount=1000 lines=BREAD*400,APPLE*600   -> off=40 earned=9
        two: EARN card=B amount=400 lines=BREAD*400                    -> off=0
        three: EARN card=B can=D amount=500 lines=BREAD*500            -> off=50
        four: EARN card=B can=D amount=700 lines=BREAD*700             -> off=70
        REFUND card=A amount=180 lines=BREAD*180 of=one                # half of what was reduced
            REFUND card=B amount=315 of=four                               # nobody said of what
        REVERSAL of=three
        """,
        made(BREAD),
    )
    bread = of["bread"]
    assert sales(bread) == (2, 2, 780 + 315)
    assert bread.sums.off_minor == 20 + 35
    assert bread.actual == 780 + 315
    assert points(bread) == (0, 0)


def test_certificates_and_profit(tmp_path: Path) -> None:
    """What was given with a sale is worked out again, and weighed against what the goods brought."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=6000 lines=TV*5500,APPLE*500            # a certificate of 2.00
        two: EARN card=B amount=4900 lines=TV*4900                      # none
        three: EARN card=B amount=9000 lines=TV*9000                    # one
        four: EARN card=C amount=5600 lines=TV*5500,BREAD*100           # one; the bread comes back
        five: EARN card=C amount=5200 lines=TV*5100,BREAD*100           # one; what is kept brings none
        REVERSAL of=three
        REFUND card=C amount=100 lines=BREAD*100 of=four
        REFUND card=C amount=300 of=five
        REFUND card=C amount=4900 of=five
        """,
        made(PAPER),
    )
    paper = of["paper"]
    assert sales(paper) == (2, 2, 6000 + 5500)
    assert paper.sums.gifts_minor == 200 + 200
    goods = (5500 - 5000) + (500 - 200) + (5500 - 5000)
    assert paper.actual == goods - 400


def test_what_is_kept_of_a_certificate_sale(tmp_path: Path) -> None:
    """Below 50.00 the kept goods would not have brought it."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=6000 lines=TV*4000,APPLE*2000
        REFUND card=A amount=2000 lines=APPLE*2000 of=one
        """,
        made(PAPER),
    )
    assert sales(of["paper"]) == (1, 1, 4000)
    assert of["paper"].sums.gifts_minor == 0
    assert of["paper"].actual == 4000 - 5000


def test_profit_of_what_nobody_said_the_lines_of(tmp_path: Path) -> None:
    """It keeps its proportion; the certificate stays, for nobody can say that it was not due."""
    of = told(
        tmp_path,
        """
        one: EARN card=A amount=6000 lines=TV*6000
        REFUND card=A amount=1500 of=one
        """,
        made(PAPER),
    )
    assert of["paper"].actual == (6000 - 5000) * 4500 // 6000 - 200


def test_what_was_set_right_later(tmp_path: Path) -> None:
    """A correction of what a rule of the campaign gave is told apart, while the sale stands."""
    programme, right = made(FRUIT), made(FRUIT.replace("points_per_line = 5", "points_per_line = 2"))
    story = Story(programme)
    story.play("""
        one: EARN card=A amount=600 lines=APPLE*300,APPLE*300
        two: EARN card=B amount=300 lines=APPLE*300
    """)
    story.commit()
    lines = [(1, 10, 16, 10), (2, 5, 8, 5)]  # sequence, what all of it earns, what stands, what should
    command = Rerate(
        lines=[Line.from_json(each) for each in lines],
        rule="apples",
        total=9,
        version=right.version,
        programme=right,
        warrant=Warrant(reason="WRONG_RULE", by="ana"),
        policy=CorrectionPolicy(checker_above=100),
        sequence=story.store.sequence,
    )
    change = command.carry_out(story.worksheet, Moment(0, story.now, story.now.date()))
    assert change.result["booked"] == 2
    for outcome in change.outcomes:
        story.worksheet.apply(outcome)
        story.pending.append(outcome)
    story.play("REVERSAL of=two")
    with measured(tmp_path, story, programme, right) as found:
        sums = found.campaigns["fruit"].sums
    assert (sums.points, sums.points_kept, sums.corrected) == (15, 10, -6)
    assert sums.points_given == 4


def test_erased_facts_are_counted(tmp_path: Path) -> None:
    """Of a sale whose facts are erased points are known, and nothing that has to be worked out again."""
    programme = made(FRUIT, BREAD)
    story = Story(programme)
    story.play("EARN card=A can=D amount=1000 lines=BREAD*400,APPLE*600")
    asyncio.run(write(tmp_path, story, programme))
    with closing(sqlite3.connect(tmp_path / "puntual.db")) as books, books:
        books.execute("DELETE FROM fact")
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        found = Attainment(Purchases(database), programme)
        found.measure(lambda _done, _of: None)
    assert found.erased == 1
    assert [each.sums.sales for each in found.campaigns.values()] == [1, 0]
    assert found.campaigns["fruit"].sums.points == 5


def arm_of(letter: str) -> str:
    return "A" if drawn(ord(letter), "halves") < 5000 else "control"


def test_arms_and_what_the_control_did(tmp_path: Path) -> None:
    """All sales of the members in the time count, whether the campaign gave anything or not."""
    in_a = [letter for letter in "ABC" if arm_of(letter) == "A"]
    in_control = [letter for letter in "ABC" if arm_of(letter) == "control"]
    one, other = in_a[0], in_control[0]
    of = told(
        tmp_path,
        f"""
        EARN card={one} amount=5000             -> earned=60
        EARN card={one} amount=50               -> earned=0     # too small a ticket, and counted
        back: EARN card={one} amount=700        -> earned=17
        REVERSAL of=back
        part: EARN card={other} amount=1200     -> earned=12    # the control gets nothing
        REFUND card={other} amount=200 of=part
        EARN* phone={other} amount=100
        """,
        made(HALVES),
    )
    halves = of["halves"]
    assert sales(halves) == (1, 1, 5000)
    assert points(halves) == (20, 10)
    treated, control = halves.by_arm["A"], halves.by_arm["control"]
    assert (treated.sales, len(treated.members), treated.spend_minor) == (2, 1, 5050)
    assert (control.sales, len(control.members), control.spend_minor) == (2, 1, 1100)
    assert halves.actual == 5050 - 1100


def test_what_leaves_no_trace_is_worked_out_again(tmp_path: Path) -> None:
    """Messages and stamps: a sale that got one belongs to the campaign, one before its time does not."""
    hello = FRUIT.replace("points_per_line = 5", 'message = "Hello"').replace("2026-03-01", "2026-03-10")
    of = told(
        tmp_path,
        """
        EARN card=A amount=300 lines=APPLE*300
        EARN card=A amount=500 lines=APPLE*500 later=8          -> says=Hello
        EARN card=B amount=300 lines=BREAD*300
        EARN card=B amount=700 lines=APPLE*700 later=10         -> says=Hello
        EARN card=C amount=900 lines=APPLE*900 later=1          -> says=
        """,
        made(hello),
    )
    assert sales(of["fruit"]) == (2, 2, 500 + 700)
    assert points(of["fruit"]) == (0, 0)


def test_sales_of_nobody_count(tmp_path: Path) -> None:
    """An advice whose card is unknown was a sale; nobody is reached by it."""
    of = told(tmp_path, "EARN* card=Z amount=300 lines=APPLE*300", made(FRUIT))
    assert sales(of["fruit"]) == (1, 0, 300)
