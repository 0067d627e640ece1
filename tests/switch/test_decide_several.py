# ruff: noqa: E501  (a row of a story is a line)
"""Several programmes on one switch: each member has the rules, prices and tiers of his own, and no other's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from loyalty.card import Identifier, IdentifierKind, MemberId, luhn_holds
from loyalty.transaction import Transaction
from rules.amend import amended
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.case import Case, Moment
from switch.corrections import Adjust, CorrectionPolicy, Warrant
from switch.decide import decide
from switch.duereader import Holder
from switch.outcome import Known, Outcome
from switch.programmes import Programmes, part_told
from switch.several import placed
from switch.shadow import Shadow
from switch.sweep import Sweep
from switch.tiersweep import SweepTiers
from switch.work import Work
from switch.worksheet import Worksheet
from tests.switch.story import NUMBERS, Story, new_card, starter_text, token_of, told_twice

CAFE = f"programmes/cafe/{MAIN}"


def cafe_text() -> str:
    """Another range; two points for 1.00, each worth two cents; a free coffee."""
    text = (
        starter_text().replace("63901", "63902").replace('"Starter"', '"Cafe"').replace('"point"', '"bean"')
    )
    text = text.replace("points = 1,", "points = 2,").replace('value = "0.01"', 'value = "0.02"')
    return text + '[[prize]]\ncode = "COFFEE"\ntext = "C"\npoints = 50\n'


def both(more: str = "", cafe: str = "") -> Programme:
    return parse_programme({MAIN: starter_text() + more, CAFE: cafe_text() + cafe})


def cafe_number(at: int) -> str:
    return next(each for digit in range(10) if luhn_holds(each := f"63902200000{at:04}{digit}"))


class Switch(Story):
    """Cards A to H of the deployment's own programme, as in any story; P and Q of the café."""

    def __init__(self, programme: Programme | None = None) -> None:
        super().__init__(programme or both())
        for at, letter in enumerate("PQ"):
            NUMBERS[letter] = cafe_number(at)  # read by whoever makes a line's message
            card = replace(new_card(letter), programme="cafe")
            self.store.add(card, "CPAN", token_of(Identifier(IdentifierKind.CARD, NUMBERS[letter])))
            self.store.add(card, "PHON", token_of(Identifier(IdentifierKind.PHONE, f"34600{letter}")))
            self.store.add(card, "ACCT", token_of(Identifier(IdentifierKind.ACCOUNT, f"m{letter}")))

    def decide(self, transaction: Transaction) -> Outcome | Known:
        moment = Moment(self.store.sequence.next(), self.now, self.now.date())
        case = Case(
            transaction,
            self.worksheet,
            self.programmes,
            moment,
            token_of,
            lambda _: {37: str(moment.seq), 39: "00"},
        )
        outcome = decide(placed(case))
        if isinstance(outcome, Outcome) and outcome.record is not None:
            self.worksheet.apply(outcome)
            self.pending.append(outcome)
        return outcome


def play(text: str, programme: Programme | None = None) -> Switch:
    """As any story: twice, line by line and in one batch."""
    return told_twice(text, lambda: Switch(programme))


def test_the_card_chooses() -> None:
    """Its number, or the member behind another name; nothing of one programme is seen by the other."""
    play("""
        EARN card=A amount=1000             -> earned=10 balance=10
        EARN card=P amount=1000             -> earned=20 balance=20
        EARN phone=P amount=1000            -> earned=20 balance=40
        EARN phone=A amount=1000            -> earned=10 balance=20
        INQUIRY card=P                      -> redeemable=40 balance=40
        QUOTE card=P amount=60              -> redeemable=30 earned=1
        REDEEM card=P amount=20             -> used=10 value=20 balance=30
        REDEEM card=A amount=20             -> used=20 value=20 balance=0
        EARN card=P amount=5000             -> balance=130
        REDEEM card=P amount=50 unit=p prize=COFFEE -> used=50 balance=80
        REDEEM card=A amount=50 unit=p prize=COFFEE -> reason=PRIZE_UNKNOWN
        EARN card=Z amount=100              -> reason=CARD_UNKNOWN
    """)


