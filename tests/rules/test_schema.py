"""The schema for editors accepts what loads, and knows every word."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.errors import Problems
from rules.parse import MAIN, parse_programme
from rules.schema import campaign_schema, programme_schema
from tests.rules.sales import STARTER
from tests.rules.test_docs import blocks

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def accepts(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    """The part of JSON Schema that ours use."""
    if "$ref" in schema:
        return accepts(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "oneOf" in schema and sum(accepts(each, value, root) for each in schema["oneOf"]) != 1:
        return False
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        return False
    if "type" in schema and (
        not isinstance(value, TYPES[schema["type"]])
        or (schema["type"] == "integer" and isinstance(value, bool))
    ):
        return False
    match value:
        case dict():
            known = schema.get("properties", {})
            others = schema.get("additionalProperties", {})
            return (
                set(schema.get("required", ())) <= set(value)
                and schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 1000)
                and all(
                    accepts(known[key], each, root)
                    if key in known
                    else isinstance(others, dict) and accepts(others, each, root)
                    for key, each in value.items()
                )
            )
        case list():
            return len(value) >= schema.get("minItems", 0) and all(
                accepts(schema.get("items", {}), each, root) for each in value
            )
        case str():
            return re.search(schema.get("pattern", ""), value) is not None
        case int():
            return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
        case _:
            return True


def document(text: str) -> Any:
    """The TOML as an editor sees it: dates and times are texts."""

    def plain(value: object) -> str:
        assert isinstance(value, date | datetime | time)
        return value.isoformat()

    return json.loads(json.dumps(tomllib.loads(text), default=plain))


def test_what_loads_is_accepted() -> None:
    """The starters, and all that the page for authors shows."""
    schema = programme_schema()
    (main,), rules = blocks(""), blocks(" rules")
    starters = [path.read_text("utf-8") for path in files("rules").joinpath("starters").iterdir()]
    for text in (STARTER, main + "".join(rules), *starters):
        assert accepts(schema, document(text), schema)
    for campaign in blocks(" campaign"):
        assert accepts(campaign_schema(), document(campaign), campaign_schema())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('check = "luhn"', 'check = "lunh"'),
        ('"1.00" }', "1.5 }"),
        ('"1.00" }', '"a lot" }'),
        ("step = 1 ", "step = 0 "),
        ("[refund]", "[refnd]"),
        ('unit = "point" ', 'unit = "point"\nunti = "x" '),
        ('share = "1/1"', 'share = "half"'),
        ('shortfall = "debt"', ""),
        ('"2 years"', '"2 weeks"'),
    ],
)
def test_mistakes_are_seen_while_typing(old: str, new: str) -> None:
    """Each is a mistake for the loader too."""
    assert old in STARTER
    schema = programme_schema()
    assert not accepts(schema, document(STARTER.replace(old, new)), schema)


@pytest.mark.parametrize(
    "rule",
    [
        'id = "r"\ntext = "R"\nthen = {}',
        'id = "r"\ntext = "R"\nthen = { points = 1, multiply = 2 }',
        'id = "r"\ntext = "R"\nthen = { pionts = 1 }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = { mcc = "541" }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = { any = [{ weekday = "Tuesday" }] }',
        'text = "R"\nthen = { points = 1 }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\ncap = { points = 1 }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = {}',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = { any = [] }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = { amount = {} }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = { time = { from = "25:00" } }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen = { period = { from = "20260101" } }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nlines = {}',
        'id = "r"\ntext = "R"\nthen = { certificate = "0.00" }',
        'id = "r"\ntext = "R"\nthen = { discount = "1/0" }',
        'id = "r"\ntext = "R"\nthen = { free_of = 1 }',
        'id = "r"\ntext = "R"\nthen = { points = 1000000000001 }',
    ],
)
def test_mistakes_in_rules_are_seen_while_typing(rule: str) -> None:
    """Down to conditions inside conditions; the loader refuses each of them too."""
    schema = programme_schema()
    text = f"{STARTER}\n[[rule]]\n{rule}\n"
    assert not accepts(schema, document(text), schema)
    with pytest.raises(Problems):
        parse_programme({MAIN: text})


ANYTHING: tuple[Any, ...] = (
    None, 0, 1, -1, 2, 10**13, True, False, "", "x", "0", "1", "1.00", "0.5", "1/2", "0/1", "1/0", "3/2", "|",
    1.5, [], {}, ["x"], ["1"], [1], date(2026, 1, 1), time(8), "2026-01-01", "2026-01-01T08:00",
    "20260101", "08:00", "24:00", "25:00", "14 days", "0 days", "4000 days", "for ever", "5 minutes", "any",
    "gold", "visits", "CASH", {"from": 1}, {"from": "1.00"}, {"before": "08:00"},
    {"points": 1, "per": "1.00"},
)  # fmt: skip


def pages() -> dict[str, Any]:
    """All that the page for authors shows, as files."""
    main = "".join(blocks("") + blocks(" rules") + blocks(" qualification"))
    campaigns = {f"campaigns/{at}.toml": text for at, text in enumerate(blocks(" campaign"))}
    texts = {MAIN: main, **campaigns}
    return {name: tomllib.loads(text) for name, text in texts.items()}


def toml(table: dict[str, Any]) -> str:
    """*table* as a file."""
    return "".join(f"{json.dumps(key)} = {_inline(each)}\n" for key, each in table.items())


def _inline(value: Any) -> str:
    match value:
        case dict():
            return (
                "{" + ", ".join(f"{json.dumps(key)} = {_inline(each)}" for key, each in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case date() | time():
            return value.isoformat()
        case _:
            return json.dumps(value)


def places(document: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside, once for all entries of a list."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in inside:
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *way) for way in places(value))


PLACES = {
    (name, *(0 if isinstance(key, int) else key for key in way)): (name, *way)
    for name, document in pages().items()
    for way in places(document)
}


@given(place=st.sampled_from(sorted(PLACES.values(), key=str)), value=st.sampled_from(ANYTHING))
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_an_editor_marks_nothing_that_loads(place: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in the place of a value: it is a problem, or the schema accepts it. None: left out."""
    documents = pages()
    table: Any = documents
    for key in place[:-1]:
        table = table[key]
    if value is None:
        del table[place[-1]]
    else:
        table[place[-1]] = value
    texts = {name: toml(its) for name, its in documents.items()}
    try:
        parse_programme(texts)
    except Problems:
        return
    schema = programme_schema() if place[0] == MAIN else campaign_schema()
    assert accepts(schema, document(texts[place[0]]), schema), texts
