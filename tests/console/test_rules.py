"""The programme as its author sees it: checked, shown, explained, and tried on what has happened."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.commands import puntual

CARD = "6390120000000019"
RULE = """
[[rule]]
id = "big"
text = "Double from 50.00"
when = { amount = { from = "50.00" } }
then = { multiply = 2 }
"""
TOLD = """
[qualification]
metric = "spend"
window = "365 days"
downgrade = "one"
grace_days = 30
from = { gold = "500.00" }
[[cap]]
points = 900
per = "day"
scope = "card"
[[coupon]]
id = "hola"
text = "Hello"
codes = ["HOLA26", "HOLA27", "HOLA28", "HOLA29"]
[[coupon]]
id = "again"
text = "Again"
[[rule]]
id = "once"
text = "Once"
then = { points = 5 }
cap = [{ count = 1, per = "lifetime" }, { cost = "50.00", per = "7 days", scope = "all" }]
"""
REDEMPTIONS = """
[[rule]]
id = "small"
text = "Half of it"
when = { ticket = { below = "1.00" } }
then = { redeem = { proof_from = "9.00" } }
[[rule]]
id = "tiny"
text = "Not so little"
priority = 1
when = { ticket = { below = "0.50" } }
then = { redeem = { refuse = "NOT_SO_LITTLE" } }
[[rule]]
id = "much"
text = "No more than 100.00"
when = { ticket = { from = "100.01" } }
then = { decline = "TOO_MUCH" }
[[rule]]
id = "thanks"
text = "Thanks"
then = { message = "Thank you" }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a deployment with one rule."""
    puntual("init", tmp_path / "shop")
    with (tmp_path / "shop" / "programme.toml").open("a") as programme:
        programme.write(RULE)
    return tmp_path / "shop" / "puntual.toml"


@pytest.fixture
def receipts(shop: Path, tmp_path: Path) -> list[str]:
    """DE 37 of two sales, of 46.80 and of 60.00, of a redemption too large, as a switch decided."""
    (tmp_path / "cards.csv").write_text(f"card,member\n{CARD},m1\n")
    puntual("cards", "import", tmp_path / "cards.csv", "--config", shop)
    command = [sys.executable, "-P", "-m", "console", "serve", "--config", str(shop)]
    command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as switch:
        assert switch.stdout is not None
        address = switch.stdout.readline().split()[1].removeprefix("iso8583=")
        memory = f"--memory={tmp_path / 'till.json'}"
        sales = [
            puntual("terminal", "sale", amount, f"--card={CARD}", f"--switch={address}", memory, "--json")
            for amount in ("46.80", "60.00")
        ]
        till = (f"--card={CARD}", f"--switch={address}", memory, "--json")
        sales.append(puntual("terminal", "redeem", "99.00", *till))
        switch.terminate()
    return [json.loads(sale.output)["rrn"] for sale in sales]


def test_check(shop: Path) -> None:
    """Problems end with 1; warnings are told and end with 0."""
    good = puntual("rules", "check", "--config", shop)
    assert (good.exit_code, good.output.partition(",")[0]) == (0, "Starter")
    programme = shop.parent / "programme.toml"
    programme.write_text(programme.read_text().replace('"2 years"', '"for ever"'))
    assert puntual("rules", "check", "--config", shop).output.startswith(
        "warning: points.last: lets points live"
    )
    programme.write_text(programme.read_text().replace("multiply = 2", "multply = 2"))
    bad = puntual("rules", "check", "--config", shop)
    assert bad.exit_code == 1
    assert "rule[1].then.multply: is not known here (did you mean multiply?)" in bad.output


def test_check_does_without_books_that_it_cannot_read(shop: Path) -> None:
    """Those of an older release, say: the files are looked at all the same."""
    books = sqlite3.connect(shop.parent / "puntual.db")
    books.execute("PRAGMA user_version = 1")
    books.close()
    told = puntual("rules", "check", "--config", shop)
    first, last = told.output.splitlines()
    assert (told.exit_code, last.partition(",")[0]) == (0, "Starter")
    assert first.startswith("warning: ")
    assert "so the books were not looked at" in first


def test_check_looks_at_guards_register_and_books(shop: Path, receipts: list[str]) -> None:
    """More than the guards allow is a problem; what the register and the books tell are warnings."""
    assert len(receipts) == 3
    programme = shop.parent / "programme.toml"
    own = programme.read_text()
    programme.write_text(own + '[guards]\ngiveaway_max_bp = 199\nreserve = "1.65"\n')
    (shop.parent / "products.csv").write_text("product,cost\nP1,0.50\n")
    told = puntual("rules", "check", "--config", shop)
    assert told.exit_code == 1
    first, second, _ = told.output.splitlines()
    assert first.startswith(
        "guards.giveaway_max_bp: a ticket of 50.00 may bring back 1.00, 2 percent of it, and 1.99 percent are"
        " allowed: base 0.50, big 0.50"
    )
    assert second.startswith("warning: guards.reserve: is 1.65; points worth 1.66 are outstanding")
    programme.write_text(own.replace('amount = { from = "50.00" }', 'store = "S1"'))
    told = puntual("rules", "check", "--config", shop)
    assert told.exit_code == 0
    assert "warning: rule big: asks for the store S1, which no terminal has" in told.output


def test_show(shop: Path, tmp_path: Path) -> None:
    """As tables, as a page, and as the canonical text."""
    assert "Double from" in puntual("rules", "show", "--config", shop).output
    page = tmp_path / "rules.html"
    puntual("rules", "show", "--html", page, "--config", shop)
    assert "Double from 50.00" in page.read_text()
    assert json.loads(puntual("rules", "show", "--json", "--config", shop).output)["programme.toml"]["rule"]


def test_show_tells_limits_coupons_and_tiers(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What binds members stands in the tables, in words."""
    monkeypatch.setenv("COLUMNS", "300")
    programme = shop.parent / "programme.toml"
    text = programme.read_text().replace("tiers = []", 'tiers = ["basic", "gold"]')
    programme.write_text(text + TOLD)
    shown = puntual("rules", "show", "--config", shop).output
    for words in (
        "by spend in the last 365 days: gold from 500.00; one tier down after 30 days",
        "points back: first; without the original: base rate; points spent already: debt",
        "at most 900 points a day, each card",
        "at most once for ever, each member; at most worth 50.00 in 7 days, all together",
        "HOLA26, HOLA27, HOLA28, HOLA29",
        "issued to members",
    ):
        assert words in shown, shown


