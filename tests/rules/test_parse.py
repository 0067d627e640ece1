# ruff: noqa: E501  (a row of a table is a line)
"""An author sees all his mistakes at once, each with its place and what to do."""

import contextlib
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.amount import Rate, Rounding
from loyalty.card import CardRange
from loyalty.errors import Problems
from rules.evaluate import evaluate
from rules.interpret import interpret
from rules.parse import MAIN, load_programme, parse_programme, restore_programme
from rules.programme import PointsBack, RefundPolicy, Shortfall, WithoutOriginal
from rules.redemption import Redemption
from tests.rules.sales import STARTER, programme, sale

RULE = '[[rule]]\nid = "r"\ntext = "R"\nthen = { points = 1 }\n'
CAMPAIGN = """[campaign]
id = "c"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-06-01 }
"""


def problems(text: str, **campaigns: str) -> list[str]:
    sources = {MAIN: text} | {f"campaigns/{name}.toml": body for name, body in campaigns.items()}
    with pytest.raises(Problems) as caught:
        parse_programme(sources)
    return [str(problem) for problem in caught.value.problems]


def test_the_starter_says_what_it_says() -> None:
    """A deployment that was just made works by these terms."""
    starter = programme()
    assert (starter.terms.currency, starter.terms.unit, starter.terms.unit_code) == ("978", "point", "999")
    assert (str(starter.terms.zone), starter.terms.language, starter.day_starts) == ("UTC", "en", time(0))
    assert starter.card_ranges == (CardRange("6390120000000000", "6390129999999999", luhn=True),)
    assert (starter.base.rate, starter.base.rounding) == (Rate(1, 100), Rounding.DOWN)
    assert starter.redemption == Redemption(Rate(1), 1, Rate(1))
    assert starter.refund == RefundPolicy(PointsBack.FIRST, WithoutOriginal.BASE_RATE, Shortfall.DEBT)
    assert (starter.rules, starter.tiers, starter.campaigns) == ([], (), ())
    assert starter.lot_dates(date(2026, 11, 21)) == (date(2026, 11, 21), date(2028, 11, 21))


