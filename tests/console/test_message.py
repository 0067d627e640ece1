"""``puntual message``: bytes explained without telling secrets."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.message import message
from loyalty.errors import LoyaltyError
from messages.codec import Codec
from messages.dialect import load_dialect, shipped_dialects
from messages.framing import framing_named

CARD = "6390120000000004"
SALE = {
    2: CARD,
    3: "000000",
    4: "000000001234",
    7: "1121120000",
    11: "000001",
    35: CARD + "=29121011234",
    41: "T0000001",
    48: "010015PHON34600111222" + "023004A123",
    63: "0015A\\1\\U\\1234\\\\",
}


def frame(name: str = "iso87-ascii", framing: str = "bin2", elements: dict[int, str] | None = None) -> bytes:
    """A sale in a frame."""
    return framing_named(framing).wrap(Codec(load_dialect(name)).encode("0200", elements or SALE))


def run(*words: str, standard_input: bytes = b"") -> tuple[int, str]:
    """Exit code and output of a command."""
    done = CliRunner().invoke(message, list(words), input=standard_input, env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_describe() -> None:
    """Elements and tags have names, cards are hidden."""
    code, output = run("describe", frame().hex())
    assert code == 0
    for words in (
        "Processing code",
        "048.023",
        "Ticket number",
        "A123",
        "Basket line",
        "************0004",
        "PHON",
    ):
        assert words in output
    assert CARD not in output
    assert CARD[:8] not in output
    assert "34600111222" not in output


def test_describe_as_json(tmp_path: Path) -> None:
    """For programs; from a file, with what is wrong told beside it."""
    path = tmp_path / "frame.bin"
    path.write_bytes(frame(elements=SALE)[:-1])
    code, output = run("describe", "--json", "--framing", "none", "--dialect", "iso87-ascii", str(path))
    assert code == 1
    path.write_bytes(frame()[2:-1])
    code, output = run("describe", "--json", "--framing", "none", "--dialect", "iso87-ascii", str(path))
    told = json.loads(output)
    assert code == 1
    assert told["messages"][0]["faults"][0] | {"offset": 0, "what": ""} == {
        "element": 63, "kind": "truncated_field", "offset": 0, "what": "",
    }  # fmt: skip


def test_describe_from_standard_input() -> None:
    """Two packed messages behind TPDUs, piped."""
    sale = {number: SALE[number] for number in (2, 3, 4, 11, 41)}
    stream = frame("iso87-bcd", "bin2+tpdu", sale) * 2
    code, output = run("describe", "-", standard_input=stream)
    assert code == 0
    assert output.count("iso87-bcd, bin2+tpdu") == 2


def test_strangers() -> None:
    """What nothing reads is not read, and why is told."""
    code, output = run("describe", "160301020001")
    assert (code, "TLS" in output) == (1, True)
    code, output = run("doctor", "160301020001")
    assert (code, "TLS" in output) == (1, True)


def test_doctor() -> None:
    """The first guess comes with its evidence."""
    code, output = run(
        "doctor", frame("iso87-ebcdic", "hex4", {3: "000000", 11: "000001", 41: "T0000001"}).hex()
    )
    assert code == 0
    assert output.startswith("1. framing hex4, dialect iso87-ebcdic\n   - 1 message(s)")
    code, output = run("doctor", "--json", frame().hex())
    assert json.loads(output)[0]["framing"] == "bin2"


def test_dialects() -> None:
    """All of them are listed."""
    code, output = run("dialects")
    assert code == 0
    assert all(name in output for name in shipped_dialects())
    code, output = run("dialects", "--json")
    assert [row["name"] for row in json.loads(output)] == list(shipped_dialects())


def test_dialects_of_ones_own(tmp_path: Path) -> None:
    """A table is exported, imported, checked and used."""
    for form, suffix in (("jpos", "xml"), ("pyiso8583", "json")):
        code, output = run("dialects", "export", "iso87-ascii-binbitmap", "--to", form)
        assert code == 0
        path = tmp_path / f"host.{suffix}"
        path.write_text(output)
        assert run("dialects", "check", str(path)) == (0, "host: 126 elements, nothing wrong\n")
        code, output = run("dialects", "import", str(path))
        own = tmp_path / "host.toml"
        own.write_text(output)
        assert run("dialects", "check", str(own)) == (0, "host: 126 elements, nothing wrong\n")
        raw = frame("iso87-ascii-binbitmap")
        code, output = run("describe", "--framing", "bin2", "--dialect", str(own), raw.hex())
        assert (code, "host, bin2" in output) == (0, True)


def test_dialects_that_are_wrong(tmp_path: Path) -> None:
    """All problems at once, with their places."""
    path = tmp_path / "host.toml"
    path.write_text('name = "host"\nextends = "iso87-ascii"\ncolour = 1\n[elements]\n4 = "x12"\n')
    code, output = run("dialects", "check", str(path))
    assert code == 1
    assert "colour" in output
    assert "elements.4" in output


TSHARK = shutil.which("tshark")
TEXT2PCAP = shutil.which("text2pcap")


@pytest.mark.skipif(TSHARK is None or TEXT2PCAP is None, reason="tshark or text2pcap is not installed")
@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-bcd"])
def test_wireshark_agrees(tmp_path: Path, name: str) -> None:
    """Wireshark's own dissector, called as we say, finds the same elements in our bytes."""
    # Without DE 49: Wireshark takes it for three characters where it is packed here, as in jPOS.
    sale = {number: SALE[number] for number in (2, 3, 4, 7, 11, 41)} | {37: "632500000001", 39: "00"}
    raw = frame(name, "bin2", dict(sorted(sale.items())))
    dump = tmp_path / "dump.txt"
    dump.write_text(f"000000 {raw.hex(' ')}\n")
    capture = tmp_path / "frame.pcap"
    assert TEXT2PCAP is not None
    subprocess.run([TEXT2PCAP, "-q", "-T", "1024,8583", dump, capture], check=True, capture_output=True)
    code, output = run("wireshark", "--dialect", name, "--port", "8583")
    assert code == 0
    dissected = subprocess.run(
        [*shlex.split(output), "-r", str(capture)], check=True, capture_output=True, text=True
    ).stdout
    assert "MTI" in dissected
    for value in (CARD, "000000001234", "000001", "T0000001", "632500000001"):
        assert value in dissected
    assert "Malformed" not in dissected


def test_profiles() -> None:
    """All of them, and one operation by operation."""
    code, output = run("profiles")
    assert (code, "retail87" in output, "unionpay87" in output) == (0, True, True)
    code, output = run("profiles", "unionpay87", "--json")
    rows = json.loads(output)
    hold = next(row for row in rows if row["and"] == "DE 60 10")
    assert (hold["operation"], hold["type"], hold["DE 3"]) == ("HOLD", "0100", "03....")
    assert hold["request"].startswith("M 3 4 11 41; C 2")
    assert "ME 3 11 41" in hold["answer"]
    with pytest.raises(LoyaltyError, match=r"did you mean retail87\?"):
        CliRunner().invoke(message, ["profiles", "retail88"], catch_exceptions=False)
