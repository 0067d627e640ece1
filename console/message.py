"""Messages for people: bytes explained with secrets hidden, framing and dialect guessed, dialects listed."""

import json
import shlex
import sys
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console
from rich.table import Table

from console.options import json_option, print_json
from console.profiles import profiles
from loyalty.errors import Problems
from messages.capture import bytes_of
from messages.codec import Codec
from messages.describe import Described, describe
from messages.dialect import dialect_from_toml, load_dialect, shipped_dialects
from messages.doctor import NO_FRAMING, explain_failure, guess
from messages.errors import DialectError, MessageError
from messages.framing import FrameReader, framing_named
from messages.jpos import from_jpos, to_jpos
from messages.message import Message
from messages.profiles import SHEETS
from messages.pyiso import from_pyiso8583, to_pyiso8583
from messages.spec import Dialect
from messages.tomltext import to_toml
from messages.wireshark import tshark_call

_SIZE_MAX: Final = 1 << 16
_INPUT_HELP = (
    "INPUT is hexadecimal, base64, a file (raw, hexadecimal, base64 or a capture), or - for standard input."
)


@click.group(epilog="Example: puntual message describe 002d0800…")
def message() -> None:
    """Explain bytes, masked; guess framing and dialect; work with dialects."""


def _input(text: str) -> bytes:
    if text == "-":
        return bytes_of(sys.stdin.buffer.read())
    path = Path(text)
    try:
        is_file = path.is_file()
    except OSError:  # too long to be a name
        is_file = False
    return bytes_of(path.read_bytes() if is_file else text.encode())


def _dialect(name_or_path: str) -> Dialect:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return dialect_from_toml(path.read_text(encoding="utf-8"), where=str(path))
    return load_dialect(name_or_path)


@message.command(
    "describe",
    epilog="Example: puntual message describe --dialect iso87-bcd traffic.pcap",
    help=f"Show the messages in INPUT, every element and tag named, card data hidden. {_INPUT_HELP}",
)
@click.argument("data", metavar="INPUT")
@click.option(
    "--framing", help="Such as bin2, ascii4, bin2+tpdu; none for a bare message. Guessed when not given."
)
@click.option("--dialect", help="Name of a dialect, or a TOML file. Guessed when not given.")
@json_option
@click.pass_context
def describe_command(
    ctx: click.Context, data: str, framing: str | None, dialect: str | None, *, as_json: bool
) -> None:
    """Show the messages in *data*."""
    raw = _input(data)
    if framing is None or dialect is None:
        guesses = [each for each in guess(raw) if each.dialects or dialect is not None]
        if framing is not None:
            guesses = [each for each in guesses if each.framing == framing]
        if not guesses and (framing is None or dialect is None):
            click.echo(f"Nothing reads these {len(raw)} bytes: {explain_failure(raw)}.", err=True)
            ctx.exit(1)
        framing, dialect = framing or guesses[0].framing, dialect or guesses[0].dialects[0]
    codec = Codec(_dialect(dialect))
    messages, problem = _messages(raw, framing, codec)
    if as_json:
        print_json(
            {
                "framing": framing,
                "dialect": codec.dialect.name,
                "messages": [_as_json(each, codec.dialect) for each in messages],
                "problem": problem,
            }
        )
    else:
        console = Console()
        for each in messages:
            console.print(_table(each, codec.dialect, framing))
        if problem is not None:
            click.echo(problem, err=True)
    if problem is not None or any(each.faults for each in messages):
        ctx.exit(1)


def _messages(raw: bytes, framing: str, codec: Codec) -> tuple[list[Message], str | None]:
    """What was read, and what stopped the reading."""
    frames = [(b"", raw)]
    problem = None
    if framing != NO_FRAMING:
        reader = FrameReader(framing_named(framing), _SIZE_MAX)
        frames = reader.receive_data(raw)
        if reader.failed is not None:
            problem = str(reader.failed)
        elif reader.frame_started:
            problem = "the last frame is not complete"
    messages = []
    for header, frame in frames:
        if not frame:
            continue
        try:
            messages.append(codec.examine(frame, header))
        except MessageError as error:
            return messages, str(error)
    return messages, problem


def _lines(each: Message, dialect: Dialect) -> list[Described]:
    return describe(each.elements, dialect)


def _table(each: Message, dialect: Dialect, framing: str) -> Table:
    table = Table(title=f"{each.mti}  {dialect.name}, {framing}", title_justify="left", show_header=False)
    if each.header:
        table.add_row("header", "", each.header.hex())
    for line in _lines(each, dialect):
        table.add_row(line.number, line.name, line.value)
    for fault in each.faults:
        table.add_row(
            "[bold red]wrong[/]", fault.where, f"{fault.what}{f' ({fault.hint})' if fault.hint else ''}"
        )
    return table


