"""``puntual terminal`` against a scripted host: what is printed, remembered and returned."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.terminal import terminal
from simulator.private import write_tags
from tests.simulator.scripted_host import ScriptedHost, Step, serving

CARD = "6390120000000019"


async def puntual_terminal(host: ScriptedHost, folder: Path, *args: str) -> Result:
    """The command, at *host*, with a till that waits shortly and remembers in *folder*."""
    shared = [
        f"--switch={host.address[0]}:{host.address[1]}",
        f"--memory={folder / 'till.json'}",
        "--timeout=0.05",
    ]
    command, *rest = args
    return await asyncio.to_thread(CliRunner().invoke, terminal, [command, *shared, *rest])


def remembered(folder: Path) -> dict[str, Any]:
    memory: dict[str, Any] = json.loads((folder / "till.json").read_text("ascii"))
    return memory


@pytest.mark.parametrize(
    ("args", "elements"),
    [
        (["sale", "25.00", "--card", CARD], {"t": "0200", "3": "000000", "4": "000000002500", "2": CARD}),
        (
            ["sale", "25", "--card", CARD, "--points", "7", "--tender", "CASH:20.00", "--ticket", "A1"],
            {"48": write_tags([("020", "7"), ("023", "A1"), ("031", "CASH000000002000")])},
        ),
        (
            ["sale", "3.49", "--card", CARD, "--line", "milk,2,2.50", "--line", "pear,0.85,0.99,FRUIT,N"],
            {"63": "0026milk\\2\\U\\250\\\\\\pear\\0.85\\U\\99\\FRUIT\\N\\"},
        ),
        (["quote", "25", "--card", f"{CARD}=2912"], {"t": "0100", "3": "380000", "35": f"{CARD}=2912"}),
        (["redeem", "5", "--card", CARD, "--can", "P"], {"3": "009000", "48": "040001P"}),
        (
            ["redeem", "5", "--card", CARD, "--cashier", "17", "--channel", "MOBL"],
            {"48": "03000217032004MOBL"},
        ),
        (["redeem", "5", "--card", CARD, "--prize", "MUG"], {"3": "009000", "48": "022003MUG"}),
        (["transfer", "5", "--card", CARD, "--to", CARD], {"3": "409090", "48": f"012016{CARD}"}),
        (["exchange", "5", "--card", CARD], {"3": "409060", "4": "000000000500"}),
        (["pay", "5", "--card", CARD, "--certificate", "C1"], {"3": "006000", "48": "021002C1"}),
        (["refund", "5", "--original", "632500000001"], {"3": "200000", "48": "013012632500000001"}),
        (["void", "632500000001"], {"3": "020000", "48": "013012632500000001"}),
        (
            ["reverse", "632500000001", "--of", "redeem", "--final", "1.00"],
            {"t": "0420", "3": "009000", "95": "000000000100" + "0" * 30},
        ),
        (["balance", "--card", "PHON:4915112345"], {"3": "310000", "48": "010014PHON4915112345"}),
        (["activate", "--card", CARD, "--link", "MAIL:a@b.c"], {"3": "900000", "48": "010009MAILa@b.c"}),
        (["echo"], {"t": "0800", "70": "301"}),
        (["sign-on"], {"70": "001"}),
        (["sign-off"], {"70": "002"}),
    ],
)
async def test_request(args: list[str], elements: dict[str, str], tmp_path: Path) -> None:
    """Each command sends what its operation asks for, and shows no card."""
    async with serving(ScriptedHost(de62="Thank you|come again")) as host:
        result = await puntual_terminal(host, tmp_path, *args)
    assert result.exit_code == 0, result.output
    assert "come again" in result.output
    assert CARD not in result.output
    (received,) = host.received
    assert {key: received.get(key) for key in elements} == elements


async def test_declined(tmp_path: Path) -> None:
    """A decline is told with its reason and exit code 1."""
    tags = write_tags([("059", "NOT_SUFFICIENT_POINTS")])
    async with serving(ScriptedHost(de39="51", de48=tags)) as host:
        result = await puntual_terminal(host, tmp_path, "redeem", "5", "--card", CARD)
        as_json = await puntual_terminal(host, tmp_path, "redeem", "5", "--card", CARD, "--json")
    assert result.exit_code == 1
    assert "51 NOT_SUFFICIENT_POINTS" in result.output
    told = json.loads(as_json.output)
    assert (told["code"], told["reason"], told["sent"]["2"]) == (
        "51",
        "NOT_SUFFICIENT_POINTS",
        "************0019",
    )


async def test_stan_goes_on(tmp_path: Path) -> None:
    """A till that is switched on again does not begin its STANs anew."""
    async with serving(ScriptedHost()) as host:
        for _ in range(3):
            await puntual_terminal(host, tmp_path, "balance", "--card", CARD)
    assert [message["11"] for message in host.received] == ["000001", "000002", "000003"]


async def test_kept_reversal(tmp_path: Path) -> None:
    """A redemption without an answer is reversed by the next command, and no card is in the till's memory."""
    script: list[Step] = ["silence", "silence", "silence"]
    async with serving(ScriptedHost(script)) as host:
        lost = await puntual_terminal(host, tmp_path, "redeem", "5", "--card", CARD)
        assert (lost.exit_code, "a reversal is kept" in lost.output) == (1, True)
        assert CARD not in (tmp_path / "till.json").read_text("ascii")
        assert len(remembered(tmp_path)["kept"]) == 1
        waiting = await puntual_terminal(host, tmp_path, "balance", "--card", CARD)
        assert waiting.exit_code != 0
        sent = await puntual_terminal(host, tmp_path, "balance", "--card", CARD)
    assert sent.exit_code == 0
    assert "sent first: the reversal" in sent.output
    assert host.types == ["0200", "0201", "0420", "0421", "0100"]
    assert remembered(tmp_path)["kept"] == []