@pytest.mark.parametrize(
    ("wait", "last", "end_of_month", "earned_on", "expected"),
    [
        ("14 days", "1 year", "false", date(2026, 2, 28), (date(2026, 3, 14), date(2027, 2, 28))),
        ("0 days", "6 months", "false", date(2026, 8, 31), (date(2026, 8, 31), date(2027, 2, 28))),
        ("0 days", "2 years", "false", date(2024, 2, 29), (date(2024, 2, 29), date(2026, 2, 28))),
        ("1 month", "3 months", "true", date(2026, 1, 31), (date(2026, 2, 28), date(2026, 4, 30))),
        ("0 days", "12 months", "true", date(2026, 12, 1), (date(2026, 12, 1), date(2027, 12, 31))),
        ("0 days", "for ever", "true", date(2026, 1, 1), (date(2026, 1, 1), date.max)),
        ("0 days", "99999 years", "true", date(2026, 1, 1), (date(2026, 1, 1), date.max)),
        ("0 days", "1 day", "false", date.max, (date.max, date.max)),
    ],
)
def test_lot_dates(
    wait: str, last: str, end_of_month: str, earned_on: date, expected: tuple[date, date]
) -> None:
    """Days, months and years, kept inside the month and the calendar."""
    head = {'"0 days"': f'"{wait}"', '"2 years"': f'"{last}"', "= false": f"= {end_of_month}"}
    assert programme(head=head).lot_dates(earned_on) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"1.00" }', "1.00 }", 'earn.rate.per: is a decimal number, which cannot be exact (write it as text: "1.00")'),
        ('"1.00" }', '"1.005" }', "earn.rate.per: has more decimals than currency 978, which has 2"),
        ('"1.00" }', '"0.00" }', "earn.rate.per: must be above zero"),
        ('"1.00" }', '"-1" }', 'earn.rate.per: is not an amount of money (write "3.20")'),
        ('"1.00" }', '"9999999999999" }', 'earn.rate.per: is not an amount of money (write "3.20")'),
        ('"1.00" }', '"99999999999" }', "earn.rate.per: is more than twelve digits"),
        ("points = 1,", "points = 1.5,", "earn.rate.points: is a decimal number, not a whole one (write a whole number)"),
        ("points = 1,", "points = true,", "earn.rate.points: is true or false, not a whole number"),
        ("points = 1,", "points = -1,", "earn.rate.points: is not from 0 to 1000000000000"),
        ("points = 1,", "", "earn.rate.points: is missing (write it)"),
        ("points = 1,", "points = 1, pro = 2,", "earn.rate.pro: is not known here (did you mean per?)"),
        ('rounding = "down"', 'rounding = "dwon"', "earn.rounding: cannot be dwon (did you mean down?)"),
        ('rounding = "down"', "", "earn.rounding: is missing (write it)"),
        ('"978"', '"EUR"', "programme.currency: does not look right: EUR (it must match [0-9]{3})"),
        ('"978"', "978", 'programme.currency: is a whole number, not a text (write it between quotes: "…")'),
        ('time_zone = "UTC"', 'time_zone = "Europe/Madird"',
         "programme.time_zone: Europe/Madird is not a zone (did you mean Europe/Madrid?)"),
        ('time_zone = "UTC"', 'time_zone = "../etc"', "programme.time_zone: ../etc is not a zone"),
        ('time_zone = "UTC"', 'time_zone = "Europe"', "programme.time_zone: Europe is not a zone"),
        ('"00:00"', '"24:60"', 'programme.day_starts: is not a time of day (write "22:00")'),
        ('"Starter"', '"Start\\ner"', "programme.name: is not a text of 1 to 200 printable characters (write it on one line)"),
        ('"Starter"', f'"{201 * "x"}"', "programme.name: is not a text of 1 to 200 printable characters (write it on one line)"),
        ('"978"', '"٩٧٨"', "programme.currency: does not look right: ٩٧٨ (it must match [0-9]{3})"),
        ('time_zone = "UTC"', 'time_zone = "Europa/Köln"', "programme.time_zone: Europa/Köln is not a zone"),
        ('"Starter"', '"A|B"', "programme.name: holds | or a backslash, which have a meaning in messages (write another sign)"),
        ('"Starter"', "'A\\B'", "programme.name: holds | or a backslash, which have a meaning in messages (write another sign)"),
        ("tiers = []", 'tiers = "gold"', "programme.tiers: is not a list"),
        ("tiers = []", 'tiers = ["gòld"]', "programme.tiers: holds 'gòld' (use letters, digits, _ . and -)"),
        ("tiers = []", 'tiers = ["a", "a"]', "programme.tiers: holds a twice"),
        ("tiers = []", "tiers = [1]", 'programme.tiers: holds a whole number, not a text (write it between quotes: "…")'),
        ('last = "6390129999999999"', 'last = "639012999999999"',
         "cards[1].last: ends before it begins, or its ends differ in length"),
        ('check = "luhn"', 'check = "lunh"', "cards[1].check: cannot be lunh (did you mean luhn?)"),
        ('"2 years"', '"2 weeks"', 'points.last: is not a span of time (write "14 days", "6 months" or "2 years")'),
        ('"2 years"', '"0 days"', 'points.last: must be a day at least (write "2 years", or "for ever")'),
        ('"0 days"', '"3 years"', "points.available_after: is later than the last day of the points"),
        ("end_of_month = false", "end_of_month = 0", "points.end_of_month: is a whole number, neither true nor false"),
        ('value = "0.01"', 'value = "0"', "redemption.value: must be above zero"),
        ('value = "0.01"', 'value = "1/2"',
         "redemption.step: of points is worth a part of a minor unit (make it a whole number of them)"),
        ("step = 1 ", "step = 0 ", "redemption.step: is not from 1 to 1000000000000"),
        ('share = "1/1"', 'share = "2/1"', 'redemption.share: is more than the whole ticket (write "1/1" at most)'),
        ('share = "1/1"', 'share = "1/0"', 'redemption.share: is not a fraction (write "1/2")'),
        ('share = "1/1"', "share = 0.5",
         'redemption.share: is a decimal number, which cannot be exact (write it as text or a fraction: "0.5")'),
        ('"base_rate"', '"base"', "refund.without_original: cannot be base (did you mean base_rate?)"),
        ("[refund]", "[refnd]", "refund: is missing (begin a table with [refund])"),
    ],
)  # fmt: skip
def test_problems_of_the_programme(old: str, new: str, expected: str) -> None:
    """Each is told with the file, the key and a hint."""
    assert old in STARTER
    found = problems(STARTER.replace(old, new, 1))
    assert any(each.startswith(f"programme.toml: {expected}") for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("points = 1", "pionts = 1", "rule[1].then.pionts: is not known here (did you mean points?)"),
        ("points = 1", "points = 0", "rule[1].then.points: is not from 1 to 1000000000000"),
        ("points = 1", "points = 1, multiply = 2", "rule[1].then: must give exactly one thing"),
        ("{ points = 1 }", "{}", "rule[1].then: must give exactly one thing"),
        ("points = 1", "multiply = 1", "rule[1].then.multiply: must be above 1 (to give less, write a lower base rate)"),
        ("points = 1", "multiply = 1.5", "rule[1].then.multiply: is a decimal number, which cannot be exact"),
        ("then = { points = 1 }", "", "rule[1].then: is missing"),
        ("then = { points = 1 }", 'then = { tier_points = 1 }\ncap = { points = 9, per = "day" }',
         "rule[1].cap: limits points, and this rule gives none (write count)"),
        ("then = { points = 1 }", 'then = { coupon = "c" }\ncap = { cost = "9", per = "day" }',
         "rule[1].cap: limits money, and this rule gives none (write count)"),
        ("then = { points = 1 }", 'then = { giveaway = "g" }\ncap = { points = 9, per = "day" }',
         "rule[1].cap: limits points, and this rule gives none (write count, or cost)"),
        ('id = "r"', "", "rule[1].id: is missing (write it)"),
        ('id = "r"', 'id = "base"', "rule[1].id: base is the programme's own rate (take another id)"),
        ('id = "r"', 'id = "r r"', "rule[1].id: does not look right: r r"),
        ('text = "R"', "", "rule[1].text: is missing (write it)"),
        ('text = "R"', 'text = "R"\npriorty = 1', "rule[1].priorty: is not known here (did you mean priority?)"),
        ('text = "R"', 'text = "R"\ngroup = "g"', "rule[1].group: g is not a group"),
        ('text = "R"', 'text = "R"\nwhen = {}', "rule[1].when: is empty (write a condition, or leave it out)"),
        ('text = "R"', 'text = "R"\nwhen = { merchnt = "M" }', "rule[1].when.merchnt: is not known here (did you mean merchant?)"),
        ('text = "R"', 'text = "R"\nwhen = { merchant = [] }', "rule[1].when.merchant: is an empty list, so it would never hold"),
        ('text = "R"', 'text = "R"\nwhen = { mcc = 5411 }', "rule[1].when.mcc: holds a whole number, not a text"),
        ('text = "R"', 'text = "R"\nwhen = { mcc = "541" }', "rule[1].when.mcc: cannot hold 541 (write four digits)"),
        ('text = "R"', 'text = "R"\nwhen = { tier = "glod" }', "rule[1].when.tier: cannot hold glod (did you mean gold?)"),
        ('text = "R"', 'text = "R"\nwhen = { weekday = "thu day" }', "rule[1].when.weekday: cannot hold thu day (did you mean thu?)"),
        ('text = "R"', 'text = "R"\nwhen = { channel = "POS" }', "rule[1].when.channel: cannot hold POS (did you mean POSD?)"),
        ('text = "R"', 'text = "R"\nwhen = { amount = { from = 5, below = 5 } }',
         "rule[1].when.amount.below: ends before it begins, so it would never hold (put it above from)"),
        ('text = "R"', 'text = "R"\nwhen = { amount = 5 }', "rule[1].when.amount: is a whole number, not a table"),
        ('text = "R"', 'text = "R"\nwhen = { amount = {} }', "rule[1].when.amount: is an empty range (write from, below, or both)"),
        ('text = "R"', 'text = "R"\nwhen = { amount = { to = 5 } }', "rule[1].when.amount.to: is not known here"),
        ('text = "R"', 'text = "R"\nwhen = { time = { from = "9:00" } }', 'rule[1].when.time.from: is not a time of day (write "22:00")'),
        ('text = "R"', 'text = "R"\nwhen = { time = { from = "09:00", before = 09:00:00 } }',
         "rule[1].when.time.before: is an empty time (for the whole day leave it out)"),
        ('text = "R"', 'text = "R"\nwhen = { period = { from = 2026-06-02, before = 2026-06-02 } }',
         "rule[1].when.period.before: ends before it begins, so it would never hold (put it after from)"),
        ('text = "R"', 'text = "R"\nwhen = { period = { from = 2026-06-02T00:00:00Z } }',
         "rule[1].when.period.from: has a zone (leave it out: the terminal's own clock is meant)"),
        ('text = "R"', 'text = "R"\nwhen = { any = [{ mcc = "5411" }, { mc = "1" }] }',
         "rule[1].when.any[2].mc: is not known here (did you mean mcc?)"),
        ('text = "R"', 'text = "R"\nwhen = { birthday = { days_before = 181 } }',
         "rule[1].when.birthday.days_before: is not from 0 to 180"),
        ('text = "R"', 'text = "R"\nwhen = { counter = { "a b" = { from = 1 } } }',
         "rule[1].when.counter.a b: is not a counter"),
        ('text = "R"', 'text = "R"\nlines = {}', "rule[1].lines: is empty (name products or categories, or leave it out)"),
        ('text = "R"', 'text = "R"\nlines = { categry = "A" }', "rule[1].lines.categry: is not known here (did you mean category?)"),
    ],
)  # fmt: skip
def test_problems_of_rules(old: str, new: str, expected: str) -> None:
    """The place names the rule by its number in the file."""
    text = STARTER.replace("tiers = []", 'tiers = ["gold"]') + RULE.replace(old, new, 1)
    found = problems(text)
    assert any(each.startswith(f"programme.toml: {expected}") for each in found), found