def test_explain_and_try_again(shop: Path, receipts: list[str], tmp_path: Path) -> None:
    """What was decided is computed again, and rated by another programme."""
    told = puntual("rules", "explain", receipts[1], "--config", shop)
    assert told.exit_code == 0
    assert "  big: Double from 50.00: on 60.00 exactly 60, so +60" in told.output.splitlines()
    why = puntual("rules", "why-not", receipts[0], "big", "--config", shop).output.splitlines()
    assert why == ["NO   the earn base is 50.00 or more: 46.80", "NO   a little more: 3.20 was missing"]
    assert "there is no rule bgi" in puntual("rules", "why-not", receipts[0], "bgi", "--config", shop).output
    refused = puntual("rules", "explain", receipts[2], "--config", shop).output.splitlines()
    terms = "a point pays 0.01, in steps of 1, up to all of the ticket"
    assert refused[1:] == [
        f"  points pay by the programme's own terms: {terms}",
        "  declined: NOT_SUFFICIENT_POINTS",
    ]
    assert "there is no such sale" in puntual("rules", "explain", "999", "--config", shop).output

    programme = shop.parent / "programme.toml"
    candidate = tmp_path / "programme.toml"
    candidate.write_text(programme.read_text().replace("50.00", "40.00"))
    report = json.loads(puntual("rules", "backtest", candidate, "--config", shop, "--json").output)
    assert {key: report[key] for key in ("sales", "points_now", "points_then", "costs_more")} == {
        "sales": 2, "points_now": 166, "points_then": 213, "costs_more": "0.47"
    }  # fmt: skip

    abroad = tmp_path / "abroad.toml"
    abroad.write_text(candidate.read_text().replace('"978"', '"840"'))
    refused_too = puntual("rules", "backtest", abroad, "--config", shop)
    assert refused_too.exit_code != 0
    assert "programme.currency: is 840, and sales were in 978" in refused_too.output

    programme.write_text(candidate.read_text())  # the books have the text that decided
    assert puntual("rules", "explain", receipts[1], "--config", shop).output == told.output


