"""What no rule was asked about is explained all the same, and so is what was taken back."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.console.commands import puntual

RULE = """
[[rule]]
id = "double"
text = "Double from 5.00"
when = { amount = { from = "5.00" } }
then = { multiply = "3/2" }
[[rule]]
id = "small"
text = "3 more below 5.00"
when = { ticket = { below = "5.00" } }
then = { points = 3 }
"""
CARD, OTHER = "6390120000000001", "6390120000000019"


def test_what_moved_points_is_explained(tmp_path: Path) -> None:
    puntual("init", tmp_path / "shop")
    config = tmp_path / "shop" / "puntual.toml"
    with (tmp_path / "shop" / "programme.toml").open("a", encoding="utf-8") as programme:
        programme.write(RULE)
    (tmp_path / "cards.csv").write_text(f"card,member\n{CARD},m1\n{OTHER},m2\n", encoding="utf-8")
    puntual("cards", "import", tmp_path / "cards.csv", "--config", config)
    command = [sys.executable, "-P", "-m", "console", "serve", "--config", str(config)]
    command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as switch:
        assert switch.stdout is not None
        address = switch.stdout.readline().split()[1].removeprefix("iso8583=")
        till = (f"--card={CARD}", f"--switch={address}", f"--memory={tmp_path / 'till.json'}", "--json")

        def ask(*words: str) -> dict[str, Any]:
            done = puntual("terminal", *words, *(till[1:] if words[0] == "void" else till))
            assert done.exit_code == 0, done.output
            return json.loads(done.output)  # type: ignore[no-any-return]  # an object of texts

        try:
            ask("sale", "100.00")
            transfer, exchange = ask("transfer", "0.20", "--to", OTHER), ask("exchange", "0.30")
            made = next(text for key, text in exchange["received"].items() if key.endswith("058"))
            paid = ask("pay", "0.10", "--certificate", made[24:])
            redeemed = ask("redeem", "0.15")
            held = ask("hold", "0.05", "--pays")
            basket = ("--line", "tea,1,20.00", "--line", "milk,1,10.00")
            sold, other = ask("sale", "30.00", *basket), ask("sale", "7.00")
            parts = [ask("refund", "10.00", "--original", sold["rrn"], "--line", "milk,1,10.00")]
            parts.append(ask("refund", "5.00", "--original", sold["rrn"]))
            parts.append(ask("refund", "15.00", "--original", sold["rrn"]))
            alone, voided = ask("refund", "2.00"), ask("void", other["rrn"])
            small = ask("sale", "4.00", "--line", "tea,1,4.00")
            all_of_it = ask("refund", "4.00", "--original", small["rrn"], "--line", "tea,1,4.00")
            given_back = ask("void", redeemed["rrn"])
        finally:
            switch.terminate()
    of_sale = f"of EARN {sold['rrn']} of 30.00, which earned 45"
    for answer, lines in (
        (parts[0], [
            f"takes back 10.00 {of_sale}",
            "what is kept is rated again, by programme VERSION:",
            "earn base 20.00 of a ticket of 30.00, NOW at the terminal",
            "base: the programme's base rate: on 20.00 exactly 20, so +20",
            "double: Double from 5.00: on 20.00 exactly 10, so +10",
            "= 30, rounded down on each transaction",
            "base costs 0.20: the programme 0.20",
            "double costs 0.10: the programme 0.10",
            "15 points are taken back",
        ]),
        (parts[1], [
            f"takes back 5.00 {of_sale}",
            "what was kept before it earned 30",
            "which lines came back is not known: 15.00 of 30.00 are kept, which earn 22",
            "8 points are taken back",
        ]),
        (parts[2], [
            f"takes back 15.00 {of_sale}",
            "what was kept before it earned 22",
            "which lines came back is not known: 0.00 of 30.00 are kept, which earn 0",
            "22 points are taken back",
        ]),
        (alone, ["names no sale, so the base rate of 2.00 is taken back", "2 points are taken back"]),
        (voided, [f"undoes EARN {other['rrn']}", "10 points are taken back"]),
        (
            all_of_it,
            [
                f"takes back 4.00 of EARN {small['rrn']} of 4.00, which earned 7",
                "nothing that was paid for is kept, which earns 0",
                "7 points are taken back",
            ],
        ),
        (given_back, [f"undoes REDEEM {redeemed['rrn']}", "15 points that paid come back"]),
    ):  # fmt: skip
        told = puntual("rules", "explain", answer["rrn"], "--config", config)
        shown = [re.sub(r"\b[0-9a-f]{12}:", "VERSION:", line) for line in told.output.splitlines()]
        shown = [re.sub(r"\w{3} \d{4}-\d\d-\d\d [\d:]{8}", "NOW", line).strip() for line in shown]
        assert (told.exit_code, shown[1:]) == (0, lines)
    for answer, last in (
        (transfer, "20 points went to another member, and keep their last days, worth 0.20"),
        (exchange, "30 points became a certificate, worth 0.30"),
        (paid, "a certificate paid 0.10"),
        (redeemed, "15 points were used, worth 0.15"),
        (held, "held: what is used of it is told by its completion"),
    ):
        told = puntual("rules", "explain", answer["rrn"], "--config", config)
        assert (told.exit_code, told.output.splitlines()[-1].strip()) == (0, last)
        why = puntual("rules", "why-not", answer["rrn"], "tuesday", "--config", config)
        assert (why.exit_code, "no rule was asked" in why.output) == (2, True)
