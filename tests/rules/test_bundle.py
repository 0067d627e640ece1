"""Several programmes read together: under one version, and held apart where they could meet."""

from pathlib import Path

import pytest

from loyalty.errors import Problems
from rules.amend import amended
from rules.parse import MAIN, load_programme, parse_programme, restore_programme
from rules.programme import Programme
from tests.rules.sales import STARTER

CAFE = STARTER.replace("63901", "63902").replace('"Starter"', '"Cafe"')
FOLDER = "programmes/cafe"
CAMPAIGN = """[campaign]
id = "{0}"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = {{ from = 2026-06-01 }}
[[rule]]
id = "{0}-rule"
text = "R"
then = {{ points = 1 }}
"""


def both(own: str = STARTER, cafe: str = CAFE, **more: str) -> Programme:
    """The starter and a second programme; *more* are campaigns of that."""
    files = {f"{FOLDER}/campaigns/{name}.toml": text for name, text in more.items()}
    return parse_programme({MAIN: own, f"{FOLDER}/{MAIN}": cafe, **files})


def problems(*args: str, **more: str) -> list[str]:
    with pytest.raises(Problems) as raised:
        both(*args, **more)
    return [str(each) for each in raised.value.problems]


def test_they_have_one_version_and_come_back_from_one_text() -> None:
    """A change of one is another version of both; one programme alone has the version that it always had."""
    made = both(summer=CAMPAIGN.format("summer"))
    (cafe,) = made.parts
    assert (made.id, cafe.id, cafe.name) == ("", "cafe", "Cafe")
    assert made.version == cafe.version != both().version
    again = restore_programme(made.text)
    assert again == made
    assert [rule.id for rule in again.parts[0].rules] == ["summer-rule"]
    alone = parse_programme({MAIN: STARTER})
    assert alone.version not in (made.version, both().version)
    assert "programmes" not in alone.text


def test_numbers_choose() -> None:
    """Each range belongs to one; a number of nobody goes to the deployment's own, which refuses it."""
    made = both()
    assert made.holding("6390220000000000").id == "cafe"
    assert made.holding("6390229999999999").id == "cafe"
    assert made.holding("6390230000000000").id == ""
    assert made.holding("6390120000000000").id == ""


def test_what_is_paused_is_paused_of_all() -> None:
    """Under the one version of the amendment; resumed, each is as it was."""
    made = both()
    stopped = amended(made, paused=frozenset({"summer"}), stopped=frozenset({"redeem"}))
    for each in stopped.all:
        assert (sorted(each.paused), sorted(each.stopped)) == (["summer"], ["redeem"])
        assert each.version == stopped.version
    assert amended(stopped, paused=frozenset(), stopped=frozenset()) is made


def test_the_files_of_the_folder_are_found(tmp_path: Path) -> None:
    """With campaigns and products of their own."""
    folder = tmp_path / "programmes" / "cafe"
    (folder / "campaigns").mkdir(parents=True)
    (tmp_path / MAIN).write_text(STARTER, encoding="utf-8")
    (folder / MAIN).write_text(CAFE, encoding="utf-8")
    (folder / "campaigns" / "summer.toml").write_text(CAMPAIGN.format("summer"), encoding="utf-8")
    made = load_programme(tmp_path / MAIN)
    assert made == both(summer=CAMPAIGN.format("summer"))
    (tmp_path / "programmes" / "empty").mkdir()
    with pytest.raises(Problems, match=r"programmes/empty/programme\.toml: cannot be read"):
        load_programme(tmp_path / MAIN)


@pytest.mark.parametrize(
    ("cafe", "expected"),
    [
        (
            CAFE.replace('"978"', '"840"'),
            "programme.currency: is 840, and 978 in the deployment's own programme",
        ),
        (CAFE.replace('"999"', '"998"'), "programme.unit_code: is 998"),
        (CAFE.replace('"UTC"', '"Europe/Madrid"'), "programme.time_zone: is Europe/Madrid, and UTC"),
        (CAFE.replace('"00:00"', '"04:00"'), "programme.day_starts: is 04:00:00, and 00:00:00"),
        (
            CAFE.replace("6390220000000000", "6390120000000000"),
            "cards: 6390120000000000 to 6390229999999999 overlaps a range of the deployment's own programme",
        ),
        (CAFE.replace('value = "0.01"', 'value = "0"'), "redemption.value: must be above zero"),
        (CAFE.replace("[refund]", "[refnd]"), "refnd: is not known here"),
        ("[", "is not TOML"),
    ],
)
def test_problems_are_told_with_their_folder(cafe: str, expected: str) -> None:
    """Its own ones, and what it may not share or has to."""
    found = problems(STARTER, cafe)
    assert any(each.startswith(f"{FOLDER}/{MAIN}: {expected}") for each in found), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[rule]]\nid = "r"\ntext = "R"\nthen = { points = 1 }\n', "rule: r stands in"),
        ('[[partner]]\nid = "FUEL"\ntext = "F"\n', "partner: FUEL stands in"),
        ('[[coupon]]\nid = "c"\ntext = "C"\n', "coupon: c stands in"),
        ('[[coupon]]\nid = "{}"\ntext = "C"\ncodes = ["SAME"]\n', "coupon.codes: SAME stands in"),
    ],
)
def test_ids_under_which_something_is_counted_stand_once(text: str, expected: str) -> None:
    """What is counted of one programme must not be counted of another."""
    found = problems(STARTER + text.replace("{}", "a"), CAFE + text.replace("{}", "b"))
    assert len(found) == 1
    assert found[0].startswith(f"{FOLDER}/{MAIN}: {expected} the deployment's own programme too")


def test_neighbouring_ranges_do_not_overlap() -> None:
    """The one ends where the other begins; both edges."""
    next_to = CAFE.replace("6390220000000000", "6390130000000000").replace(
        "6390229999999999", "6390139999999999"
    )
    assert both(cafe=next_to).holding("6390130000000000").id == "cafe"
    assert problems(STARTER, next_to.replace("6390130000000000", "6390129999999999"))
