"""Whatever a programme says can be read from its tables."""

import contextlib
import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from loyalty.errors import Problems
from rules.describe import describe_rule
from rules.names import PRODUCTS
from rules.outline import Listing, outline
from rules.parse import MAIN, parse_programme, restore_programme
from rules.schema import campaign_schema, programme_schema
from tests.rules.sales import STARTER
from tests.rules.test_docs import blocks

# What the page for authors says in words, or as one of many.
MORE = """
[[rule]]
id = "where"
text = "Of all [these] & <those>"
group = "some"
priority = 3
when = { acquirer = "00000000001", merchant = "M", store = "S", terminal = "T", cashier = "C", mcc = "5411" }
then = { points_per_amount = "1/50" }
[[rule]]
id = "who"
text = "Who"
when = { card_category = "ACC", card_type = "rfid", card_status = "issued", role = "child", kind = "person" }
then = { unit_price = "1.00" }
lines = { product = "p1", except_brand = "acme", units = { from = 2 } }
margin_floor_bp = 1250
[[rule]]
id = "how"
text = "How"
when.all = [{ entry_mode = "chip", pos_condition = "01" }, { tender = "CASH" }]
when.not = { ticket = { from = "3.00" }, currency = "978" }
then = { points = 4 }
[[rule]]
id = "has"
text = "Has"
when = { balance = { from = 10, below = 20 }, expiring = { days = 30, from = 5, below = 9 } }
then = { points = 4 }
[[rule]]
id = "bands"
text = "Bands"
when = { rfmp = { r = { from = 4 }, f = { from = 3 }, m = { from = 2, below = 5 }, p = { below = 4 } } }
then = { points = 4 }
[[rule]]
id = "what"
text = "What"
when = { has_product = "a", has_category = "b", has_brand = "acme", has_supplier = "sup" }
then = { points = 4 }
lines = { brand = "acme", supplier = "sup", except_supplier = "none" }
[[rule]]
id = "together"
text = "Together"
when = { has_all_products = ["a", "b"], has_all_categories = ["c", "d"] }
then = { points = 4 }
[[rule]]
id = "sets"
text = "Sets"
when = { has_product_set = "sweets" }
lines = { category = "FRUIT", except_product_set = "sweets" }
then = { points = 4 }
[[product_set]]
id = "sweets"
product = "p3"
brand = "other"
supplier = "none"
[[group]]
id = "some"
pick = "first"
take = 2
"""
GOODS = [["a", "FRUIT", "acme", "sup", 100], ["p1", "", "acme", "none", 50], ["p2", "", "other", "sup", 50]]
DRAFT = """
[campaign]
id = "winter"
text = "Winter"
nature = "points"
category = "seasonal"
state = "{state}"
period = {{ from = 2026-12-01 }}
[[rule]]
id = "cold"
text = "Cold days"
then = {{ points = 7 }}
"""
# What names something of the same programme, or has to fit another number of it.
REFERENCES = {
    "product_set", "except_product_set", "has_product_set", "mcc_family",
    "nature", "metric", "uses", "tier", "tiers", "to", "calendar", "day_part", "group", "free_for_stamps",
    "giveaway", "arm", "A", "B", "control", "basis_points", "first", "step", "except_brand",
    "has_brand", "brand",
}  # fmt: skip
Path = tuple[str | int, ...]


def sample() -> dict[str, Any]:
    """All that the page for authors shows, and more, as a canonical text has it."""
    (main,), (qualification,) = blocks(""), blocks(" qualification")
    files = {MAIN: main + "".join(blocks(" rules")) + MORE + qualification}
    files |= {f"campaigns/{number}.toml": text for number, text in enumerate(blocks(" campaign"))}

    def plain(value: object) -> str:
        assert isinstance(value, date | datetime | time)
        return value.isoformat()

    read = {name: tomllib.loads(text) for name, text in files.items()}
    made: dict[str, Any] = json.loads(json.dumps(read, default=plain))
    made[MAIN]["qualification"]["metric"] = "profit"  # so all goods are kept, whatever a rule asks
    return made | {PRODUCTS: GOODS}