async def test_nobody_listens(tmp_path: Path) -> None:
    """What could not be sent leaves nothing to be reversed."""
    async with serving(ScriptedHost()) as host:
        pass
    result = await puntual_terminal(host, tmp_path, "redeem", "5", "--card", CARD)
    assert str(result.exception).endswith("nobody listens there (start it: puntual serve)")
    assert remembered(tmp_path)["kept"] == []


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["sale", "25.001", "--card", CARD], "is not an amount with 2 decimals"),
        (["sale", "x", "--card", CARD], "is not an amount"),
        (["sale", "1", "--card", CARD, "--line", "milk"], "is not PRODUCT,QUANTITY,AMOUNT"),
        (["sale", "1", "--card", CARD, "--line", "milk,1.2345,1"], "at most three decimals"),
        (["sale", "1", "--card", CARD, "--tender", "GOLD:1"], "is not KIND:AMOUNT"),
        (["refund", "1"], "name the card or the original"),
    ],
)
async def test_wrong_use(args: list[str], told: str, tmp_path: Path) -> None:
    async with serving(ScriptedHost()) as host:
        result = await puntual_terminal(host, tmp_path, *args)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert host.received == []


async def test_scenario(tmp_path: Path) -> None:
    """A scenario passes or fails as a whole, and the table says where."""
    file = tmp_path / "echo.toml"
    file.write_text(
        'title = "Echo"\n[[step]]\nabout = "The line"\nrequest = { mti = "0800", 70 = "301" }\n'
        'expect = { 39 = "00", 37 = "@present" }\n'
    )
    async with serving(ScriptedHost()) as host:
        failed = await puntual_terminal(host, tmp_path, "run", str(file))
        as_json = await puntual_terminal(host, tmp_path, "run", str(file), "--json")
    assert failed.exit_code == as_json.exit_code == 1
    assert "37 is not there, not @present" in " ".join(failed.output.split())
    (told,) = json.loads(as_json.output)
    assert told["steps"][0]["failed"] == [{"element": "37", "expected": "@present", "found": None}]
    async with serving(ScriptedHost(de37="632500000001")) as host:
        passed = await puntual_terminal(host, tmp_path, "run", str(file))
    assert passed.exit_code == 0
    assert "pass" in passed.output


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["complete", "5", "", "--card", CARD], "is not the approval (DE 38) of a hold"),
        (["redeem", "5", "--card", CARD, "--merchant", "M" * 16], "DE 42"),
    ],
)
async def test_what_cannot_be_sent_leaves_nothing_to_reverse(
    tmp_path: Path, args: list[str], told: str
) -> None:
    async with serving(ScriptedHost()) as host:
        result = await puntual_terminal(host, tmp_path, *args)
    assert result.exit_code != 0
    assert told in f"{result.output}{result.exception}"
    assert not (tmp_path / "till.json").exists()
