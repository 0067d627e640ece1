"""Another programme than the starter: every policy that the terminal interface names, and a reload.

The texts that are replaced are those of the ``programme.toml`` that ``puntual init`` writes.
"""

import itertools
import signal
import time
from collections.abc import Iterator

import pytest

from tests.conformance import baskets, cards
from tests.conformance.deployment import STARTER_TERMINALS, Deployment, Switch
from tests.conformance.scenario import Story
from tests.conformance.till import Link, Till, original

CHANGES = {
    'rate = { points = 1, per = "1.00" }': 'rate = { points = 1, per = "2.00" }',
    'rounding = "down"': 'rounding = "half_up"',
    'value = "0.01"': 'value = "0.05"',
    "step = 1 ": "step = 10 ",
    'share = "1/1"': 'share = "1/2"',
    'points_back = "first"': 'points_back = "pro_rata"',
    'without_original = "base_rate"': 'without_original = "refuse"',
    'shortfall = "debt"': 'shortfall = "negative"',
    'unit = "point"': 'unit = "Prämie"',
}
RULES = """
[[rule]]
id = "brot"
text = "\N{DOUBLE LOW-9 QUOTATION MARK}Brötchen“ \N{EN DASH} halber Preis für alle ½"
lines = { category = "BROT" }
then = { discount = "1/2" }

[[rule]]
id = "gracias"
text = "Ein Gruß an alle mit Brötchen"
when = { has_category = "BROT" }
then = { message = "¡Gracias, señor Łukasz! \N{FULLWIDTH VERTICAL LINE} 日本" }
"""


def change(deployment: Deployment, changes: dict[str, str]) -> None:
    path = deployment.folder / "programme.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment with every policy the other way round."""
    made = Deployment(tmp_path_factory.mktemp("programme") / "puntual")
    change(made, CHANGES)
    with (made.folder / "programme.toml").open("a", encoding="utf-8") as programme:
        programme.write(RULES)
    rows = [cards.row(card, cards.member_of(card)) for card in itertools.islice(cards.pool(), 40)]
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


@pytest.fixture(scope="module")
def other_switch(other: Deployment) -> Iterator[Switch]:
    with other.serve() as running:
        yield running
        assert running.terminate() == 0
    assert other.run("ledger", "verify").returncode == 0


@pytest.fixture(scope="module")
def other_cards() -> Iterator[str]:
    return itertools.islice(cards.pool(), 40)


STORIES = {
    "one point for two euros, half up": """
        earn A 99                    -> 00 earned=0
        earn A 100                   -> 00 earned=+1
        earn A 299                   -> 00 earned=+1
        earn A 300                   -> 00 earned=+2
    """,
    "a point pays five cents, in tens": """
        earn A 100000                -> 00 balance=500
        redeem A 220                 -> 13 reason=AMOUNT_NOT_ALLOWED
        redeem A 207                 -> 13
        redeem A 55 de49=999         -> 13
        earn A 1000 020=100          -> 00 used=100 value=500 owed=500 earned=+3 balance=403
    """,
    "half of the ticket at most": """
        earn A 100000                -> 00 balance=500
        earn A 1000 020=110          -> 61 reason=ABOVE_LIMIT
        earn A 1000 020=110 040=P    -> 10 used=100 value=500 owed=500
        earn A 1030 020=200 040=P    -> 10 used=100 value=500 owed=530
        quote A 1030                 -> 00 redeemable=100/500
    """,
    "points come back pro rata": """
        earn A 100000                -> 00 balance=500
        earn A 1000 020=100 as=sale  -> 00 earned=+3 owed=500 balance=403
        refund A 400 of=sale         -> 00 used=40 value=200 owed=200 earned=-2 balance=441
        refund A 600 of=sale         -> 00 used=60 value=300 owed=300 earned=-1 balance=500
    """,
    "no refund without its sale": """
        earn A 100000                -> 00 balance=500
        refund A 1000                -> 57
        refund A 1000 mti=0220       -> 00 earned=0
        inquiry A                    -> 00 balance=500
    """,
    "spent points make the balance negative": """
        earn A 4000 as=sale          -> 00 earned=+20 balance=20
        earn A 1000 020=20           -> 00 earned=+5 balance=5
        refund A 4000 of=sale        -> 00 earned=-20 balance=-15
        earn A 4000                  -> 00 earned=+20 balance=5
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_another_programme(
    other_switch: Switch, other_cards: Iterator[str], stans: Iterator[int], text: str
) -> None:
    """Rates, steps, shares and policies of a programme reach the wire as the page says."""
    with Link(other_switch.iso8583) as link:
        Story(link, other_cards, stans).check(text)


def test_texts_of_any_script_are_told_in_ascii(
    other_switch: Switch, other_cards: Iterator[str], stans: Iterator[int]
) -> None:
    """Unit, discounts and messages are written as people write; an ASCII dialect carries 20 to 7E."""
    till = Till(STARTER_TERMINALS[0], stans)
    basket = baskets.wire([baskets.Line(product="5", amount_minor=1000, category="BROT")])
    sale = till.message(
        "earn", card=next(other_cards), amount=1000, elements={63: basket}, values=[("040", "D")]
    )
    with Link(other_switch.iso8583) as link:
        answer = link.ask(sale)
    assert answer.element(63) == '001001\\500\\brot\\"Brotchen" - halber Preis fur alle 1/2\\'
    lines = answer.element(62).split("|")
    assert "Earned                       3 Pramies" in lines
    assert "!Gracias, senor Lukasz! / ??" in lines


def test_a_reload_leaves_old_sales_to_their_version(
    other: Deployment, other_switch: Switch, other_cards: Iterator[str], stans: Iterator[int]
) -> None:
    """SIGHUP: 060 changes, new sales earn by the new rate, a return is worked out by its sale's version."""
    till, card = Till(STARTER_TERMINALS[0], stans), next(other_cards)
    with Link(other_switch.iso8583) as link:
        sale = till.message("earn", card=card, amount=4000)
        before = link.ask(sale)
        assert before.figure("050") == 20
        change(other, {'per = "2.00"': 'per = "1.00"'})
        other_switch.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 5
        while link.ask(till.message("quote", card=card, amount=4000)).figure("050") == 20:
            assert time.monotonic() < end, "the programme was not reloaded"
        after = link.ask(till.message("earn", card=card, amount=4000))
        assert after.figure("050") == 40
        assert after.tag("060") != before.tag("060")
        basket = {90: original(sale), 63: "0015milk\\1\\U\\2000\\\\"}
        refund = link.ask(till.message("refund", card=card, amount=2000, elements=basket))
        assert refund.figure("050") == -10
        assert link.ask(sale).raw == before.raw
