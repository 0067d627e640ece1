"""The schema for editors accepts what loads, and knows every word."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
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
    if not _composed(schema, value, root):
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
            return _accepts_table(schema, value, root)
        case list():
            different = {json.dumps(each) for each in value} if "uniqueItems" in schema else value
            return len(different) == len(value) >= schema.get("minItems", 0) and all(
                accepts(schema.get("items", {}), each, root) for each in value
            )
        case str():
            return re.search(schema.get("pattern", ""), value) is not None
        case int():
            return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
        case _:
            return True


def _composed(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    def so(each: dict[str, Any]) -> bool:
        return accepts(each, value, root)

    branch = ("then" if so(schema["if"]) else "else") if "if" in schema else ""
    return (
        ("oneOf" not in schema or sum(map(so, schema["oneOf"])) == 1)
        and ("anyOf" not in schema or any(map(so, schema["anyOf"])))
        and all(map(so, schema.get("allOf", ())))
        and ("not" not in schema or not so(schema["not"]))
        and (not branch or so(schema.get(branch, {})))
    )


def _accepts_table(schema: dict[str, Any], table: dict[str, Any], root: dict[str, Any]) -> bool:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    others = schema.get("additionalProperties", {})
    if not (
        set(schema.get("required", ())) <= set(table)
        and schema.get("minProperties", 0) <= len(table) <= schema.get("maxProperties", 1000)
        and all(
            set(needed) <= set(table)
            for key, needed in schema.get("dependentRequired", {}).items()
            if key in table
        )
    ):
        return False
    for key, each in table.items():
        meant = [known[key]] if key in known else []
        meant += [its for pattern, its in patterns.items() if re.search(pattern, key)]
        if not meant and others is False:
            return False
        if not all(accepts(its, each, root) for its in meant or [others]):
            return False
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
        'id = "r"\ntext = "R"\nthen = { multiply = 1 }',
        'id = "r"\ntext = "R"\nthen = { multiply = "0.5" }',
        'id = "r"\ntext = "R"\nthen = { discount = "1.01" }',
        'id = "r"\ntext = "R"\nthen = { redeem = { share = 2 } }',
        'id = "r"\ntext = "R"\nthen = { redeem = { value = "0/7" } }',
        'id = "r"\ntext = "R"\nthen = { discount = "1/2" }\ncap = { points = 1, per = "day" }',
        'id = "r"\ntext = "R"\nthen = { message = "M" }\nmargin_floor_bp = 1',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\narm = "A"',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\ncap = { points = 1, per = "367 days" }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen.counter = { "visit.month" = { from = 1 } }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen.counter = { "visits.month" = { from = "1.00" } }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen.counter = { "spend.30d" = { every = 2 } }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen.channel = ["POSD", "POSD"]',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen.counter = { "points.year" = { every = 100 } }',
        'id = "r"\ntext = "R"\nthen = { points = 1 }\nwhen.counter = { "days_since.visit" = { every = 7 } }',
        'id = "r"\ntext = "R"\nthen = { tier_points = 5 }\ncap = { points = 9, per = "day" }',
        'id = "r"\ntext = "R"\nthen = { tier_points = 5 }\ncap = { cost = "9", per = "day" }',
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
    None, 0, 1, -1, 2, 3, 7, 10**13, True, False, "", "x", "0", "1", "00", "1.00", "0.00", "0.5", "0.005",
    "1/2", "0/1", "1/0", "1/1", "3/2", "|", 1.5, [], {}, ["x"], ["1"], [1], ["x", "x"], [{}], [[]],
    date(2026, 1, 1), time(8), "2026-01-01", "2026-13-01", "2026-01-01T08:00", "2026-01-01T25:00", "20260101",
    "08:00", "24:00", "25:00", "14 days", "0 days", "400 days", "for ever", "5 minutes", "any", "gold",
    "visits", "CASH", {"from": 1}, {"from": "1.00"}, {"before": "08:00"}, {"from": 2, "below": 1},
    {"x": {"from": 1}}, {"gold": 1}, {"points": 1, "per": "1.00"}, {"points": 1, "per": "0.00"},
    {"refuse": "NO_WAY"},
)  # fmt: skip
ONLY_THE_LOADER_SEES = re.compile(
    "is a date or time|holds a date or time|holds something that is no day|is not a date or a date and time"
    "|cannot hold|is not declared|is not a tier|is not a group|which is not (declared|there)|is not a zone"
    "|which only says what may be"
    "|two .* have the id|is another p|is a code of"
    "|ends before it begins|is an empty time|is later than|asks no more"
    "|has more decimals|is more than twelve digits|turned into a coupon"
    "|must be above 1|is not a part of the price|is more than the whole ticket"
    "|sum to 10,000|is not a whole number of steps|worth a part of a minor unit|paces no budget"
    "|is that of .* too|another kind of thing|limits what budget_daily|limits the same twice"
    "|is of no experiment|is of a group that takes the best|overlaps another range|is no card of stamps"
    "|a point is worth nothing|there is no products.csv|is about no product|needs two tiers"
    "|qualification.from.*is (missing|not known here)"
)  # as docs/programme.md tells


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


CHANGES = st.sampled_from(sorted(PLACES.values(), key=str)), st.sampled_from(ANYTHING)


@given(place=CHANGES[0], value=CHANGES[1])
@settings(max_examples=200)
def test_an_editor_marks_what_does_not_load(place: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in the place of a value (None: it is left out), schema and loader agree about it.

    Apart from what a schema cannot know, and the page for authors tells.
    """
    documents = pages()
    table: Any = documents
    for key in place[:-1]:
        table = table[key]
    if value is None:
        del table[place[-1]]
    else:
        table[place[-1]] = value
    texts = {name: toml(its) for name, its in documents.items()}
    schema = programme_schema() if place[0] == MAIN else campaign_schema()
    accepted = accepts(schema, document(texts[place[0]]), schema)
    try:
        parse_programme(texts)
    except Problems as error:
        unseen = [str(each) for each in error.problems if not ONLY_THE_LOADER_SEES.search(str(each))]
        assert not (accepted and unseen), unseen
    else:
        assert accepted, texts
