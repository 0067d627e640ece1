"""Rules on what points pay, as their authors write, check and read them."""

from dataclasses import replace

import pytest

from loyalty.amount import Rate
from loyalty.errors import Problems
from rules.describe import describe_redemption
from rules.experiment import HOLDOUT
from rules.explain import why_not
from rules.lint import lint
from rules.parse import restore_programme
from rules.programme import Programme
from rules.redeem import as_rung_up, redemption_in, terms_of
from rules.redemption import Redemption
from rules.schema import programme_schema
from tests.rules.sales import STARTER, programme, sale
from tests.rules.test_schema import accepts, document


def rules(*each: str) -> str:
    """Rules ``a``, ``b`` …: the terms, and after a bar what is asked."""
    made = ""
    for name, row in zip("abcdefgh", each, strict=False):
        terms, _, asks = row.partition("|")
        when = f"when = {{ {asks} }}\n" if asks else ""
        made += f'[[rule]]\nid = "{name}"\ntext = "R"\n{when}then = {{ redeem = {{ {terms} }} }}\n'
    return made


def terms(text: str) -> Redemption:
    return terms_of(programme(rules(text)), "a")


def test_what_a_rule_does_not_say_is_as_the_programme_has_it() -> None:
    """Each word alone, and all of them."""
    own = Redemption(Rate(1), 1, Rate(1), rule="a")
    assert terms('value = "0.02"') == Redemption(Rate(2), 1, Rate(1), rule="a")
    half = programme(rules('value = "1/2", step = 2') + "[certificates]\nstep = 2\n")
    assert terms_of(half, "a").value == Rate(1, 2)
    assert terms("step = 50").step == 50
    assert terms('share = "1/2"').share == Rate(1, 2)
    assert terms('proof_from = "5.00"').proof_from_minor == 500
    assert terms("minimum = 500").minimum == 500
    assert terms('ticket_from = "5.00"').ticket_from_minor == 500
    assert terms('as = "discount"').is_discount
    assert terms('refuse = "NOT_HERE"') == Redemption(Rate(1), 1, Rate(1), refused="NOT_HERE", rule="a")
    assert terms('as = "tender"') == own
    head = {'share = "1/1"': 'share = "1/2"\nminimum = 100\nas = "discount"'}
    made = terms_of(programme(rules("step = 50"), head=head), "a")
    assert (made.share, made.minimum, made.is_discount, made.step) == (Rate(1, 2), 100, True, 50)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("valeu = 1", "rule[1].then.redeem.valeu: is not known here (did you mean value?)"),
        ("value = 0.02", "rule[1].then.redeem.value: is a decimal number, which cannot be exact"),
        ('value = "0"', "rule[1].then.redeem.value: must be above zero"),
        ('value = "1/2"', "rule[1].then.redeem.step: of points is worth a part of a minor unit"),
        (
            'value = "3/2", step = 2',
            "rule[1].then.redeem.value: makes certificates worth a part of a minor unit",
        ),
        (
            "certificates = { minimum = 150, step = 100 }",
            "rule[1].then.redeem.certificates: has a least of 150 points, which is not a",
        ),
        ("certificates = {}", "rule[1].then.redeem.certificates: is empty"),
        ("certificates = { last = 1 }", "rule[1].then.redeem.certificates.last: is not known here"),
        ('share = "3/2"', "rule[1].then.redeem.share: is more than the whole ticket"),
        ("step = 100, minimum = 150", "rule[1].then.redeem.minimum: is not a whole number of steps"),
        ('as = "tenders"', "rule[1].then.redeem.as: cannot be tenders (did you mean tender?)"),
        ('refuse = "no"', "rule[1].then.redeem.refuse: does not look right: no"),
        (
            'refuse = "NO_WAY", step = 1',
            "rule[1].then.redeem.refuse: lets points pay nothing, so it needs no terms",
        ),
        ("", "rule[1].then.redeem: is empty"),
        ("covers = {}", "rule[1].then.redeem.covers: is empty"),
        (
            'covers = { product = "a", amount = { from = 1 } }',
            "rule[1].then.redeem.covers.amount: limits what a rule gives on",
        ),
    ],
)
def test_problems(rule: str, expected: str) -> None:
    """Each is told with its place."""
    with pytest.raises(Problems) as raised:
        programme(rules(rule))
    found = [str(each) for each in raised.value.problems]
    assert any(each.startswith(f"programme.toml: {expected}") for each in found), found


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('group = "g"', "rule[1].group: redemptions need no group"),
        ('lines = { category = "A" }', "rule[1].lines: is about what a rule gives on"),
        ('cap = { points = 5, per = "day" }', "rule[1].cap: limits points, and this rule gives none"),
    ],
)
def test_what_a_redemption_has_not(more: str, expected: str) -> None:
    """A group, lines and limits are of rules that give something."""
    text = '[[group]]\nid = "g"\npick = "first"\n' + rules("step = 5").replace("then", f"{more}\nthen")
    with pytest.raises(Problems) as raised:
        programme(text)
    assert any(str(each).startswith(f"programme.toml: {expected}") for each in raised.value.problems)


