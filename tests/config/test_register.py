"""The register of terminals: what is wrong in it is told line by line, all at once."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from config.register import load_register, read_register
from loyalty.errors import Problems
from loyalty.terminal import TerminalStatus

HEADER = "terminal,merchant,acquirer,mcc,profile,store,partner,zone,can,width,status,allow\n"


def problems_of(text: str) -> list[str]:
    """What is said about a register that reads *text*."""
    with pytest.raises(Problems) as caught:
        read_register(text, where="terminals.csv")
    return str(caught.value).splitlines()


def test_the_shipped_register() -> None:
    """Ten terminals of one merchant, so that a starter answers."""
    register = read_register(files("config").joinpath("terminals.csv").read_text("utf-8"), where="shipped")
    assert len(register) == 10
    terminal = register.find("00000000001", "T0000010")
    assert terminal is not None
    assert (terminal.merchant_id, terminal.mcc, terminal.profile, terminal.can, terminal.width) == (
        "MERCH0000000001", "5411", "retail87", "", 38,
    )  # fmt: skip


def test_every_column() -> None:
    """What stands in the file is what the switch sees; empty cells keep their default."""
    register = read_register(
        "terminal,merchant,acquirer,mcc,profile,zone,can,width,status,allow,store,partner\n"
        "\n"
        'T1, M 1 ,17,5411,retail87,America/Bogota,pd,32,test,earn Refund,"Calle 1, local 2",ACME\n'
        "T1,M2,18,0742,retail87,,,,,,,\n"
        "T2,M2,18,0742,retail87\n",
        where="terminals.csv",
    )
    terminal = register.find("00000000017", "T1")
    assert terminal is not None
    assert terminal.zone is not None
    assert terminal.zone.utcoffset(datetime(2026, 1, 1, tzinfo=UTC)) == -timedelta(hours=5)
    assert (terminal.merchant_id, terminal.can, terminal.width) == ("M 1", "PD", 32)
    assert terminal.status is TerminalStatus.TEST
    assert terminal.allow == {"EARN", "REFUND"}
    assert (terminal.store, terminal.partner) == ("Calle 1, local 2", "ACME")
    assert register.find(None, "T1") is None, "it stands at two acquirers"
    assert register.find(None, "T2") is not None


def test_all_bad_lines_are_told_at_once() -> None:
    """A register of thousands is mended in one go."""
    assert problems_of(
        HEADER
        + "T1,M1,1,5411,retail87,,,,,,,\n"
        + "T00000001,,x,541,,,,,,,,\n"
        + "T1,M1,01,5411,retail87,,,,,,,\n"
        + "Ñ1,M1,1,5411,retail87,,,Mars/Base,PX,9,closed,EARN BURN\n"
        + "T5,M1,1,5411,retail87,,,,,,,,,\n"
    ) == [
        "terminals.csv: line 3, terminal: is 'T00000001' (give 1 to 8 printable ASCII characters)",
        "terminals.csv: line 3, merchant: is '' (give 1 to 15 printable ASCII characters)",
        "terminals.csv: line 3, acquirer: is 'x' (give 1 to 11 digits)",
        "terminals.csv: line 3, mcc: is '541' (give 4 digits)",
        "terminals.csv: line 3, profile: is '' (give 1 to 32 printable ASCII characters)",
        "terminals.csv: line 4, terminal: stands on line 2 already (a terminal stands once)",
        "terminals.csv: line 5, width: is '9' (give 16 to 80 columns)",
        "terminals.csv: line 5, status: is 'closed' (one of active, blocked, test)",
        "terminals.csv: line 5, can: is 'PX' (P: partial approval, D: takes discounts off; both; or empty)",
        "terminals.csv: line 5, terminal: is 'Ñ1' (give 1 to 8 printable ASCII characters)",
        "terminals.csv: line 5, zone: is 'Mars/Base' (give a name of the tz database, as Europe/Madrid)",
        "terminals.csv: line 5, allow: names 'BURN' (give names of operations, as EARN REDEEM)",
        "terminals.csv: line 6: has 14 columns, not 12 (put quotes around commas)",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1, terminal: is missing"),
        ("terminal,merchant,acquirer,mcc,profile,colour\n", "line 1, colour: is unknown"),
        ("terminal,merchant,acquirer,mcc,profile,mcc\n", "line 1, mcc: stands twice"),
        (HEADER + '"T1,M1\n', "line 2: is not CSV: unexpected end of data"),
        (HEADER + "T1,M1,1,5411,retail87,,,../etc/passwd\n", "line 2, zone: is '../etc/passwd'"),
    ],
)
def test_a_file_that_is_something_else(text: str, problem: str) -> None:
    """A wrong file names what it should have been."""
    assert any(problem in line for line in problems_of(text))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Both name the file."""
    with pytest.raises(Problems, match=r"terminals.csv: cannot be read: No such file"):
        load_register(tmp_path / "terminals.csv")
    (tmp_path / "terminals.csv").write_text("\ufeff" + HEADER, "utf-8")
    assert len(load_register(tmp_path / "terminals.csv")) == 0, "a byte order mark is no part of the header"
    (tmp_path / "terminals.csv").write_bytes(HEADER.encode() + b"T1,\xd1\n")
    with pytest.raises(Problems, match=r"terminals.csv: is not UTF-8"):
        load_register(tmp_path / "terminals.csv")
