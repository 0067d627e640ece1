"""A listener's traffic in Wireshark: its own ISO 8583 dissector, told what a dialect needs."""

from messages.errors import DialectError
from messages.framing import framing_named
from messages.spec import Dialect, Encoding


def tshark_call(dialect: Dialect, framing: str, port: int) -> list[str]:
    """The words of a ``tshark`` command that dissects *port*.

    Raises:
        DialectError: The dissector cannot read this dialect or framing.
    """
    where = f"{dialect.name} over {framing}"
    frame = framing_named(framing)
    plain = (
        frame.length is Encoding.BINARY
        and frame.width == 2
        and not (frame.lead or frame.reserved or frame.end)
    )
    if not plain or "+" in framing or frame.includes:
        raise DialectError("Wireshark reads two bytes of length and nothing else", where=where)
    if dialect.version != "1987" or dialect.mti is Encoding.EBCDIC:
        raise DialectError("Wireshark reads ISO 8583:1987 in ASCII or packed digits", where=where)
    packed = dialect.mti is Encoding.BCD
    binary = dialect.bitmaps.encoding is Encoding.BINARY
    numbers = "Digits represented in nibbles" if packed else "Digits represented as ASCII Characters"
    bits = "Bin data not encoded" if binary else "Bin data represented as Hex Ascii characters"
    return [
        "tshark",
        "-d",
        f"tcp.port=={port},iso8583",
        "-o",
        "iso8583.len_endian:Big endian",
        "-o",
        f"iso8583.charset:{numbers}",
        "-o",
        f"iso8583.binencode:{bits}",
        "-V",
    ]
