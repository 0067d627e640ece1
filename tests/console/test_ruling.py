"""Who rules the programme of a running switch: two people, or one in an emergency; and what was wrong."""

import itertools
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.conformance import cards
from tests.conformance.deployment import Deployment
from tests.conformance.till import Link, Till, original, trace_numbers
from tests.console.commands import puntual

CARD, POOR = itertools.islice(cards.pool(), 2)
RULE = """
[[rule]]
id = "double"
text = "Double from 50.00"
when = { amount = { from = "50.00" } }
then = { multiply = 2 }
"""
CAMPAIGN = """
[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2020-01-01 }

[[rule]]
id = "ten"
text = "Ten more"
then = { points = 10 }
"""
LOOK_S = 10.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    made = Deployment(tmp_path_factory.mktemp("ruled") / "puntual")
    change(made.folder / "puntual.toml", "four_eyes = false", "four_eyes = true")
    programme = made.folder / "programme.toml"
    programme.write_text(programme.read_text("utf-8") + RULE, "utf-8")
    (made.folder / "campaigns").mkdir(exist_ok=True)
    (made.folder / "campaigns" / "summer.toml").write_text(CAMPAIGN)
    assert made.import_cards(cards.as_csv([cards.row(CARD, "M-1"), cards.row(POOR, "M-2")])).returncode == 0
    return made


@pytest.fixture(scope="module")
def stans() -> Iterator[int]:
    return trace_numbers()


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def logged(shop: Deployment, event: str, count: int) -> dict[str, object]:
    """The line of the log that tells *event* for the time *count*, as soon as it is there."""
    end = time.monotonic() + LOOK_S
    while time.monotonic() < end:
        lines = [json.loads(line) for line in (shop.folder / "serve.log").read_text("utf-8").splitlines()]
        found: list[dict[str, object]] = [line for line in lines if line["event"] == event]
        if len(found) >= count:
            return found[count - 1]
        time.sleep(0.02)
    raise AssertionError(f"nothing was logged of {event}")


def run(shop: Deployment, *words: str | Path) -> Result:
    """A command in this process, on the switch of another one."""
    return puntual(*words, "--config", shop.folder / "puntual.toml")


def ordered(shop: Deployment, *words: str | Path) -> dict[str, object]:
    done = run(shop, *words, "--json")
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


def earned(link: Link, till: Till, amount: int, card: str = CARD) -> int | None:
    return link.ask(till.message("earn", card=card, amount=amount)).figure("050")


def test_two_people_and_a_signal(shop: Deployment, stans: Iterator[int]) -> None:
    """SIGHUP puts in the register, and of the programme only what was approved; the log says which."""
    register, programme = shop.folder / "terminals.csv", shop.folder / "programme.toml"
    with shop.serve() as switch, Link(switch.iso8583) as link:
        till, new = Till("T0000001", stans), Till("NEWTILL1", stans)
        first = link.ask(till.message("earn", card=CARD, amount=6000))
        assert first.figure("050") == 130
        change(programme, "multiply = 2", "multiply = 3")
        change(register, "T0000010", "NEWTILL1")
        switch.process.send_signal(signal.SIGHUP)
        assert logged(shop, "programme.loaded", 1)["programme"] == first.tag("060")
        assert logged(shop, "programme.unapproved", 1)["hint"] == "order it: puntual rules activate"
        assert earned(link, new, 6000, POOR) == 130
        second = ordered(shop, "rules", "activate", "--by", "ana")
        assert second["in_force"] is False
        switch.process.send_signal(signal.SIGHUP)
        told = logged(shop, "programme.unapproved", 2)
        assert told["hint"] == (
            f"ana proposed it; another one can approve it: puntual rules approve {second['version']}"
        )
        assert earned(link, till, 6000, POOR) == 130
        alone = run(shop, "rules", "approve", str(second["version"]), "--by", "ana")
        assert alone.exit_code == 2
        assert ordered(shop, "rules", "approve", str(second["version"]), "--by", "ben")["in_force"] is True
        assert logged(shop, "programme.ordered", 1)["by"] == "ben"
        assert earned(link, till, 6000, POOR) == 190
        switch.process.send_signal(signal.SIGHUP)
        assert logged(shop, "programme.loaded", 3)["programme"] == second["version"]
        assert switch.terminate() == 0