def test_explain_a_redemption(tmp_path: Path) -> None:
    """Whose terms it went by, what they are, and why another rule's were not taken; declined ones too."""
    puntual("init", tmp_path / "shop")
    config = tmp_path / "shop" / "puntual.toml"
    with (tmp_path / "shop" / "programme.toml").open("a") as programme:
        programme.write(REDEMPTIONS)
    (tmp_path / "cards.csv").write_text(f"card,member\n{CARD},m1\n")
    puntual("cards", "import", tmp_path / "cards.csv", "--config", config)
    command = [sys.executable, "-P", "-m", "console", "serve", "--config", str(config)]
    command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as switch:
        assert switch.stdout is not None
        address = switch.stdout.readline().split()[1].removeprefix("iso8583=")
        till = (f"--card={CARD}", f"--switch={address}", f"--memory={tmp_path / 'till.json'}", "--json")
        puntual("terminal", "sale", "100.00", *till)
        done = [
            json.loads(puntual("terminal", "redeem", amount, *till).output) for amount in ("0.50", "0.40")
        ]
        stopped = json.loads(puntual("terminal", "sale", "100.01", *till).output)["rrn"]
        switch.terminate()
    rrn, declined = (each["rrn"] for each in done)
    told = puntual("rules", "explain", rrn, "--config", config).output.splitlines()
    terms = "a point pays 0.01, in steps of 1, up to all of the ticket"
    assert told[1:] == [
        f"  points pay by small: Half of it: {terms}, with a code or PIN from 9.00 on",
        "  50 points were used, worth 0.50",
    ]
    assert "  declined: NOT_SO_LITTLE" in puntual("rules", "explain", declined, "--config", config).output
    assert puntual("rules", "explain", stopped, "--config", config).output.splitlines()[1:] == [
        "  much: No more than 100.00: declines: TOO_MUCH",
        "  because the ticket is 100.01 or more: 100.01",
        "  declined: TOO_MUCH",
    ]
    assert "yes  being the first" in puntual("rules", "why-not", stopped, "much", "--config", config).output
    assert "declined: TOO_MUCH" in puntual("rules", "why-not", stopped, "thanks", "--config", config).output
    why = puntual("rules", "why-not", rrn, "tiny", "--config", config).output.splitlines()
    assert why == ["NO   the ticket is below 0.50: 0.50"]
    first = puntual("rules", "why-not", declined, "small", "--config", config).output.splitlines()
    assert first == [
        "yes  the ticket is below 1.00: 0.40",
        "NO   being the first of its lane: tiny comes before it",
    ]


def test_activate_and_pause(shop: Path) -> None:
    """Without a switch on the books themselves; who did what is told in order."""
    done = puntual("rules", "activate", "--by", "ana", "--config", shop)
    assert done.output.endswith("is in force\n")
    version = done.output.split()[1]
    paused = puntual("pause", "redeem", "--by", "ben", "--config", shop)
    assert paused.output.endswith("is in force; paused: redeem\n")
    assert puntual("resume", "redeem", "--by", "ben", "--config", shop).output.startswith(
        f"version {version}"
    )
    refused = puntual("pause", "winter", "--by", "ben", "--config", shop)
    assert refused.exit_code == 2
    assert "winter: is no campaign of the programme (earn, redeem, or" in refused.output
    assert "has no version before" in puntual("rules", "rollback", "--config", shop).output
    history = json.loads(puntual("rules", "history", "--config", shop, "--json").output)
    assert [(row["what"], row["by"], row["about"]) for row in history] == [
        ("activated", "ana", None),
        ("paused", "ben", "redeem"),
        ("resumed", "ben", "redeem"),
    ]


