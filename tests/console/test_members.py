"""What rules may ask of members, taken in from the command line."""

from pathlib import Path

from tests.console.commands import puntual

CARD = "6390120000000019"


def test_a_list_is_taken_in(tmp_path: Path) -> None:
    """Bad lines are told by number; the same list again changes nothing."""
    puntual("init", tmp_path / "shop")
    shop = tmp_path / "shop" / "puntual.toml"
    puntual("cards", "issue", CARD, "M1", "--config", shop)
    file = tmp_path / "members.csv"
    file.write_text("\ufeffmember,segments,category\nM1,vip lapsing,gold\nM2,vip,\nM1,no!,\n", "utf-8")
    result = puntual("members", "import", file, "--config", shop)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "line 3: the member is not known",
        "line 4: segments are not up to 64 names with spaces between",
        "1 changed, 0 the same, 2 bad",
    ]
    file.write_text("member,segments\nM1,lapsing vip\n", "utf-8")
    result = puntual("members", "import", file, "--config", shop)
    assert (result.exit_code, result.stdout) == (0, "0 changed, 1 the same, 0 bad\n")
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