def test_a_pause_needs_one_person_and_no_files(shop: Deployment, stans: Iterator[int]) -> None:
    """At once, also while somebody is writing the programme anew; it lasts through a kill."""
    programme = shop.folder / "programme.toml"
    good = programme.read_text("utf-8")
    with shop.serve() as switch, Link(switch.iso8583) as link:
        till = Till("T0000001", stans)
        programme.write_text(f"{good}\n[[rule]\n", "utf-8")
        assert ordered(shop, "pause", "summer", "--by", "eva")["paused"] == ["summer"]
        assert earned(link, till, 1000) == 10
        assert ordered(shop, "pause", "earn", "--by", "eva")["paused"] == ["earn", "summer"]
        assert earned(link, till, 1000) == 0
        assert ordered(shop, "pause", "redeem", "--by", "eva")["paused"] == ["earn", "redeem", "summer"]
        blocked = run(shop, "cards", "block", POOR)
        assert (blocked.exit_code, "which is in force" in blocked.stderr) == (0, True)
        programme.write_text(good, "utf-8")
        switch.kill()
    with shop.serve() as switch, Link(switch.iso8583) as link:
        refused = link.ask(till.message("redeem", card=CARD, amount=100))
        assert (refused.code, refused.tag("059")) == ("57", "REDEMPTION_PAUSED")
        assert earned(link, till, 1000) == 0
        for what in ("redeem", "earn"):
            ordered(shop, "resume", what, "--by", "eva")
        assert earned(link, till, 1000) == 10
        assert link.ask(till.message("redeem", card=CARD, amount=100)).code == "00"
        assert ordered(shop, "resume", "summer", "--by", "eva")["paused"] == []
        assert earned(link, till, 1000) == 20
        assert switch.terminate() == 0


def test_what_was_wrong_is_set_right_once(shop: Deployment, stans: Iterator[int]) -> None:
    """A shadow shows it; the running switch books what it is by an approved version, and once."""
    programme = shop.folder / "programme.toml"
    change(programme, "multiply = 3", 'multiply = "3/2"')
    with shop.serve() as switch, Link(switch.iso8583) as link:
        till = Till("T0000001", stans)
        assert "beside the one in force" in run(shop, "rules", "shadow", str(programme)).stdout
        sale = till.message("earn", card=CARD, amount=6000)
        number = link.ask(sale).element(37)
        seen = ordered(shop, "rules", "shadow", "--stop")
        assert (seen["sales"], seen["points_now"], seen["points_then"]) == (1, 190, 100)
        assert seen["latest"] == [{"rrn": number, "earned": 190, "would_earn": 100}]
        right = str(ordered(shop, "rules", "activate", "--by", "ana")["version"])
        words = (
            "rules",
            "rerate",
            "--from=2020-01-01",
            "--to=2199-12-31",
            "--rule=double",
            f"--with={right}",
        )
        early = run(shop, *words, "--book", "--by", "ana")
        assert (early.exit_code, "was never in force" in early.stderr) == (2, True)
        ordered(shop, "rules", "approve", right, "--by", "ben")
        planned = ordered(shop, *words)
        booked = ordered(shop, *words, "--book", "--by", "ana")
        assert (planned["sales"], booked["booked"], booked["changed"]) == (5, 5, 0)
        assert planned["lines"] == booked["lines"]
        assert ordered(shop, *words, "--book", "--by", "ana")["sales"] == 0
        history = json.loads(run(shop, "ledger", "history", CARD, "--json").stdout)
        assert sum(row["operation"] == "RERATE" for row in history) == 2
        explained = run(shop, "rules", "explain", number).stdout
        assert f"rated again since, by programme {right}: earns 100" in explained
        # the sale stands under the right version now: half of it earns half of that
        back = link.ask(till.message("refund", card=CARD, amount=3000, elements={90: original(sale)}))
        assert back.figure("050") == -50
        assert switch.terminate() == 0
    assert run(shop, "ledger", "verify").exit_code == 0