def _as_json(each: Message, dialect: Dialect) -> dict[str, object]:
    return {
        "mti": each.mti,
        "header": each.header.hex(),
        "elements": [
            {"number": line.number, "name": line.name, "value": line.value} for line in _lines(each, dialect)
        ],
        "faults": [
            {"element": fault.element, "kind": fault.kind.value, "offset": fault.offset, "what": fault.what}
            for fault in each.faults
        ],
    }


@message.command(
    "doctor",
    epilog="Example: puntual message doctor stream.bin",
    help=f"Guess framing, header, encoding and dialect of INPUT, and say why. {_INPUT_HELP}",
)
@click.argument("data", metavar="INPUT")
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, data: str, *, as_json: bool) -> None:
    """Say what *data* speaks."""
    raw = _input(data)
    guesses = guess(raw)[:3]
    if as_json:
        print_json(
            [
                {"framing": each.framing, "dialects": each.dialects, "evidence": each.evidence}
                for each in guesses
            ]
        )
    elif not guesses:
        click.echo(f"Nothing that is known reads these {len(raw)} bytes: {explain_failure(raw)}.")
    for rank, each in enumerate(guesses, 1):
        if not as_json:
            named = f"dialect {each.dialects[0]}" if each.dialects else "a dialect of your own"
            click.echo(f"{rank}. framing {each.framing}, {named}")
            for evidence in each.evidence:
                click.echo(f"   - {evidence}")
    if not guesses:
        ctx.exit(1)


@message.group(
    "dialects", invoke_without_command=True, epilog="Example: puntual message dialects check my-host.toml"
)
@json_option
@click.pass_context
def dialects(ctx: click.Context, *, as_json: bool) -> None:
    """List the dialects, framings and profiles that come along; check, import and export dialects."""
    if ctx.invoked_subcommand is not None:
        return
    loaded = [load_dialect(name) for name in shipped_dialects()]
    if as_json:
        print_json(
            [{"name": each.name, "version": each.version, "elements": len(each.fields)} for each in loaded]
        )
        return
    table = Table("dialect", "edition", "type", "bitmap", "elements")
    for each in loaded:
        bitmap = each.bitmaps.encoding.value
        table.add_row(each.name, each.version, each.mti.value, bitmap, str(len(each.fields)))
    Console().print(table)
    click.echo(f"profiles: {', '.join(SHEETS)}")


@dialects.command(epilog="Example: puntual message dialects check my-host.toml")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Tell all that is wrong with a dialect of your own. Exit code 1 if anything is."""
    try:
        dialect = _dialect(str(file)) if file.suffix == ".toml" else _imported(file)
    except Problems as problems:
        click.echo(str(problems))
        ctx.exit(1)
    click.echo(f"{dialect.name}: {len(dialect.fields)} elements, nothing wrong")


@dialects.command("import", epilog="Example: puntual message dialects import packager.xml > my-host.toml")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(file: Path) -> None:
    """Print a jPOS GenericPackager (.xml) or a pyiso8583 specification (.json) as a dialect in TOML."""
    click.echo(to_toml(_imported(file)), nl=False)


def _imported(file: Path) -> Dialect:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".xml":
        return from_jpos(text, file.stem)
    try:
        spec = json.loads(text)
    except json.JSONDecodeError as error:
        raise Problems([DialectError(f"it is no JSON: {error}", where=str(file))], where=str(file)) from error
    if not isinstance(spec, dict):
        raise Problems([DialectError("it is no specification", where=str(file))], where=str(file))
    return from_pyiso8583(spec, file.stem)


@dialects.command(
    "export", epilog="Example: puntual message dialects export iso87-bcd --to jpos > iso87-bcd.xml"
)
@click.argument("dialect")
@click.option(
    "--to", "form", type=click.Choice(["toml", "jpos", "pyiso8583"]), default="toml", show_default=True
)
def export(dialect: str, form: str) -> None:
    """Print a dialect: complete as TOML, as a jPOS GenericPackager, or as a pyiso8583 specification."""
    loaded = _dialect(dialect)
    match form:
        case "jpos":
            click.echo(to_jpos(loaded), nl=False)
        case "pyiso8583":
            print_json(to_pyiso8583(loaded))
        case _:
            click.echo(to_toml(loaded), nl=False)


@message.command(epilog="Example: $(puntual message wireshark --port 8583) -i lo")
@click.option(
    "--dialect", default="iso87-ascii", show_default=True, help="Name of a dialect, or a TOML file."
)
@click.option("--framing", default="bin2", show_default=True)
@click.option("--port", type=int, default=8583, show_default=True)
def wireshark(dialect: str, framing: str, port: int) -> None:
    """Print the tshark command that dissects a listener's traffic."""
    click.echo(shlex.join(tshark_call(_dialect(dialect), framing, port)))


message.add_command(profiles)