def test_what_is_undone_belongs_where_it_was_done() -> None:
    """With the card, without one, with another's, and by a programme's own terms."""
    play("""
        EARN card=P amount=10000            -> earned=200 balance=200
        EARN card=A amount=10000            -> earned=100 balance=100
        s: EARN card=P amount=1000 points=100 -> used=100 value=200 pay=800 earned=16 balance=116
        REFUND of=s amount=100              -> used=50 value=100 pay=0
        REFUND card=A of=s amount=100       -> reason=ORIGINAL_NOT_FOUND
        REVERSAL of=s                       -> used=50 value=100
        r: REDEEM card=P amount=100         -> used=50
        REVERSAL of=r final=40 card=A       -> used=30
        v: REDEEM card=P amount=100         -> used=50 balance=130
        VOID of=v card=A                    -> used=50 value=100 balance=180
        h: HOLD card=P amount=100 pays=1    -> used=50 held=50
        COMPLETE of=h amount=60 pays=1      -> used=30 value=60
        t: REDEEM card=P amount=40 ticket=7 -> used=20
        u: EARN card=A amount=1000 ticket=7 -> earned=9 balance=109
        REFUND of=u amount=20               -> used=10 value=20
        REFUND card=P amount=1000           -> earned=-20
    """)


def test_points_do_not_cross() -> None:
    """Neither by transfer nor on paper; a number that is nobody's is unknown, as ever."""
    made = play("""
        EARN card=A amount=100000           -> balance=1000
        EARN card=P amount=100000           -> balance=2000
        TRANSFER card=A to=P amount=10      -> reason=NOT_PERMITTED
        TRANSFER card=P to=A amount=10      -> reason=NOT_PERMITTED
        TRANSFER card=P to=Z amount=10      -> reason=NOT_PERMITTED
        TRANSFER card=A to=Z amount=10      -> reason=CARD_UNKNOWN
        TRANSFER card=P to=Q amount=10      -> used=5 balance=1995
        TRANSFER card=A to=B amount=10      -> used=10 balance=990
        c: EXCHANGE card=P amount=100       -> used=50 value=100
        PAY_CERTIFICATE card=A amount=100 cert=c -> reason=CERTIFICATE_UNKNOWN
        PAY_CERTIFICATE card=Q amount=100 cert=c -> value=100
    """)
    told = [made.store.records[seq].rules for seq in sorted(made.store.records)]
    assert told[1] == "programme cafe; base +2000"
    assert told[0] == "base +1000"


def test_a_reversal_that_came_before_is_found_again() -> None:
    """Whichever programme the request belongs to, and whether the reversal named a card or not."""
    play("""
        EARN card=P amount=10000            -> balance=200
        REVERSAL card=P stan=77             -> exception=ORIGINAL_NOT_FOUND
        REDEEM card=P amount=20 stan=77     -> reason=ALREADY_REVERSED
    """)


def test_budgets_limits_and_counters_stay_apart() -> None:
    """Each counts its own members: visits of one programme are none of the other's."""
    rule = '[[rule]]\nid = "{0}"\ntext = "R"\nwhen.counter = {{ "visits.day" = {{ from = 1 }} }}\nthen = {{ points = {1} }}\n'
    cap = '[[cap]]\npoints = {}\nper = "day"\nscope = "all"\n'
    made = both(rule.format("own", 5) + cap.format(16), rule.format("its", 7) + cap.format(50))
    play(
        """
        EARN card=A amount=1000             -> earned=10
        EARN card=P amount=1000             -> earned=20
        EARN card=A amount=100              -> earned=6
        EARN card=P amount=1000             -> earned=27
        EARN card=B amount=1000             -> earned=0
        EARN card=Q amount=1000             -> earned=3
        """,
        made,
    )


def test_a_pause_binds_all_and_a_campaign_its_own() -> None:
    """What is stopped is stopped for every member; the version is one for all."""
    whole = both()
    stopped = amended(whole, paused=frozenset(), stopped=frozenset({"earn"}))
    assert {each.version for each in stopped.all} == {stopped.version} != {whole.version}
    play(
        """
        EARN card=A amount=1000             -> earned=0
        EARN card=P amount=1000             -> earned=0
        """,
        stopped,
    )


def test_advices_have_the_version_of_their_time_in_their_programme() -> None:
    """The café came later: before, its cards were unknown; then it gave two points, and gives three now."""
    begin = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    own = parse_programme({MAIN: starter_text()})
    later = parse_programme({MAIN: starter_text(), CAFE: cafe_text().replace("points = 2,", "points = 3,")})
    switch = Switch()
    switch.programmes = Programmes(
        ((datetime.min.replace(tzinfo=UTC), own), (begin, both()), (begin + timedelta(hours=2), later))
    )
    view = switch.programmes.seen_by("cafe")
    assert view.seen_by("") is switch.programmes
    assert [view.at(begin + timedelta(hours=hour)).base.rate.numerator for hour in (1, 3)] == [2, 3]
    assert view.version(both().version).base.rate.numerator == 2
    assert view.current.base.rate.numerator == 3
    switch.now = begin + timedelta(hours=3)
    asked = switch.transaction(["EARN*", "card=P", "amount=1000"])
    for hour, earned in ((1, 20), (3, 30)):
        told = replace(
            asked,
            as_of=begin + timedelta(hours=hour),
            key=replace(asked.key, stan=f"{hour:06}"),
        )
        outcome = switch.decide(told)
        assert isinstance(outcome, Outcome)
        assert outcome.record is not None
        assert outcome.record.earned == earned