def test_the_programme_itself_cannot_refuse() -> None:
    """Who wants that pauses it."""
    with pytest.raises(Problems, match=r"redemption\.refuse: is not known here"):
        programme(head={'share = "1/1"': 'share = "1/1"\nrefuse = "NO"'})


def test_prizes_by_tier() -> None:
    """Of tiers that there are."""
    prize = '[[prize]]\ncode = "M"\ntext = "M"\npoints = 5\ntier_points = {}\n'
    made = programme(prize.replace("{}", "{ gold = 4 }"), tiers='"silver", "gold"')
    assert made.prizes[0].tier_points == {"gold": 4}
    for wrong, told in (
        ("{ gld = 4 }", "is not a tier"),
        ("{}", "is empty"),
        ("{ gold = 0 }", "is not from 1"),
    ):
        with pytest.raises(Problems, match=told):
            programme(prize.replace("{}", wrong), tiers='"silver", "gold"')


def test_the_first_that_holds_decides() -> None:
    """By priority, then id; a paused campaign sets no terms; nothing of it touches what a sale earns."""
    made = programme(rules('share = "1/2"|mcc = "5541"', "step = 5|ticket = { from = 10 }", "step = 7"))
    for words, rule in (("9.99", "c"), ("10.00", "b"), ("10.00 mcc=5541", "a")):
        assert redemption_in(made, sale(words)).rule == rule
    assert redemption_in(programme(), sale("10.00")).rule == ""
    assert made.table.size == made.prices.size == made.extras.size == 0


def test_who_is_held_out_of_campaigns_has_the_terms_of_the_programme() -> None:
    """Its rules too; what only a campaign grants he does not get."""
    campaign = """[campaign]
id = "c"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-06-01, before = 2026-09-01 }
[[rule]]
id = "more"
text = "M"
priority = 9
then = { redeem = { value = "0.05" } }
"""
    made = programme(rules("step = 5"), c=campaign)
    held = replace(sale("1.00"), arms=frozenset({HOLDOUT}))
    assert redemption_in(made, sale("1.00")).rule == "more"
    assert redemption_in(made, held).rule == "a"


def test_it_is_restored_from_its_text() -> None:
    """As any programme, and terms know their rule again."""
    made = programme(rules('covers = { except_product = "a" }|mcc = "5541"'))
    again = restore_programme(made.text)
    assert again == made
    assert redemption_in(again, sale("1.00 mcc=5541")).rule == "a"


def why(made: Programme, words: str, rule: str) -> list[tuple[bool, str, str]]:
    facts = as_rung_up(sale(words), sale(words).ticket_minor)
    return [(each.holds, each.asks, each.found) for each in why_not(made, facts, rule)]