def test_one_mistake_is_told_once() -> None:
    """A number that cannot be read is not too small as well; what there is none of is to be declared."""
    (inexact,) = problems(STARTER + RULE.replace("points = 1", "multiply = 1.5"))
    assert inexact.startswith(
        "programme.toml: rule[1].then.multiply: is a decimal number, which cannot be exact"
    )
    assert problems(STARTER + RULE.replace('text = "R"', 'text = "R"\nwhen = { tier = "gold" }')) == [
        "programme.toml: rule[1].when.tier: cannot hold gold (the programme has none: declare it first)"
    ]


def test_all_problems_are_told_at_once() -> None:
    """In every file, not only the first."""
    text = STARTER.replace('rounding = "down"', "").replace("step = 1 ", 'step = "x" ')
    assert problems(text, a="[campain]", b=CAMPAIGN.replace('state = "active"', 'state = "on"') + "[x]") == [
        "programme.toml: earn.rounding: is missing (write it)",
        "programme.toml: redemption.step: is a text, not a whole number",
        "campaigns/a.toml: campaign: is missing (begin the file with [campaign])",
        "campaigns/a.toml: campain: is not known here (did you mean campaign?)",
        "campaigns/b.toml: campaign.state: cannot be on (known are active, checked, draft, ended, paused, scheduled)",
        "campaigns/b.toml: x: is not known here (known are campaign, coupon, rule)",
    ]