def parts(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """The programme without rules, with one at a time, with one campaign; each with where it is new."""
    main = document[MAIN]
    bare = {**document, MAIN: {key: value for key, value in main.items() if key != "rule"}}
    campaigns = [name for name in document if name.startswith("campaigns/")]
    for name in campaigns:
        del bare[name]
    yield bare, (MAIN,)
    for rule in main["rule"]:
        yield {**bare, MAIN: {**main, "rule": [rule]}}, (MAIN, "rule")
    for name in campaigns:
        yield {**bare, name: document[name]}, (name,)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to each value that is no table and no list."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def otherwise(value: Any) -> Iterator[Any]:
    """What could stand in the place of *value*."""
    if isinstance(value, int):
        yield from (not value,) if isinstance(value, bool) else (value + 1, value - 1, value * 2)
        return
    with contextlib.suppress(ValueError):
        yield (date.fromisoformat(value) + timedelta(days=1)).isoformat()
    for at, char in enumerate(value):
        if char in "12345678":
            yield f"{value[:at]}{int(char) + 1}{value[at + 1 :]}"
    yield from (
        "UTC",
        "en",
        "rule",
        "refuse",
        "negative",
        "discount",
        "pro_rata",
        "visits",
        "year",
        "scheduled",
    )
    yield from (
        "CASH",
        "CARD",
        "ECOM",
        "POSD",
        "member",
        "parent",
        "active",
        "manual",
        "tue",
        "first",
        "one",
        "none",
    )
    yield from (
        "first_purchase",
        "half_up",
        "product",
        "control",
        "organization",
        "REDEEM",
        "loyalty",
        "mixed",
        "999",
        "08:30",
    )
    yield f"{value}x"


def shown(document: dict[str, Any]) -> tuple[str, list[Listing]]:
    made = restore_programme(json.dumps(document, sort_keys=True, separators=(",", ":")))
    return made.name, outline(made)


def tried(document: dict[str, Any], within: Path) -> Iterator[tuple[Path, bool | None]]:
    """Of each value below *within* whether writing it otherwise can be seen; ``None``: nobody can."""
    before = shown(document)
    for path in leaves(document):
        if path[: len(within)] != within:
            continue
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        value, is_seen = place[path[-1]], None
        for other in otherwise(value):
            place[path[-1]] = other
            with contextlib.suppress(Problems, AssertionError):  # it asks for goods that nobody kept
                is_seen = other == value or shown(document) != before
                if other != value:
                    break
        place[path[-1]] = value
        yield path, is_seen


def words(schema: Any) -> Iterator[str]:
    """Every key that *schema* knows."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for inner in schema.values():
            yield from words(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from words(inner)


def test_every_word_can_be_seen() -> None:
    """Whatever is written otherwise is shown otherwise, whatever the schema knows is tried."""
    document = sample()
    seen: dict[Path, bool | None] = {}
    known = set(words([programme_schema(), campaign_schema()]))
    for number, (part, within) in enumerate(parts(document)):
        seen |= {(number, *path): is_seen for path, is_seen in tried(part, within)}
    assert known <= {key for path in seen for key in path}
    assert [path for path, is_seen in seen.items() if is_seen is False] == []
    fixed = {path[-1] if isinstance(path[-1], str) else path[-2] for path, ok in seen.items() if ok is None}
    assert fixed <= REFERENCES


def test_rules_of_campaigns_that_do_not_count_are_shown() -> None:
    """With the state of theirs; in a programme beside the deployment's own too."""
    other = STARTER.replace("63901200", "63901300").replace("63901299", "63901399")
    draft = DRAFT.format(state="draft")
    files = {
        MAIN: STARTER,
        "programmes/cafe/programme.toml": other,
        "programmes/cafe/campaigns/w.toml": draft,
    }
    (row,) = next(
        each for each in outline(parse_programme(files), "cafe") if each.columns[:1] == ("lane",)
    ).rows
    assert row == ("bonus", "cold\nCold days", "campaign winter, draft", "plus 7")
    files["programmes/cafe/campaigns/w.toml"] = DRAFT.format(state="active")
    (row,) = next(
        each for each in outline(parse_programme(files), "cafe") if each.columns[:1] == ("lane",)
    ).rows
    assert row[2] == "campaign winter"


def test_days_that_follow_one_another_are_told_together() -> None:
    """A calendar of a year can be read."""
    text = '[[calendar]]\nid = "c"\ndays = [2026-12-31, 2027-01-01, 2026-12-24, 2027-01-03]\n'
    (calendars,) = [
        each for each in outline(parse_programme({MAIN: STARTER + text})) if each.title == "Calendars"
    ]
    assert calendars.rows == (("c", "2026-12-24, 2026-12-31 to 2027-01-01, 2027-01-03"),)


def test_long_lists_can_be_read() -> None:
    """All of what a person can still read; where a decision is explained the first few are enough."""
    names = [f"p{number:03}" for number in range(300)]
    rule = '[[rule]]\nid = "r"\ntext = "R"\nthen = {{ points = 1 }}\nlines = {{ product = {} }}\n'
    for count, end in ((200, "p198 or p199"), (300, "p198 or 101 more")):
        made = parse_programme({MAIN: STARTER + rule.format(names[:count])})
        (row,) = next(each for each in outline(made) if each.columns[:1] == ("lane",)).rows
        assert row[2].endswith(end)
        assert describe_rule(made.rules[0], "978").endswith(f"p003 or {count - 4} more")
