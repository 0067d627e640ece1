"""What rules hand out, over the wire: a pool of prizes is given out to the last one, and never one more."""

import itertools
import threading
from pathlib import Path

import pytest

from tests.conformance import cards
from tests.conformance.deployment import Deployment
from tests.conformance.till import Link, Till, original, trace_numbers

PROGRAMME = """
[[pool]]
id = "mugs"
text = "A mug"
stock = 25
last = "30 days"

[[stamp_card]]
id = "coffee"
text = "Coffee"
size = 5

[[rule]]
id = "mug"
text = "A mug"
when = { ticket = { from = "1.00", below = "2.00" } }
then = { giveaway = "mugs" }

[[rule]]
id = "stamp"
text = "A stamp"
when = { ticket = { from = "2.00", below = "3.00" } }
then = { stamp = "coffee" }

[[rule]]
id = "paper"
text = "A certificate"
when = { ticket = { from = "90.00" } }
then = { certificate = "5.00" }

[[rule]]
id = "money"
text = "Money"
when = { ticket = { from = "50.00", below = "60.00" } }
then = { money = "1.00" }
"""
CARDS = tuple(itertools.islice(cards.pool(), 30))
TILLS = 6
SALES = 8  # of each till


@pytest.fixture(scope="module")
def generous(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    made = Deployment(tmp_path_factory.mktemp("generous") / "puntual")
    programme: Path = made.folder / "programme.toml"
    programme.write_text(programme.read_text("utf-8") + PROGRAMME, "utf-8")
    rows = [cards.row(card, cards.member_of(card)) for card in CARDS]
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


def instruments(answer_tags: object) -> list[str]:
    """Tags 058 of an answer."""
    return list(dict(answer_tags).get("058", ()))  # type: ignore[call-overload]  # tags by number


def test_a_pool_is_given_out_to_the_last_prize(generous: Deployment) -> None:
    """However many tills ask at once, through a kill, and again what comes back."""
    given: list[str] = []
    sales = []
    stans = trace_numbers()
    lock = threading.Lock()

    with generous.serve() as running:

        def sell(number: int) -> None:
            till = Till(f"T{number + 1:07}", stans)
            with Link(running.iso8583) as link:
                for at in range(SALES):
                    with lock:
                        message = till.message("earn", card=CARDS[(number * SALES + at) % 30], amount=150)
                    answer = link.ask(message)
                    with lock:
                        for each in instruments(answer.tags):
                            given.append(each)
                            sales.append((till, message))

        threads = [threading.Thread(target=sell, args=(number,)) for number in range(TILLS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        running.kill()
    assert len(given) == 25
    assert len(set(given)) == 25
    assert all(each.startswith("PRIZ000000000000") for each in given)
    with generous.serve() as running, Link(running.iso8583) as link:
        till, message = sales[0]
        assert not instruments(link.ask(till.message("earn", card=CARDS[0], amount=150)).tags)
        reversed_one = till.message("reverse", card=CARDS[0], amount=150, elements={90: original(message)})
        assert link.ask(reversed_one).code == "00"
        assert len(instruments(link.ask(till.message("earn", card=CARDS[1], amount=150)).tags)) == 1
        assert not instruments(link.ask(till.message("earn", card=CARDS[1], amount=150)).tags)
        assert running.terminate() == 0
    assert generous.run("ledger", "verify").returncode == 0


def test_paper_purse_and_stamps_over_the_wire(generous: Deployment) -> None:
    """A certificate of a rule pays, a purse keeps its code, and the receipt tells the stamps."""
    till = Till("T0000009", trace_numbers())
    with generous.serve() as running, Link(running.iso8583) as link:
        sale = till.message("earn", card=CARDS[2], amount=9000)
        (paper,) = instruments(link.ask(sale).tags)
        assert paper[:16] == "CERT000000000500"
        code = paper[24:]
        paid = link.ask(till.message("pay_certificate", card=CARDS[3], amount=200, values=[("021", code)]))
        assert paid.code == "00"
        back = till.message("void", elements={90: original(sale)})
        assert link.ask(back).code == "00"
        spent = link.ask(till.message("pay_certificate", card=CARDS[3], amount=1, values=[("021", code)]))
        assert dict(spent.tags)["059"] == ["CERTIFICATE_USED"]
        purses = [
            instruments(link.ask(till.message("earn", card=CARDS[4], amount=5000)).tags)[0] for _ in range(2)
        ]
        assert [purse[4:24] for purse in purses] == ["00000000010099991231", "00000000020099991231"]
        assert purses[0][24:] == purses[1][24:]
        sales = [till.message("earn", card=CARDS[5], amount=250) for _ in range(2)]
        told = [link.ask(each).element(62).split("|") for each in sales]
        assert ["Coffee: 1/5" in lines for lines in told] == [True, False]
        assert "Coffee: 2/5" in told[1]
        returned = till.message("refund", card=CARDS[5], amount=250, elements={90: original(sales[0])})
        assert "Coffee: 1/5" in link.ask(returned).element(62).split("|")
        undone = till.message("reverse", amount=250, elements={90: original(sales[1])})
        assert "Coffee: 0/5" in link.ask(undone).element(62).split("|")
        assert running.terminate() == 0
    assert generous.run("ledger", "verify").returncode == 0
