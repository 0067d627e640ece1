"""Business days: a link that owns them cuts over, a restart keeps the day, and nothing is backdated."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conformance import cards
from tests.conformance.deployment import Deployment
from tests.conformance.till import Link, Message, Till, original


@pytest.fixture
def owned(tmp_path: Path) -> Deployment:
    """A deployment whose listener owns the business day."""
    made = Deployment(tmp_path / "shop")
    made.import_cards("card,member\n" + "".join(f"{card},M{at}\n" for at, card in enumerate(CARDS)))
    settings = made.folder / "puntual.toml"
    settings.write_text(settings.read_text().replace('business_day = "clock"', 'business_day = "own"'))
    return made


CARDS = [next(cards.pool())]


def month_day(ahead: int) -> str:
    return (datetime.now(UTC) + timedelta(days=ahead)).strftime("%m%d")


def test_a_cut_over(owned: Deployment, stans: Iterator[int]) -> None:
    """What follows stands in the next day, also after a restart; told again, it is the same cut-over."""
    till, card = Till("T0000001", stans), CARDS[0]
    with owned.serve() as switch:
        with Link(switch.iso8583) as link:
            sale = till.message("earn", card=card, amount=1000)
            other = till.message("earn", card=card, amount=500)
            for each in (sale, other):
                assert link.ask(each).element(15) == month_day(0)
            for _ in range(2):
                request = till.network("201")
                answer = link.ask(request)
                assert answer.message == Message(
                    mti="0810",
                    elements={7: request.elements[7], 11: request.elements[11], 39: "00", 70: "201"},
                )
            assert link.ask(till.message("earn", card=card, amount=1)).element(15) == month_day(1)
            void = till.message("void", card=card, elements={90: original(sale)})
            assert link.ask(void).reason == "NOT_ALLOWED_NOW"
        assert switch.terminate() == 0
    with owned.serve() as switch:
        with Link(switch.iso8583) as link:
            undone = link.ask(other.but({90: original(other)}, mti="0400"))
            assert (undone.code, undone.element(15)) == ("00", month_day(1))
            assert link.ask(sale).element(15) == month_day(0)  # a repeat gets its stored answer
            assert link.ask(till.network("301")).code == "00"
        assert switch.terminate() == 0
    assert owned.run("ledger", "verify").returncode == 0