def test_history_tells_how_campaigns_fared(shop: Path) -> None:
    """Each state that a version brought, with who ordered it."""
    folder = shop.parent / "campaigns"
    folder.mkdir(exist_ok=True)
    text = (
        '[campaign]\nid = "spring"\ntext = "S"\nnature = "points"\ncategory = "c"\nstate = "{}"\n'
        "period = {{ from = 2026-01-01 }}\n"
    )
    for state, by in (("draft", "ana"), ("checked", "ben"), ("scheduled", "ana")):
        (folder / "spring.toml").write_text(text.format(state))
        puntual("rules", "activate", "--by", by, "--config", shop)
    puntual("pause", "spring", "--by", "eva", "--config", shop)
    (folder / "spring.toml").unlink()
    puntual("rules", "activate", "--by", "ben", "--config", shop)
    history = json.loads(puntual("rules", "history", "--config", shop, "--json").output)
    assert [(row["what"], row["by"]) for row in history if row["about"] == "spring"] == [
        ("is draft", "ana"),
        ("is checked", "ben"),
        ("is scheduled", "ana"),
        ("paused", "eva"),
        ("is taken out", "ben"),
    ]


def test_two_people_agree(shop: Path) -> None:
    """The first version of all needs nobody; the next waits."""
    shop.write_text(shop.read_text().replace("four_eyes = false", "four_eyes = true"))
    puntual("rules", "activate", "--by", "ana", "--config", shop)
    programme = shop.parent / "programme.toml"
    programme.write_text(programme.read_text().replace("50.00", "40.00"))
    waits = puntual("rules", "activate", "--by", "ana", "--config", shop).output
    version = waits.split()[1]
    assert "waits: puntual rules approve" in waits
    refused = puntual("rules", "approve", version, "--by", "ana", "--config", shop)
    assert (refused.exit_code, "was proposed by ana" in refused.output) == (2, True)
    approved = puntual("rules", "approve", version, "--by", "ben", "--config", shop)
    assert approved.output == f"version {version} is in force\n"


def test_rerate(shop: Path, receipts: list[str]) -> None:
    """Told, then booked once by somebody who is named, in the books for ever."""
    programme = shop.parent / "programme.toml"
    programme.write_text(programme.read_text().replace("multiply = 2", 'multiply = "3/2"'))
    right = puntual("rules", "activate", "--by", "ana", "--config", shop).output.split()[1]
    words = ("rules", "rerate", "--from=2020-01-01", "--to=2199-12-31", "--rule=big", f"--with={right}")
    told = puntual(*words, "--config", shop).output.splitlines()
    assert [line.split() for line in told[:2]] == [["member", "sales", "difference"], ["m1", "1", "-30"]]
    assert told[-1] == "nothing is booked: --book --by NAME does it"
    assert "--by: is missing" in puntual(*words, "--book", "--config", shop).output
    booked = json.loads(puntual(*words, "--book", "--by=ana", "--json", "--config", shop).output)
    assert (booked["booked"], booked["taken"], booked["changed"]) == (1, 30, 0)
    assert [(line["rrn"], line["stands"], line["should"]) for line in booked["lines"]] == [
        (receipts[1], 120, 90)
    ]
    assert "nothing would be otherwise" in puntual(*words, "--book", "--by=ana", "--config", shop).output
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
    history = json.loads(puntual("ledger", "history", CARD, "--json", "--config", shop).output)
    moves = [(row["operation"], row["earned"]) for row in history]
    assert moves[:3] == [("RERATE", -30), ("REDEEM", 0), ("EARN", 120)]
    explained = puntual("rules", "explain", receipts[1], "--config", shop).output.splitlines()
    assert explained[-1] == f"  rated again since, by programme {right}: earns 90"
    unknown = puntual(*words[:-1], "--with=000000000000", "--config", shop)
    assert (unknown.exit_code, "is not in the books" in unknown.output) == (2, True)
    mistyped = puntual(*words, "--rule=bgi", "--config", shop)
    assert (mistyped.exit_code, "rule bgi: is of no version in the books" in mistyped.output) == (2, True)
    inverted = puntual(*words, "--to=2019-12-31", "--config", shop)
    assert (inverted.exit_code, "--to: is before --from" in inverted.output) == (2, True)
