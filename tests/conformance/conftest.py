"""The running product, once a session, and what tests take from it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance import cards
from tests.conformance.deployment import Deployment, Switch
from tests.conformance.scenario import HOME, Story
from tests.conformance.till import Link, Till, trace_numbers

Check = Callable[[str], None]


def cards_file() -> str:
    """The cards of the suite, for a deployment of today."""
    today = datetime.now(UTC)
    days = (today.replace(day=1) - timedelta(days=1), today, today + timedelta(days=400))
    return cards.as_csv(cards.all_rows(*(day.strftime("%y%m") for day in days)))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A starter with our terminals and cards; its switch serves the whole session."""
    made = Deployment(tmp_path_factory.mktemp("deployment") / "puntual")
    made.add_terminals()
    done = made.import_cards(cards_file())
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="session")
def switch(deployment: Deployment) -> Iterator[Switch]:
    """The product, serving; when all is done its books hold."""
    with deployment.serve() as running:
        yield running
        if running.process.poll() is None:
            assert running.terminate() == 0
    verified = deployment.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.fixture(scope="session")
def stans() -> Iterator[int]:
    """Trace numbers: none is used twice in a session."""
    return trace_numbers()


@pytest.fixture(scope="session")
def pool() -> Iterator[str]:
    """Active cards that nobody has used yet."""
    return cards.pool()


@pytest.fixture(scope="session")
def issued() -> Iterator[str]:
    """Issued cards that nobody has activated yet."""
    return cards.issued_pool()


@pytest.fixture
def card(pool: Iterator[str]) -> str:
    """One fresh active card."""
    return next(pool)


@pytest.fixture
def link(switch: Switch) -> Iterator[Link]:
    """A connection of its own."""
    with Link(switch.iso8583) as opened:
        yield opened


@pytest.fixture
def till(stans: Iterator[int]) -> Till:
    """A terminal of the starter."""
    return Till(HOME, stans)


@pytest.fixture
def story(link: Link, pool: Iterator[str], stans: Iterator[int]) -> Story:
    """A story that starts with no cards used."""
    return Story(link, pool, stans)


@pytest.fixture
def check(story: Story) -> Check:
    """Run the lines of a story."""
    return story.check