def test_campaigns_must_say_what_they_are() -> None:
    """Nature, category, state and period are not optional, and funding is the whole cost."""
    assert problems(STARTER, c='[campaign]\nid = "c"\n') == [
        "campaigns/c.toml: campaign.period: is missing (write period = { from = 2026-06-01, before = 2026-09-01 })",
        "campaigns/c.toml: campaign.text: is missing (write it)",
        "campaigns/c.toml: campaign.nature: is missing (write it)",
        "campaigns/c.toml: campaign.category: is missing (write it)",
        "campaigns/c.toml: campaign.state: is missing (write it)",
    ]
    funded = (
        CAMPAIGN
        + 'funding = [{ partner = "A", basis_points = 6000 }, { partner = "B", basis_points = 3999 }]\n'
    )
    assert problems(STARTER, c=funded) == [
        "campaigns/c.toml: campaign.funding: does not sum to 10,000 basis points (divide the whole cost)"
    ]
    assert problems(STARTER, c=funded.replace('"B"', '"A"').replace("3999", "4000")) == [
        "campaigns/c.toml: campaign.funding: names somebody twice (write what he bears together)"
    ]


def test_ids_are_unique_and_ties_are_refused() -> None:
    """The order of evaluation must be what the author wrote, not what the ids happen to be."""
    assert problems(STARTER + RULE, c=CAMPAIGN + RULE) == [
        "programme.toml: rule: two rules have the id r (give each its own)"
    ]
    assert problems(STARTER, c=CAMPAIGN, d=CAMPAIGN) == [
        "programme.toml: campaign: two campaigns have the id c (give each its own)"
    ]
    group = '[[group]]\nid = "g"\npick = "first"\n'
    first, second = (RULE.replace('"r"', f'"{name}"') + 'group = "g"\n' for name in "ab")
    assert problems(STARTER + group + first + second) == [
        (
            "programme.toml: rule[2].priority: is that of a too, in a group that takes the first "
            "(give them different priorities)"
        )
    ]
    other = second.replace("points = 1", "multiply = 2") + "priority = 1\n"
    assert problems(STARTER + group + first + other) == [
        (
            "programme.toml: rule[2].group: gives another kind of thing than the other rules of its group "
            "(let only rules compete that could stand for each other)"
        )
    ]


