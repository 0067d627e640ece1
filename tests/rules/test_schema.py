"""The schema for editors accepts what loads, and knows every word."""

import json
import re
import tomllib
from datetime import date, datetime, time
from importlib.resources import files
from typing import Any

import pytest

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
    ],
)
def test_mistakes_in_rules_are_seen_while_typing(rule: str) -> None:
    """Down to conditions inside conditions."""
    schema = programme_schema()
    assert not accepts(schema, document(f"{STARTER}\n[[rule]]\n{rule}\n"), schema)
