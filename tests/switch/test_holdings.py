"""What a member has when a sale is decided reaches the rules that ask for it, and stays with the sale."""

from rules.evaluate import evaluate
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from tests.switch.story import Story, starter_text

RULE = '[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ {} }}\nthen = {{ points = 10 }}\n'


def story(when: str, *, head: dict[str, str] | None = None, more: str = "") -> Story:
    text = starter_text()
    for old, new in (head or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    return Story(parse_programme({MAIN: text + RULE.format(when) + more}))


def kept(made: Story, at: int = -1) -> dict[str, int]:
    return dict(Facts.from_json(made.pending[at].facts or "").holdings)


def test_the_balance_before_the_sale() -> None:
    """At both edges, whatever the sale uses and earns; of the family's accounts; nobody's without a card."""
    made = story("balance = { from = 5, below = 20 }")
    made.play(
        """
        EARN card=A amount=400 -> earned=4 balance=4
        EARN card=A amount=100 -> earned=1 balance=5
        EARN card=A amount=100 -> earned=11 balance=16
        EARN card=A amount=300 -> earned=13 balance=29
        EARN card=A amount=100 -> earned=1 balance=30
        REDEEM card=A amount=11 -> balance=19
        EARN card=A amount=100 points=19 -> used=19 earned=10 balance=10
        EARN card=H amount=100 -> earned=11 balance=21
        EARN card=H amount=100 -> earned=1
        QUOTE card=B amount=100 -> earned=1
        EARN* amount=100 -> earned=0
        """
    )
    assert kept(made, 0) == {"balance": 0}
    assert kept(made, 6) == {"balance": 19}
    assert kept(made, 7) == {"balance": 10}
    assert kept(made) == {}


def test_who_owes_points_has_less_than_none() -> None:
    """As answers tell it; and points that a hold keeps, or that wait, are not his to spend."""
    made = story("balance = { below = 1 }")
    made.play(
        """
        s: EARN card=A amount=1000 -> earned=20 balance=20
        REDEEM card=A amount=15 -> balance=5
        REFUND card=A amount=1000 of=s -> balance=-15
        EARN card=A amount=100 -> earned=11
        """
    )
    assert kept(made) == {"balance": -15}
    held = story("balance = { below = 1 }")
    held.play("EARN card=A amount=1000\nHOLD card=A amount=20 pays=1\nEARN card=A amount=100 -> earned=11")
    assert kept(held) == {"balance": 0}
    waits = story("balance = { from = 1 }", head={'available_after = "0 days"': 'available_after = "2 days"'})
    waits.play(
        """
        EARN card=A amount=100 -> earned=1 pending=1
        EARN card=A amount=100 later=1 -> earned=1 pending=2
        EARN card=A amount=100 later=1 -> earned=11
        """
    )


def test_points_that_expire_soon() -> None:
    """Their last day counts, today's among them; those that have expired are gone."""
    head = {'last = "2 years"': 'last = "10 days"'}
    for days, later, gives in ((3, 6, 0), (3, 7, 10), (3, 10, 10), (3, 11, 0), (0, 9, 0), (0, 10, 10)):
        made = story(f"expiring = {{ days = {days}, from = 5 }}", head=head)
        made.play(f"EARN card=A amount=500\nEARN card=A amount=100 later={later} -> earned={gives + 1}")
        assert kept(made) == {f"expiring.{days}d": 5 if gives else 0}


def test_a_return_sees_what_the_sale_saw() -> None:
    """Though the balance has become another one since, by that very sale."""
    made = story("balance = { from = 10, below = 20 }")
    made.play(
        """
        EARN card=A amount=1000 -> earned=10
        s: EARN card=A amount=1000 lines=x*600,y*400 -> earned=20 balance=30
        EARN card=A amount=100 -> earned=1 balance=31
        REFUND card=A amount=600 of=s lines=x*600 -> earned=-6 balance=25
        REFUND card=A amount=400 of=s lines=y*400 -> earned=-14 balance=11
        v: EARN card=A amount=100 -> earned=11 balance=22
        VOID card=A amount=100 of=v -> balance=11
        EARN card=A amount=100 -> earned=11 balance=22
        """
    )
    facts = Facts.from_json(made.pending[1].facts or "")
    assert facts.holdings == (("balance", 10),)
    assert evaluate(made.programmes.current, facts).points == 20


def test_a_hold_is_completed_with_what_there_is_then() -> None:
    made = story("balance = { from = 10 }")
    made.play(
        """
        EARN card=A amount=900 -> earned=9
        h: HOLD card=A amount=100
        EARN card=A amount=100 -> balance=10
        COMPLETE card=A amount=100 of=h -> earned=11
        """
    )


def test_rules_on_other_things_see_it() -> None:
    """What declines, and what points pay."""
    more = """
    [[rule]]
    id = "no"
    text = "No gifts by the rich"
    when = { operation = "TRANSFER", balance = { from = 100 } }
    then = { decline = "TOO_RICH" }
    [[rule]]
    id = "half"
    text = "Half"
    when = { balance = { from = 50 } }
    then = { redeem = { share = "1/2" } }
    """
    made = story("balance = { from = 100000 }", more=more)
    made.play(
        """
        EARN card=A amount=4900
        EARN card=A amount=100 points=49 -> pay=51
        EARN card=A amount=5000
        EARN card=A amount=80 points=41 -> reason=ABOVE_LIMIT
        EARN card=A amount=80 points=40 -> pay=40
        EARN card=A amount=9000
        TRANSFER card=A to=B amount=1 -> reason=TOO_RICH
        """
    )


def test_who_does_not_ask_is_told_nothing() -> None:
    made = story("segment = 'vip'")
    made.play("EARN card=A amount=100")
    assert "holdings" not in (made.pending[0].facts or "")
