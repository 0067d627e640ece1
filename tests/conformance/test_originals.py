"""How an original is found: DE 90 in full and with zeros, 013, DE 37, its own DE 11; exactly one hit."""

from collections.abc import Iterator

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.conftest import Check
from tests.conformance.deployment import ACQUIRER, OTHER_ACQUIRER
from tests.conformance.till import Answer, Link, Message, Till, original

PARTS = ("mti", "stan", "time", "acquirer")


@pytest.mark.parametrize(
    "zero", [(), *((part,) for part in PARTS if part != "stan"), ("mti", "time", "acquirer")]
)
@pytest.mark.parametrize("verb", ["refund A 400", "void A -", "reverse A 1000"])
def test_zeros_in_de_90_match_anything(check: Check, verb: str, zero: tuple[str, ...]) -> None:
    """Each part of DE 90 but the trace number may be zeros here (no other message shares that number)."""
    earned = "-4" if verb.startswith("refund") else "-10"
    words = f"zero={','.join(zero)}" if zero else ""
    check(f"""
        earn A 1000 as=sale            -> 00
        {verb} of=sale {words}         -> 00 earned={earned}
    """)


def test_zeros_in_the_trace_number_match_anything(link: Link, till: Till, card: str) -> None:
    """MTI, DE 7 and the acquirer alone find a sale that had a second of its own.

    The sale's DE 7 is years of seconds away from every other message of the suite.
    """
    sale = till.message("earn", card=card, amount=1000, elements={7: "0203040506"})
    assert link.ask(sale).code == "00"
    void = till.message("void", card=card, elements={90: original(sale, zero=("stan",))})
    answer = link.ask(void)
    assert (answer.code, answer.figure("050")) == ("00", -10)