def test_what_is_no_toml_is_told_with_its_line() -> None:
    """A slip of the pen, a file that is not text, numbers and brackets without end."""
    assert problems("a = [") == ["programme.toml: is not TOML: Invalid value (at end of document)"]
    hint = "look for numbers of thousands of digits, and brackets inside brackets"
    for endless in ("9", "["):
        told = problems("a = " + endless * 5000)
        assert told == [f"programme.toml: is not TOML that can be read ({hint})"]


def test_loading_takes_the_campaigns_beside_it(tmp_path: Path) -> None:
    """In the order of their names; what cannot be read is a problem like any other."""
    main = tmp_path / MAIN
    main.write_text(STARTER)
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns" / "c.toml").write_text(CAMPAIGN + RULE)
    loaded = load_programme(main)
    assert [rule.campaign for rule in loaded.rules] == ["c"]
    (tmp_path / "campaigns" / "d.toml").write_bytes(b"# \xff")
    (tmp_path / "campaigns" / "e.toml").mkdir()
    with pytest.raises(Problems) as caught:
        load_programme(main)
    assert str(caught.value) == (
        "campaigns/d.toml: is not UTF-8 at byte 2, in line 1 (save it as UTF-8)\n"
        "campaigns/e.toml: cannot be read: Is a directory"
    )


def test_a_mark_of_the_byte_order_is_no_part_of_a_file(tmp_path: Path) -> None:
    """Some editors write one; it means nothing in UTF-8."""
    (tmp_path / "campaigns").mkdir()
    versions = []
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / MAIN).write_text(STARTER, encoding)
        (tmp_path / "campaigns" / "c.toml").write_text(CAMPAIGN + RULE, encoding)
        versions.append(load_programme(tmp_path / MAIN).version)
    assert versions[0] == versions[1]


