"""What no rule was asked about is explained all the same: what became of the points."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.console.commands import puntual

CARD, OTHER = "6390120000000001", "6390120000000019"


def test_what_moved_points_is_explained(tmp_path: Path) -> None:
    puntual("init", tmp_path / "shop")
    config = tmp_path / "shop" / "puntual.toml"
    (tmp_path / "cards.csv").write_text(f"card,member\n{CARD},m1\n{OTHER},m2\n", encoding="utf-8")
    puntual("cards", "import", tmp_path / "cards.csv", "--config", config)
    command = [sys.executable, "-P", "-m", "console", "serve", "--config", str(config)]
    command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as switch:
        assert switch.stdout is not None
        address = switch.stdout.readline().split()[1].removeprefix("iso8583=")
        till = (f"--card={CARD}", f"--switch={address}", f"--memory={tmp_path / 'till.json'}", "--json")

        def ask(*words: str) -> dict[str, Any]:
            done = puntual("terminal", *words, *till)
            assert done.exit_code == 0, done.output
            return json.loads(done.output)  # type: ignore[no-any-return]  # an object of texts

        try:
            ask("sale", "100.00")
            transfer, exchange = ask("transfer", "0.20", "--to", OTHER), ask("exchange", "0.30")
            made = next(text for key, text in exchange["received"].items() if key.endswith("058"))
            paid = ask("pay", "0.10", "--certificate", made[24:])
            redeemed = ask("redeem", "0.15")
            held = ask("hold", "0.05", "--pays")
        finally:
            switch.terminate()
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
