"""Commands on a deployment of two programmes: each knows which one is meant."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from switch.feed import DecisionFeed
from tests.conformance import cards
from tests.console.commands import puntual
from tests.switch.test_decide_several import cafe_text

RULES = """
[[rule]]
id = "friends"
text = "Beans of friends are worth more"
when = { tier = "friend" }
then = { redeem = { value = "0.05" } }

[[partner]]
id = "BEANS"
text = "Bean Roasters"
funds = true
"""
CAMPAIGN = """
[campaign]
id = "{id}"
text = "A campaign"
nature = "points"
category = "seasonal"
state = "active"
period = {{ from = 2026-01-01, before = 2026-01-02 }}
budget_points = {budget}

[[rule]]
id = "{id}-rule"
text = "Five points"
then = {{ points = 5 }}
"""
CAFE = "639022"
OWN, THEIRS, FRIEND = cards.number(1), cards.number(1, CAFE), cards.number(2, CAFE)
TERMINALS = """\
terminal,merchant,acquirer,mcc,profile,partner
T0000001,MERCH0000000001,00000000001,5411,retail87,
T0000002,MERCH0000000001,00000000001,5411,retail87,BEANS
"""
ADJUST = ("adjust", FRIEND, "7", "--reason", "GOODWILL", "--by", "ana", "--key", "k")  # booked once
LIST = f"card,member,tier\n{OWN},OWN,\n{THEIRS},CAFE,\n{FRIEND},FRIEND,friend\n"


class Shop:
    """Two programmes, three members, and what a switch decided for them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "puntual.toml"
        puntual("init", folder)
        self.cafe = folder / "programmes" / "cafe" / "programme.toml"
        self.cafe.parent.mkdir(parents=True)
        tiers = cafe_text().replace("tiers = []", 'tiers = ["regular", "friend"]')
        self.cafe.write_text(tiers + RULES, encoding="utf-8")
        for path, name, budget in ((self.folder, "spring", 500), (self.cafe.parent, "autumn", 700)):
            (path / "campaigns").mkdir(exist_ok=True)
            (path / "campaigns" / f"{name}.toml").write_text(CAMPAIGN.format(id=name, budget=budget))
        register = folder / "terminals.csv"
        register.write_text(TERMINALS, encoding="utf-8")
        assert self.take_in(LIST).exit_code == 0
        command = [sys.executable, "-P", "-m", "console", "serve", "--config", str(self.config)]
        command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as switch:
            assert switch.stdout is not None
            address = switch.stdout.readline().split()[1].removeprefix("iso8583=")
            till = (f"--switch={address}", f"--memory={folder / 'till.json'}", "--json")
            asked = (("sale", "7.00", OWN), ("sale", "100.00", THEIRS, "--terminal=T0000002"),
                     ("sale", "100.00", FRIEND), ("redeem", "1.00", FRIEND), ("hold", "3.00", OWN),
                     ("hold", "4.00", THEIRS))  # fmt: skip
            self.rrns = [
                json.loads(puntual("terminal", what, amount, f"--card={card}", *more, *till).output)["rrn"]
                for what, amount, card, *more in asked
            ]
            switch.terminate()

    def take_in(self, text: str) -> Any:
        path = self.folder / "cards.csv"
        path.write_text(text)
        return puntual("cards", "import", path, "--config", self.config)

    def say(self, *words: str | Path) -> str:
        """What a command says."""
        return str(puntual(*words, "--config", self.config).output)

    def tell(self, *words: str | Path) -> Any:
        return json.loads(self.say(*words, "--json"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("several") / "shop")


def test_checks_and_tables(shop: Shop) -> None:
    """A line for each; tables of the one that is named."""
    lines = shop.say("rules", "check").splitlines()
    assert [line.split(",")[0] for line in lines[-2:]] == ["Starter", "cafe: Cafe"]
    assert "friends" in shop.say("rules", "show", "--programme", "cafe")
    assert "friends" not in shop.say("rules", "show")
    refused = shop.say("rules", "show", "--programme", "bar")
    assert "the programme bar: is not there (there are: cafe)" in refused


def test_decisions_are_explained_by_their_programme(shop: Shop) -> None:
    """Rates and terms are those that decided."""
    own, theirs, _, paid, _, _ = shop.rrns
    assert "on 7.00 exactly 7, so +7" in shop.say("rules", "explain", own)
    assert "on 100.00 exactly 200, so +200" in shop.say("rules", "explain", theirs)
    assert "points pay by friends" in shop.say("rules", "explain", paid)
    assert "20 points were used, worth 1.00" in shop.say("rules", "explain", paid)


def test_each_is_rated_by_itself(shop: Shop) -> None:
    """Backtests of one; a plan that sets right what one gave leaves the members of the other alone."""
    own = shop.tell("rules", "backtest", shop.folder / "programme.toml")
    cafe = shop.tell("rules", "backtest", shop.cafe, "--programme", "cafe")
    assert [(each["sales"], each["points_now"], each["points_then"]) for each in (own, cafe)] == [
        (1, 7, 7),
        (2, 400, 400),
    ]
    before = shop.cafe.read_text("utf-8")
    shop.cafe.write_text(before.replace("points = 2,", "points = 3,"), encoding="utf-8")
    version = shop.tell("rules", "activate", "--by", "ana")["version"]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    days = ("--from", "2026-01-01", "--to", today)
    plan = shop.tell("rules", "rerate", *days, "--rule", "base", "--with", version)
    assert {line["member"]: line["difference"] for line in plan["lines"]} == {"CAFE": 100, "FRIEND": 100}
    shop.cafe.write_text(before, encoding="utf-8")
    assert shop.tell("rules", "rollback", "--by", "ana")["version"] != version


def test_history_tells_the_campaigns_of_all(shop: Shop) -> None:
    told = [(row["what"], row["about"]) for row in shop.tell("rules", "history") if row["about"]]
    names = sorted(path.stem for path in shop.folder.rglob("campaigns/*.toml"))
    assert len(names) > 1
    assert sorted(told) == [("is active", name) for name in names]


def test_cards_members_and_balances(shop: Shop) -> None:
    """Whose they are; sums of all are the sums of each."""
    card = shop.tell("cards", "show", FRIEND)
    assert (card["programme"], card["tier"], card["available"]) == ("cafe", "friend", 180)
    assert shop.tell("members", "show", "CAFE")["tier"] == "regular"
    assert "programme" not in shop.tell("cards", "show", OWN)
    assert shop.tell(*ADJUST)["available"] == 187
    whole, own, cafe = (
        shop.tell("ledger", "positions", *only) for only in ((), ("--programme", ""), ("--programme", "cafe"))
    )
    for figure in ("outstanding", "value", "debt", "certificates"):
        assert whole[figure] == own[figure] + cafe[figure], figure
    assert (own["outstanding"], own["value"], cafe["outstanding"], cafe["value"]) == (7, 7, 387, 774)
    cohorts = [(each["funder"], each["issued"], each["redeemed"]) for each in cafe["cohorts"]]
    assert cohorts == [("", 200, 20), ("BEANS", 200, 0)]
    assert shop.say("ledger", "verify").startswith("the books hold")


def test_lists_name_the_programme(shop: Shop) -> None:
    """Budgets, exceptions and the feed; a settlement last, because it changes what partners owe."""
    budgets = [(row["programme"], row["campaign"], row["planned"]) for row in shop.tell("budget", "show")]
    assert budgets == [("", "spring", 500), ("cafe", "autumn", 700)]
    held = [(row["programme"], row["rrn"], row["exception"]) for row in shop.tell("exceptions")]
    assert held == [("", shop.rrns[4], "OPEN_HOLD"), ("cafe", shop.rrns[5], "OPEN_HOLD")]
    shop.tell(*ADJUST)
    fed = {
        record.fields["rrn"]: record.fields.get("programme")
        for record in DecisionFeed(shop.folder / "puntual.db").read(0, 100)
    }
    assert [fed[rrn] for rrn in shop.rrns] == [None, "cafe", "cafe", "cafe", None, "cafe"]
    (adjusted,) = (
        row["rrn"] for row in shop.tell("ledger", "history", FRIEND) if row["operation"] == "ADJUST"
    )
    assert fed[adjusted] == "cafe"
    assert [(row["programme"], row["partner"]) for row in shop.tell("ledger", "positions")["partners"]] == [
        ("cafe", "BEANS")
    ]
    assert "settled" in shop.say("ledger", "settle", "--programme", "")
    assert shop.say("ledger", "settle", "--programme", "cafe").splitlines()[1:] == [
        "programme  partner  points",
        "cafe       BEANS      -200",
    ]


def test_nobody_moves_to_another(shop: Shop) -> None:
    """Neither by a new card, nor by a second one, nor into a family."""
    assert "is of another programme" in shop.say("cards", "replace", OWN, cards.number(9, CAFE))
    moved = shop.take_in(f"card,member\n{cards.number(9, CAFE)},OWN\n")
    assert "the member is of another programme" in moved.output
    child = shop.take_in(f"card,member,parent\n{cards.number(9, CAFE)},NEW,{OWN}\n")
    assert "parent is in no card range" in child.output
    wrong = shop.take_in(f"card,member,tier\n{cards.number(9, CAFE)},NEW,gold\n")
    assert "tier is not in the programme" in wrong.output


def test_ranges_that_overlap_are_told(tmp_path: Path) -> None:
    """By check, before anybody is refused at a till."""
    puntual("init", tmp_path / "shop")
    folder = tmp_path / "shop" / "programmes" / "twin"
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text((tmp_path / "shop" / "programme.toml").read_text("utf-8"))
    done = puntual("check", tmp_path / "shop")
    assert done.exit_code == 1
    assert "programmes/twin/programme.toml: cards: 6390120000000000 to 6390129999999999" in done.output