STORIES = {
    "of the MTI only the class counts": """
        earn A 1000 as=sale                    -> 00
        again sale mti=0221 as=advice          -> 00
        refund A 400 of=advice                 -> 00 earned=-4
    """,
    "another class finds nothing": """
        inquiry A as=look                      -> 00
        earn A 1000 key=look as=sale           -> 00
        refund A 400 of=look                   -> 25
        refund A 400 of=sale                   -> 00 earned=-4
    """,
    "an unknown number in 013": """
        refund A 400 013=632599999999          -> 25
        void A - 013=632599999999              -> 25
    """,
    "an unknown number in DE 37": """
        refund A 400 de37=632599999998         -> 25
    """,
    "013 counts before DE 37": """
        earn A 1000 as=sale                    -> 00
        refund A 400 of=sale by=013 de37=632599999997 -> 00 earned=-4 de37=632599999997
    """,
    "with DE 90, DE 37 is the message's own": """
        earn A 1000 as=sale                    -> 00
        refund A 400 of=sale de37=632599999996 -> 00 earned=-4 de37=632599999996
        void A - of=sale de37=632599999996     -> 12
    """,
    "DE 90 that finds nothing is not helped by 013": """
        earn A 1000 as=sale                    -> 00
        refund A 400 of=sale by=013 de90=020099998811201122330000000000000000000000 -> 25
    """,
    "a sale is found by the DE 37 that it sent itself": """
        earn A 1000 de37=TILL00000001 as=sale  -> 00 de37=TILL00000001
        refund A 400 013=TILL00000001          -> 00 earned=-4
    """,
    "a reversal by DE 37": """
        earn A 1000 as=sale                    -> 00
        reverse A 1000 of=sale by=37           -> 00 earned=-10
    """,
    "a reversal by 013": """
        earn A 1000 as=sale                    -> 00
        reverse A 1000 of=sale by=013          -> 00 earned=-10
    """,
    "a reversal by its own DE 11 and card": """
        earn A 1000 as=sale                    -> 00
        reverse A 1000 key=sale                -> 00 earned=-10
        inquiry A                              -> 00 balance=0
    """,
    "a reversal by its own DE 11 at another time": """
        earn A 1000 as=sale                    -> 00
        reverse A 1000 key=sale de12=000001    -> 00 earned=-10
    """,
    "a reversal by its own DE 11 that finds two sales": """
        earn A 1000 de12=101112 as=sale        -> 00
        again sale de12=101113                 -> 00 balance=20
        reverse A 1000 key=sale                -> 00 earned=0
        inquiry A                              -> 00 balance=20
    """,
    "a reversal goes on from a DE 37 that finds nothing": """
        earn A 1000 as=sale                        -> 00
        reverse A 1000 key=sale de37=632599999995  -> 00 earned=-10
        inquiry A                                  -> 00 balance=0
    """,
    "a reversal by its own DE 11 compares the card": """
        earn A 1000 as=sale                    -> 00
        reverse B 1000 key=sale                -> 00 earned=0
        inquiry A                              -> 00 balance=10
    """,
    "a reversal does not go on from DE 90": """
        earn A 1000 as=sale                    -> 00
        reverse A 1000 key=sale de90=020099998711201122330000000000000000000000 -> 00 earned=0
        inquiry A                              -> 00 balance=10
    """,
    "an original without DE 7 has its 13 and 12 there": """
        earn A 1000 de7=- as=sale              -> 00
        refund A 400 of=sale                   -> 00 earned=-4
        void A - of=sale                       -> 12
    """,
    "an original with DE 7 only": """
        earn A 1000 de12=- de13=- as=sale      -> 00
        void A - of=sale                       -> 00 earned=-10
    """,
    "a refund names an original of another member": """
        earn A 1000 as=sale                    -> 00
        refund B 400 of=sale by=013            -> 25
        refund B 400 of=sale by=37             -> 25
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_originals(check: Check, text: str) -> None:
    """The first of DE 90, 013, DE 37 that is sent decides; a REVERSAL goes on to its own DE 11 and card.

    Reading: a transaction's DE 37 is the one it sent, or the switch's when it sent none; with 013, a DE 37
    that is sent is the message's own.
    """
    check(text)


class Twins:
    """Two sales with the same trace number and DE 7, at two terminals."""

    def __init__(self, link: Link, stans: Iterator[int], cards: tuple[str, str]) -> None:
        self.link = link
        self.tills = (Till("T0000004", stans), Till("T0000005", stans))
        first = self.tills[0].message("earn", card=cards[0], amount=1000)
        second = first.but({2: cards[1], 4: f"{2000:012d}", 41: "T0000005"})
        self.sales = (first, second)
        assert [self.ask(sale).figure("050") for sale in self.sales] == [10, 20]

    def ask(self, message: Message) -> Answer:
        """Ask, with the checks of every answer."""
        answer = self.link.ask(message)
        check_answer(message, answer)
        return answer


def test_reversals_of_twins_find_their_own_terminal(
    link: Link, stans: Iterator[int], pool: Iterator[str]
) -> None:
    """DE 41 must agree, so each terminal reverses its own."""
    cards = (next(pool), next(pool))
    twins = Twins(link, stans, cards)
    reference = {90: original(twins.sales[0])}
    first, second = (
        twins.ask(till.message("reverse", card=card, amount=1000, elements=reference))
        for till, card in zip(twins.tills, cards, strict=True)
    )
    assert (first.figure("050"), second.figure("050")) == (-10, -20)


def test_refunds_of_twins_find_their_own_card(link: Link, stans: Iterator[int], pool: Iterator[str]) -> None:
    """The card must agree, so the member's own sale is the one hit, even from a third terminal."""
    cards = (next(pool), next(pool))
    twins = Twins(link, stans, cards)
    other = Till("T0000006", stans)
    reference = {90: original(twins.sales[0])}
    answers = [
        twins.ask(other.message("refund", card=card, amount=500, elements=reference)) for card in cards
    ]
    assert [answer.figure("050") for answer in answers] == [-5, -5]


def test_several_hits_are_not_found(link: Link, stans: Iterator[int], pool: Iterator[str]) -> None:
    """One member bought at two terminals under one trace number and DE 7: a refund cannot tell which."""
    card = next(pool)
    twins = Twins(link, stans, (card, card))
    other = Till("T0000006", stans)
    reference = {90: original(twins.sales[0])}
    assert twins.ask(other.message("refund", card=card, amount=500, elements=reference)).code == "25"
    assert twins.ask(other.message("refund", amount=500, elements=reference)).code == "25"


@pytest.mark.parametrize(("named", "expected"), [(ACQUIRER, -10), (OTHER_ACQUIRER, -20)])
def test_the_acquirer_of_de_90(
    link: Link, stans: Iterator[int], pool: Iterator[str], named: str, expected: int
) -> None:
    """The same terminal id, trace number, time and card at two acquirers: two keys, told apart by DE 90."""
    till, card = Till("TWIN0001", stans), next(pool)
    first = till.message("earn", card=card, amount=1000, elements={32: ACQUIRER})
    second = first.but({4: f"{2000:012d}", 32: OTHER_ACQUIRER})
    assert [link.ask(sale).figure("050") for sale in (first, second)] == [10, 20]
    elements = {32: named, 90: original(first, acquirer=named)}
    undo = till.message("reverse", card=card, amount=1000, elements=elements)
    assert link.ask(undo).figure("050") == expected


def test_the_forwarder_is_ignored(link: Link, till: Till, card: str) -> None:
    """DE 33 inside DE 90 matches whatever it says."""
    sale = till.message("earn", card=card, amount=1000)
    assert link.ask(sale).code == "00"
    elements = {90: original(sale, forwarder="77777")}
    answer = link.ask(till.message("refund", card=card, amount=400, elements=elements))
    assert (answer.code, answer.figure("050")) == ("00", -4)


@pytest.mark.parametrize("value", ["0200" + "x" * 38, "02000000010" + " " * 31])
def test_de_90_holds_digits_only(link: Link, till: Till, card: str, value: str) -> None:
    refund = till.message("refund", card=card, amount=400, elements={90: value})
    answer = link.ask(refund)
    check_answer(refund, answer)
    assert (answer.code, answer.element(44)) == ("30", "090")
