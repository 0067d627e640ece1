"""Two programmes on one switch, over one listener, with one register of terminals and one set of books."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.conformance import cards
from tests.conformance.answers import check_answer
from tests.conformance.deployment import STARTER_TERMINALS, Deployment, Switch
from tests.conformance.scenario import Story
from tests.conformance.till import Answer, Link, Message, Till, original

CAFE = "639022"
CHANGES = {
    "63901": "63902",
    '"Starter"': '"Cafe"',
    '"point"': '"bean"',
    "points = 1,": "points = 2,",
    'value = "0.01"': 'value = "0.02"',
    "tiers = []": 'tiers = ["regular", "friend"]',
}
OWN = [cards.number(at) for at in range(1, 9)]
THEIRS = [cards.number(at, CAFE) for at in range(1, 9)]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment with a second programme beside the starter's, and cards of both in one list."""
    made = Deployment(tmp_path_factory.mktemp("several") / "puntual")
    text = (made.folder / "programme.toml").read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert old in text, old
        text = text.replace(old, new)
    folder = made.folder / "programmes" / "cafe"
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    rows = [f"{card},OWN{at},,34600{at:06}" for at, card in enumerate(OWN)]
    rows += [f"{card},CAFE{at},,34700{at:06}" for at, card in enumerate(THEIRS)]
    done = made.import_cards("\n".join(["card,member,tier,phone", *rows]))
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture(scope="module")
def serving(two: Deployment) -> Iterator[Switch]:
    with two.serve() as running:
        yield running
        assert running.terminate() == 0
    verified = two.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def ask(link: Link, message: Message) -> Answer:
    answer = link.ask(message)
    check_answer(message, answer)
    return answer


def test_a_till_serves_members_of_both(serving: Switch, stans: Iterator[int]) -> None:
    """On one connection: each earns and pays by his own programme, on receipts with its own words."""
    with Link(serving.iso8583) as link:
        Story(link, iter((OWN[0], THEIRS[0])), stans).check("""
            earn A 1000                     -> 00 earned=+10 balance=10
            earn B 1000                     -> 00 earned=+20 balance=20
            inquiry B                       -> 00 redeemable=20/40
            redeem B 10                     -> 00 used=5 value=10 balance=15
            redeem A 10                     -> 00 used=10 value=10 balance=0
            earn B 1000 020=10 as=sale      -> 00 used=10 value=20 owed=980 earned=+19 balance=24
            refund B 20 of=sale             -> 00 used=10 value=20 owed=0 earned=-1
            earn B 1000 040=P as=lost       -> 00 earned=+20
            reverse B 1000 of=lost          -> 00
            transfer A 1 to=B               -> 57
        """)
        till = Till(STARTER_TERMINALS[0], stans)
        sold = [ask(link, till.message("earn", card=card, amount=500)) for card in (OWN[0], THEIRS[0])]
    assert ["bean" in each.element(62) for each in sold] == [False, True]
    assert sold[0].tag("060") == sold[1].tag("060")
    assert sold[1].tag("055") == "regular"
    assert "055" not in sold[0].tags


def test_a_member_without_his_card_has_his_programme(serving: Switch, stans: Iterator[int]) -> None:
    """By phone, and by the operator's own id of him."""
    till = Till(STARTER_TERMINALS[0], stans)
    with Link(serving.iso8583) as link:
        for named, earned in (("PHON34600000001", 5), ("PHON34700000001", 10), ("ACCTCAFE1", 10)):
            answer = ask(link, till.message("earn", amount=500, values=[("010", named)]))
            assert (answer.code, answer.figure("050")) == ("00", earned)


def test_what_names_no_card_belongs_where_its_original_does(serving: Switch, stans: Iterator[int]) -> None:
    """VOID and REVERSAL by DE 90 alone."""
    till = Till(STARTER_TERMINALS[1], stans)
    with Link(serving.iso8583) as link:
        assert ask(link, till.message("earn", card=THEIRS[2], amount=10_000)).figure("052") == 200
        for undoing in ("void", "reverse"):
            paid = till.message("redeem", card=THEIRS[2], amount=100)
            assert ask(link, paid).figure("051") == 50
            back = till.message(undoing, amount=100).but({90: original(paid)})
            answer = ask(link, back)
            assert (answer.code, answer.figure("051"), answer.figure("052")) == ("00", 50, 200)


def test_one_batch_for_both(serving: Switch, stans: Iterator[int]) -> None:
    """A till closes one batch; a line that only it knows is booked where its card belongs."""
    till = Till(STARTER_TERMINALS[2], stans)
    with Link(serving.iso8583) as link:
        for card in (OWN[3], THEIRS[3]):
            assert ask(link, till.message("earn", card=card, amount=500)).code == "00"
        totals: dict[int, str | None] = {76: f"{3:010}", 88: f"{1500:016}"}
        assert ask(link, till.message("reconcile").but(totals)).code == "95"
        lost = till.message("earn", card=THEIRS[3], amount=500)
        fresh = till.message("upload").elements
        answer = ask(link, lost.but({11: fresh[11], 7: fresh[7], 90: original(lost)}, mti="0320"))
        assert (answer.code, answer.figure("050"), answer.figure("052")) == ("00", 10, 20)
        assert ask(link, till.message("reconcile").but({**totals, 3: "960000"})).code == "00"


def test_they_are_put_into_force_together(two: Deployment, serving: Switch, stans: Iterator[int]) -> None:
    """A changed file of one is a new version of both; a pause binds both."""
    till = Till(STARTER_TERMINALS[0], stans)
    path = two.folder / "programmes" / "cafe" / "programme.toml"
    with Link(serving.iso8583) as link:
        sale = till.message("earn", card=THEIRS[7], amount=1000)
        before = ask(link, sale)
        assert before.figure("050") == 20
        path.write_text(path.read_text("utf-8").replace("points = 2,", "points = 4,"), encoding="utf-8")
        serving.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while ask(link, till.message("quote", card=THEIRS[7], amount=1000)).figure("050") == 20:
            assert time.monotonic() < end, "the programmes were not reloaded"
        assert ask(link, till.message("earn", card=OWN[7], amount=1000)).tag("060") != before.tag("060")
        back = till.message("refund", card=THEIRS[7], amount=500).but({90: original(sale)})
        assert ask(link, back).figure("050") == -10
        assert two.run("pause", "earn", "--by", "ana").returncode == 0
        for card in (OWN[7], THEIRS[7]):
            assert ask(link, till.message("earn", card=card, amount=1000)).figure("050") == 0
        assert two.run("resume", "earn", "--by", "ana").returncode == 0
        assert ask(link, till.message("earn", card=THEIRS[7], amount=1000)).figure("050") == 40
