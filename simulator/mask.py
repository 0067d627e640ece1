"""What may be shown of a message: everything but cards, tracks, codes and keys."""

from typing import Final

from simulator.private import BASKET_ELEMENTS, TAG_NAMES, read_tags
from simulator.wire import Elements, WireError, name_of

HIDDEN: Final = "****"
# Track 3 and 1, PIN, security control, chip data, MACs: nothing of them is shown.
_SECRET_ELEMENTS: Final = frozenset({"34", "36", "45", "52", "53", "55", "64", "102", "103", "128"})
_SECRET_TAGS: Final = frozenset({"014"})
# What the profile makes of elements that the standard reserves.
_OWN_NAMES: Final = {"62": "Receipt text", "63": "Basket"} | dict.fromkeys(
    BASKET_ELEMENTS[1:], "Basket, continued"
)


def masked_rows(elements: Elements) -> dict[str, tuple[str, str]]:
    """Name and masked value of each element by its number, in order; tags of DE 48 as ``48.050``."""
    rows = {"t": (name_of("t"), shown(elements["t"]))}
    for number in sorted((number for number in elements if number.isdecimal()), key=int):
        text = elements[number]
        if number == "48":
            rows |= _tag_rows(text)
        else:
            name = _OWN_NAMES.get(number) or name_of(number)
            rows[number] = (name, masked_element(number, text))
    return rows


def masked_element(number: str, text: str) -> str:
    """What may be shown of element *number*."""
    if number in BASKET_ELEMENTS:
        return _basket_summary(number, text)
    if number == "2":
        return masked_number(text)
    if number == "35":
        return _masked_track(text)
    return HIDDEN if number in _SECRET_ELEMENTS else shown(text)


def masked_tag(tag: str, value: str) -> str:
    """What may be shown of tag *tag* of DE 48."""
    if tag == "010":
        return shown(value[:4]) + " " + masked_number(value[4:])
    if tag == "011":
        return _masked_track(value)
    if tag == "012":
        return masked_number(value)
    return HIDDEN if tag in _SECRET_TAGS else shown(value)


def masked_number(number: str) -> str:
    """*number* with its last four characters; nothing of one that has fewer than eight."""
    if len(number) < 8:
        return HIDDEN
    return "*" * (len(number) - 4) + shown(number[-4:])


def shown(text: str) -> str:
    """*text* with a dot for every character that does not print."""
    return "".join(character if " " <= character <= "~" else "." for character in text)


def _masked_track(text: str) -> str:
    number, separator, rest = text.replace("D", "=").partition("=")
    return masked_number(number) + separator + (HIDDEN if rest else "")


def _tag_rows(text: str) -> dict[str, tuple[str, str]]:
    try:
        tags = read_tags(text)
    except WireError as error:
        return {"48": ("Additional data", f"unreadable: {error.where}")}
    rows: dict[str, tuple[str, str]] = {}
    for tag, value in tags:
        name, before = rows.get(f"48.{tag}", (TAG_NAMES.get(tag, "unknown tag"), ""))
        rows[f"48.{tag}"] = (
            name,
            f"{before}, {masked_tag(tag, value)}" if before else masked_tag(tag, value),
        )
    return rows


def _basket_summary(number: str, text: str) -> str:
    count = text[:3] if number == "63" else ""
    lines = f"{int(count)} line{'s' if int(count) != 1 else ''}, " if count.isdecimal() else ""
    return f"{lines}{len(text)} characters"
