"""What rules ask of members reaches them, from the list of the operator and from the first card on."""

from datetime import date
from pathlib import Path

from loyalty.card import IdentifierKind, MemberId
from members.importer import BadLine
from members.memberlist import read_members
from members.profile import MemberKind, Profile
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from switch.block import Enrolment, Person, ProfileChange
from switch.case import Moment
from switch.memberlist import ImportMembers, MemberLine
from switch.worksheet import Worksheet
from tests.switch.books import NOON, TODAY, card, commit, open_store, token
from tests.switch.story import Story, play, starter_text

RULES = """
[[rule]]
id = "vip"
text = "VIP"
when = { segment = "vip" }
then = { points = 10 }
[[rule]]
id = "gold"
text = "Gold card"
when = { card_category = "gold", age = { from = 18 }, joined_days = { from = 1 } }
then = { points = 100 }
"""


def test_rules_see_the_profile() -> None:
    """Only what is asked is kept among the facts; without a card there is nothing to tell."""
    story = Story(parse_programme({MAIN: starter_text() + RULES}))
    story.store.profiles[MemberId(ord("A"))] = Profile(
        segments=frozenset({"vip", "old"}),
        category="gold",
        joined_on=date(2026, 3, 1),
        birthday=date(2000, 1, 1),
    )
    story.play("EARN card=A amount=100 -> earned=111\nEARN card=B amount=100 -> earned=1\nEARN* amount=100")
    story.commit()
    facts = Facts.from_json(story.store.facts(1) or "")
    assert facts.segments == {"vip", "old"}
    plain = play("EARN card=A amount=100")
    plain.store.profiles[MemberId(ord("A"))] = Profile(segments=frozenset({"vip"}))
    plain.play("EARN card=A amount=100")
    plain.commit()
    assert "vip" not in (plain.store.facts(2) or "")


def test_a_category_has_a_bonus_limit_and_an_amount_from_which_it_earns() -> None:
    """At both edges; who has another card earns as the programme says."""
    rules = """
    [[rule]]
    id = "classic"
    text = "C"
    when = { card_category = "classic" }
    then = { base = { points = 1, per = "1.00" } }
    cap = { points = 15, per = "month" }
    [[rule]]
    id = "small"
    text = "S"
    priority = 1
    when = { card_category = "classic", amount = { below = "5.00" } }
    then = { base = { points = 0, per = "1.00" } }
    """
    story = Story(parse_programme({MAIN: starter_text() + rules}))
    story.store.profiles[MemberId(ord("A"))] = Profile(category="classic")
    story.play(
        """
        EARN card=A amount=499   -> earned=0
        EARN card=A amount=500   -> earned=5
        EARN card=A amount=1099  -> earned=10
        EARN card=A amount=1000  -> earned=0
        EARN card=B amount=2499  -> earned=24
        """
    )


def test_rules_tell_persons_from_organizations() -> None:
    """A member is a person until the operator says otherwise; only who asks is told."""
    rule = '[[rule]]\nid = "firm"\ntext = "F"\nwhen = { kind = "organization" }\nthen = { points = 50 }\n'
    story = Story(parse_programme({MAIN: starter_text() + rule}))
    story.store.profiles[MemberId(ord("A"))] = Profile(kind=MemberKind.ORGANIZATION)
    story.play("EARN card=A amount=100 -> earned=51\nEARN card=B amount=100 -> earned=1\nEARN* amount=100")
    story.commit()
    assert Facts.from_json(story.store.facts(2) or "").traits == {"kind:person"}


def test_categories_come_from_the_master_data() -> None:
    rule = '[[rule]]\nid = "d"\ntext = "D"\nlines = { category = "DAIRY" }\nthen = { points_per_line = 10 }\n'
    products = "product,category\na,DAIRY\nb,OTHER\n"
    programme = parse_programme({MAIN: starter_text() + rule, "products.csv": products})
    play("EARN card=A amount=200 lines=a*100,b*100 -> earned=12", programme)


def test_a_list_of_members_is_read() -> None:
    lines = ["M1,vip old,gold,2026-01-02", "", "M2,,,", "M3,a!,,", "M4,a,,2026-13-01", ",,,", "M5"]
    rows = list(read_members(["member,segments,category,joined", *lines]))
    good = [row for row in rows if not isinstance(row, BadLine)]
    assert [(row.line, row.member, row.segments, row.category, row.joined_on) for row in good] == [
        (2, "M1", frozenset({"vip", "old"}), "gold", date(2026, 1, 2)),
        (4, "M2", frozenset(), "", None),
    ]
    assert [row.line for row in rows if isinstance(row, BadLine)] == [5, 6, 7, 8]
    kinds = read_members(["member,kind", "M1,organization", "M2,person", "M3,", "M4,firm"])
    assert [row.reason if isinstance(row, BadLine) else row.kind for row in kinds] == [
        MemberKind.ORGANIZATION,
        MemberKind.PERSON,
        MemberKind.PERSON,
        "kind is none of person, organization",
    ]
    (bad,) = read_members(["segments", "a"])
    assert isinstance(bad, BadLine)
    (row,) = read_members(["member", "M1"])
    assert not isinstance(row, BadLine)
    assert (row.segments, row.category) == (None, None)


async def test_a_profile_is_durable(tmp_path: Path) -> None:
    """Joined with the first card; a list says more; the birthday stays where it can be erased."""
    store = await open_store(tmp_path)
    account = token(77)
    enrolment = Enrolment(
        card=card(1),
        token=token(1),
        identifiers=((IdentifierKind.ACCOUNT.value, account),),
        person=Person(birthday=date(2000, 1, 1)),
        joined_on=TODAY,
    )
    worksheet = Worksheet(store.reader)
    worksheet.enrol(enrolment)
    first = Profile(joined_on=TODAY, birthday=date(2000, 1, 1))
    assert worksheet.profile(MemberId(1)) == first
    await commit(store, enrolments=(enrolment,))
    assert store.reader.profile(MemberId(1)) == first
    firm = MemberKind.ORGANIZATION
    segments = frozenset({"b", "a"})
    line = MemberLine(line=2, account=account, segments=segments, category="gold", kind=firm)
    assert MemberLine.from_json(line.to_json()) == line
    unknown = MemberLine(line=3, account=token(78))
    moment = Moment(1, NOON, TODAY)
    change = ImportMembers([line, unknown]).carry_out(Worksheet(store.reader), moment)
    assert change.result == {"changed": 1, "same": 0, "bad": [[3, "the member is not known"]]}
    worksheet = Worksheet(store.reader)
    worksheet.change_profile(change.profiles[0])
    born = date(2000, 1, 1)
    said = Profile(segments=segments, category="gold", joined_on=TODAY, kind=firm, birthday=born)
    assert worksheet.profile(MemberId(1)) == said
    await commit(store, profiles=change.profiles)
    assert store.reader.profile(MemberId(1)) == said
    assert ImportMembers([line]).carry_out(Worksheet(store.reader), moment).result["same"] == 1
    away = ProfileChange(member_id=MemberId(1), profile=Profile())
    await store.close()
    store = await open_store(tmp_path)
    assert store.reader.profile(MemberId(1)) == said
    await commit(store, profiles=(away,))
    assert store.reader.profile(MemberId(1)) == Profile(birthday=date(2000, 1, 1))
    assert store.reader.profile(MemberId(9)) == Profile()
    await store.close()