def test_an_id_that_is_wrong_is_told_once() -> None:
    told = problems(STARTER + RULE.replace('id = "r"', 'id = "an id"'))
    assert [each for each in told if ".id: " in each] == [
        "programme.toml: rule[1].id: does not look right: an id (it must match [A-Za-z0-9][A-Za-z0-9_.-]{0,39})"
    ]


def test_the_version_is_of_what_is_said() -> None:
    """Comments and layout do not change it; anything else does, and so does a rule's place in the file."""
    starter = programme()
    assert starter.version == "eccba26b276d"
    assert programme(head={"# Campaigns go": "# Campaigns now go"}).version == starter.version
    assert programme(head={'rounding = "down"': 'rounding="down"'}).version == starter.version
    assert programme(head={"step = 1 ": "step = 2 "}).version != starter.version


def test_a_programme_is_restored_from_its_text() -> None:
    """Late advices and refunds are decided by the programme of their time."""
    rules = RULE.replace(
        "then",
        "when = { time = { from = 22:00:00, before = 02:00:00 }, period = { from = 2026-06-01T08:00:00 } }\nthen",
    )
    made = programme(rules, tiers='"gold"', c=CAMPAIGN.replace("2026-06-01", "2026-06-02"))
    assert restore_programme(made.text) == made


@pytest.mark.parametrize(
    "says",
    [
        "when = {}",
        "when = { any = [] }",
        'when = { all = [], not = [], amount = { below = "90.00" } }',
        "when = { channel = [] }",
        'when.channel = ["POSD", "POSD"]',
        'when.mcc = "541"',
        "when.amount = {}",
        'when.amount = { from = "2.00", below = "1.00" }',
        'when.amount = { from = "5.00", below = "5.00" }',
        "when.age = { from = 30, below = 18 }",
        'when.counter."visits.month" = { from = 2, below = 1 }',
        "when.rfmp = {}",
        "when.rfmp.r = { from = 9 }",
        "when.time = []",
        "when.period = {}",
        'when.period = { from = "20260101", before = "2027-W01-1" }',
        "when.period = { from = 2026-06-01, before = 2026-05-01 }",
        'when.calendar = "free"',
        "lines = {}",
        "lines = { product = [] }",
        "lines.except_category = []",
        "cap = []",
        'when.coupon = "nowhere"',
        'group = "one"',
    ],
)
def test_what_was_in_force_is_restored_and_decides(says: str) -> None:
    """Whatever authors may no longer write keeps its meaning, and the table agrees about it."""
    days = '[[calendar]]\nid = "free"\ndays = ["20260227"]\n' if "calendar" in says else ""
    group = '[[group]]\nid = "one"\npick = "first"\n' if "group" in says else ""
    other = 'group = "one"\n' if group else ""
    second = RULE.replace('"r"', '"s"')
    rules = f"{days}{group}{RULE}{says}\n{second}{other}"
    sources = {MAIN: f"{STARTER}\n{rules}"}
    with pytest.raises(Problems):
        parse_programme(sources)
    made = parse_programme(sources, is_restored=True)
    assert restore_programme(made.text) == made
    for facts in (sale("8.00"), sale("95.00 lines=FRESH:95.00 birthday=1990-01-01 at=2026-02-27T09:00")):
        assert evaluate(made, facts) == interpret(made, facts)


@given(text=st.text(max_size=60), at=st.integers(0, len(STARTER)), cut=st.integers(0, 80))
def test_no_file_raises_anything_else(text: str, at: int, cut: int) -> None:
    """Whatever is written over a good programme, it loads or is told as problems."""
    with contextlib.suppress(Problems):
        parse_programme({MAIN: STARTER[:at] + text + STARTER[at + cut :]})