TIERS = """
[qualification]
metric = "spend"
window = "30 days"
downgrade = "all"
grace_days = 10
from = { gold = "10.00" }
"""


def test_tiers_are_of_one_programme() -> None:
    """Who comes into one, and whom the daily look moves down again."""
    text = cafe_text().replace("tiers = []", 'tiers = ["basic", "gold"]') + TIERS
    made = parse_programme({MAIN: starter_text(), CAFE: text})
    switch = play(
        """
        EARN card=A amount=5000 -> tier=None
        EARN card=P amount=999  -> tier=basic
        EARN card=P amount=1    -> tier=gold
        EARN card=Q amount=1    -> tier=basic
        """,
        made,
    )
    for days, told in ((31, {"moved": 0, "warned": 1}), (10, {"moved": 1, "warned": 0})):
        switch.now += timedelta(days=days)
        moment = Moment(switch.store.sequence.next(), switch.now, switch.now.date())
        command = SweepTiers(
            [
                Holder(MemberId(ord("A")), MemberId(ord("A")), None),
                Holder(MemberId(ord("P")), MemberId(ord("P")), None, "cafe"),
                Holder(MemberId(ord("Q")), MemberId(ord("Q")), None, "gone"),
            ],
            made,
            switch.store.sequence,
        )
        change = command.carry_out(Worksheet(switch.store, switch.worksheet), moment)
        assert change.result == {"looked_at": 3, **told}
        for outcome in change.outcomes:
            switch.worksheet.apply(outcome)
    switch.play("INQUIRY card=P -> tier=basic")


def test_the_sweep_knows_whose_days_of_grace_they_are() -> None:
    """Points of a hold that is over and whose lot has expired: here they come back for a while, there not."""
    grace = 'shortfall = "debt"\ngrace = "30 days"'
    made = parse_programme({MAIN: starter_text(), CAFE: cafe_text().replace('shortfall = "debt"', grace)})
    switch = play(
        """
        EARN card=A amount=10000    -> balance=100
        EARN card=P amount=10000    -> balance=200
        HOLD card=A later=726 amount=60 pays=1 -> held=60
        HOLD card=P amount=60 pays=1 -> held=30
        """,
        made,
    )
    switch.now += timedelta(days=10)
    moment = Moment(switch.store.sequence.next(), switch.now, switch.now.date())
    owners = [MemberId(ord(each)) for each in "AP"]
    change = Sweep(owners, switch.programmes, switch.store.sequence).carry_out(
        Worksheet(switch.store, switch.worksheet), moment
    )
    assert change.result == {"swept": 2}
    left = [book.available(switch.now.date()) for outcome in change.outcomes for book in outcome.books]
    assert left == [0, 30]


def test_corrections_go_by_the_members_programme() -> None:
    """Given points last as long as his programme says."""
    text = cafe_text().replace('last = "2 years"', 'last = "1 year"')
    made = parse_programme({MAIN: starter_text(), CAFE: text})
    switch = Switch(made)
    ends = []
    for letter in "AP":
        command = Adjust(
            token=token_of(Identifier(IdentifierKind.CARD, NUMBERS[letter])),
            points=5,
            warrant=Warrant(reason="GOODWILL", by="ana"),
            key=letter,
            programme=made,
            policy=CorrectionPolicy(),
            sequence=switch.store.sequence,
        )
        moment = Moment(switch.store.sequence.next(), switch.now, switch.now.date())
        change = command.carry_out(Worksheet(switch.store, switch.worksheet), moment)
        ends += [lot.expires_on.year for outcome in change.outcomes for lot in outcome.lots]
    assert ends == [2028, 2027]
    assert part_told("programme cafe; base +2") == "cafe"
    assert part_told("programme cafe; ") == "cafe"
    assert part_told("programmes +2") == part_told("") == ""


def test_a_shadow_rates_each_by_his_own_programme() -> None:
    """A candidate without the café says nothing of its members."""
    switch = play("""
        EARN card=A amount=1000 -> earned=10
        EARN card=P amount=1000 -> earned=20
    """)
    works = [
        cast(Work, SimpleNamespace(outcome=outcome, event=None)) for outcome in switch.store.outcomes.values()
    ]
    more = parse_programme({MAIN: starter_text(), CAFE: cafe_text().replace("points = 2,", "points = 3,")})
    for candidate, now, then in ((more, 30, 40), (parse_programme({MAIN: starter_text()}), 10, 10)):
        shadow = Shadow()
        shadow.cast(candidate)
        shadow.see(works)
        told = shadow.told()
        assert (told["points_now"], told["points_then"]) == (now, then)