def test_why_not() -> None:
    """What it asks beside what there was, and which came before it."""
    made = programme(rules('share = "1/2"|mcc = "5541"', "step = 5|ticket = { from = 10 }"))
    assert why(made, "10.00 mcc=5541 lines=A:10.00:N", "a")[-1] == (
        True, "being the first of its lane", "it decided"
    )  # fmt: skip
    assert why(made, "1.00 ticket=10.00 mcc=5541", "b") == [
        (True, "the ticket is 10.00 or more", "10.00"),
        (False, "being the first of its lane", "a comes before it"),
    ]
    assert why(made, "1.00", "b")[0] == (False, "the ticket is 10.00 or more", "1.00")


def test_in_words() -> None:
    """Every word of it."""
    made = terms(
        'value = "0.02", step = 50, minimum = 100, share = "1/2", ticket_from = "10.00", as = "discount",'
        ' covers = { except_category = "TOBACCO" }, proof_from = "20.00"'
    )
    assert describe_redemption(made, "978") == (
        "a point pays 0.02, in steps of 50, from 100 points on, up to 1/2 of the ticket, of tickets"
        " from 10.00 on, on lines not category TOBACCO, as a discount where the till takes it,"
        " with a code or PIN from 20.00 on"
    )
    assert describe_redemption(terms('refuse = "NO_WAY"'), "978") == "points pay nothing: NO_WAY"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            rules("step = 5", 'step = 7|mcc = "5541"'),
            ["rule b: is never reached: a comes first and asks for less"],
        ),
        (rules('step = 5|mcc = "5541"', "step = 7"), []),
        (rules('share = "0/1"'), ["rule a: lets points pay no part of a ticket"]),
        (rules('refuse = "NO_WAY"'), []),
        (
            rules('minimum = 501, share = "1/2"|ticket = { below = "10.01" }'),
            ["rule a: never lets points pay: they pay 5.01 at least, its share of a ticket is 5.00 at most"],
        ),
        (rules('minimum = 500, share = "1/2"|ticket = { below = "10.01" }'), []),
        (
            rules('ticket_from = "10.00"|ticket = { below = "10.00" }'),
            ["rule a: asks for a ticket from 10.00 that it excludes"],
        ),
        (rules('ticket_from = "10.00"|ticket = { below = "10.01" }'), []),
        (
            rules('value = "0.26"'),
            ["guards.giveaway_max_bp: a ticket of 1.00 may bring back 0.26, 26 percent of it: base 0.26"],
        ),
        (rules('value = "0.25"'), []),
    ],
)
def test_what_is_hardly_meant(text: str, expected: list[str]) -> None:
    """Both edges of each."""
    assert [str(each).partition(" (")[0] for each in lint(programme(text))] == expected


@pytest.mark.parametrize(
    ("then", "fits"),
    [
        ('redeem = { value = "0.02", step = 5, minimum = 5, share = "1/2", proof_from = "1.00" }', True),
        ('redeem = { ticket_from = 5, covers = { except_brand = "X" }, as = "discount" }', True),
        ('redeem = { refuse = "NO_WAY" }', True),
        ('redeem = { refuse = "NO_WAY", step = 1 }', False),
        ('redeem = { refuse = "no" }', False),
        ("redeem = {}", False),
        ("redeem = { stpe = 1 }", False),
        ('redeem = { covers = { amount = { from = "1.00" } } }', False),
        ('redeem = { as = "money" }', False),
    ],
)
def test_editors_know_it(then: str, fits: bool) -> None:  # noqa: FBT001  (a column of a table)
    """The schema takes what loads."""
    schema = programme_schema()
    text = f'{STARTER}\n[[rule]]\nid = "r"\ntext = "R"\nthen = {{ {then} }}\n'
    assert accepts(schema, document(text), schema) is fits
