"""Rules that decline stand before whatever earns or spends, and what they saw is kept."""

import json

import pytest

from loyalty.errors import Problems
from rules.explain import tell_decline, why_not
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.allowed import terms_of_decision
from tests.switch.story import Story, play, starter_text

FULL = "EARN card=A amount=100000 -> balance=1000\nc: EXCHANGE card=A amount=300 -> balance=700\n"
ALL = """
    EARN card=A amount=500 at=T2                   -> reason=NOT_HERE kept=True
    EARN* card=A amount=500 at=T2                  -> exception=NOT_HERE earned=0
    EARN* card=F amount=500 at=T2                  -> exception=NOT_HERE
    QUOTE card=A amount=500 at=T2                  -> reason=NOT_HERE kept=False
    REDEEM card=A amount=5 at=T2                   -> reason=NOT_HERE kept=True
    REDEEM* card=A amount=5 at=T2                  -> exception=NOT_HERE
    REDEEM* card=F amount=5 at=T2                  -> exception=NOT_HERE
    HOLD card=A amount=500 at=T2                   -> reason=NOT_HERE
    HOLD card=A amount=5 pays=1 at=T2              -> reason=NOT_HERE
    TRANSFER card=A to=B amount=5 at=T2            -> reason=NOT_HERE
    EXCHANGE card=A amount=5 at=T2                 -> reason=NOT_HERE
    PAY_CERTIFICATE card=A amount=5 cert=c at=T2   -> reason=NOT_HERE
    # what takes back, and what only asks, is never declined
    INQUIRY card=A at=T2                           -> balance=700
    REFUND card=A amount=100 at=T2                 -> earned=-1
    # elsewhere all goes on
    EARN card=A amount=100                         -> earned=1
    REDEEM card=A amount=5                         -> used=5
    TRANSFER card=A to=B amount=5                  -> used=5
    EXCHANGE card=A amount=5                       -> used=5
    PAY_CERTIFICATE card=A amount=5 cert=c         -> left=295
"""
BY_OPERATION = {
    "EARN": ("EARN card=A amount=500", "QUOTE card=A amount=500", "HOLD card=A amount=500"),
    "REDEEM": ("REDEEM card=A amount=5", "HOLD card=A amount=5 pays=1"),
    "TRANSFER": ("TRANSFER card=A to=B amount=5",),
    "EXCHANGE": ("EXCHANGE card=A amount=5",),
    "PAY_CERTIFICATE": ("PAY_CERTIFICATE card=A amount=5 cert=c",),
}


def guarding(when: str, more: str = "") -> Programme:
    rule = f'[[rule]]\nid = "g"\ntext = "Not here"\nwhen = {{ {when} }}\nthen = {{ decline = "NOT_HERE" }}\n'
    return parse_programme({MAIN: starter_text() + rule + more})


def test_a_decline_stands_before_all_that_earns_or_spends() -> None:
    """At terminal T2; an advice of it is accepted, nothing is booked, and somebody looks at it."""
    play(FULL + ALL, guarding('terminal = "T2"'))


@pytest.mark.parametrize("operation", BY_OPERATION)
def test_a_decline_may_be_of_some_operations(operation: str) -> None:
    """Holds and quotes count as what they prepare; the others are done."""
    others = [each for each in BY_OPERATION if each != operation]
    for declined in ([operation], others):
        story = FULL
        for each, lines in BY_OPERATION.items():
            reason = "NOT_HERE" if each in declined else None
            story += "".join(f"{line} at=T2 -> reason={reason}\n" for line in lines)
        play(story, guarding(f'terminal = "T2", operation = {json.dumps(declined)}'))


def test_it_sees_the_whole_in_money() -> None:
    """Points in DE 4 at what they are worth; lines that carry no points are of the ticket too."""
    made = guarding('amount = { from = "5.00" }')
    play(
        "EARN card=A amount=499 -> earned=4\n" * 200
        + """
        REDEEM card=A amount=499                       -> used=499
        REDEEM card=A amount=500                       -> reason=NOT_HERE
        REDEEM card=A amount=500 unit=p                -> reason=NOT_HERE
        TRANSFER card=A to=B amount=500 unit=p         -> reason=NOT_HERE
        EARN card=A amount=500 lines=a*400,b*100/N      -> reason=NOT_HERE
        EARN card=A amount=499 lines=a*399,b*100/N      -> earned=3
        """,
        made,
    )


TERMS = """
[[rule]]
id = "half"
text = "Half of the ticket"
then = { redeem = { share = "1/2" } }
[[rule]]
id = "never"
text = "Never above 50.00"
priority = 1
when = { ticket = { from = "50.00" } }
then = { redeem = { refuse = "TOO_LARGE" } }
"""


def test_what_declined_can_be_explained() -> None:
    """With what the rule saw, by the version that decided: of guards, and of rules on what points pay."""
    made = guarding('terminal = "T2"', TERMS)
    story = Story(made)
    story.play(
        FULL
        + """
        EARN card=A amount=1000 points=1 at=T2          -> reason=NOT_HERE
        TRANSFER card=A to=B amount=5 at=T2             -> reason=NOT_HERE
        EARN card=A amount=5000 points=1                -> reason=TOO_LARGE
        EARN* card=A amount=5000 points=1               -> exception=TOO_LARGE
        EARN card=A amount=100 points=51                -> reason=ABOVE_LIMIT
        REDEEM card=A amount=5000                       -> reason=TOO_LARGE
        """
    )
    story.commit()
    terms = "a point pays 0.01, in steps of 1, up to 1/2 of the ticket"
    guard = ["g: Not here: declines: NOT_HERE", "because terminal is T2: T2"]
    never = ["points pay by never: Never above 50.00: points pay nothing: TOO_LARGE"]
    never.append("because the ticket is 50.00 or more: 50.00")
    half = [f"points pay by half: Half of the ticket: {terms}"]
    found = []
    for seq in range(3, 9):
        record = story.store.by_seq(seq)
        assert record is not None
        facts = Facts.from_json(story.store.facts(seq) or "")
        name = record.reason or record.exception or ""
        found.append(tell_decline(made, facts, name, terms_of_decision(made, record.rules)))
    assert found == [guard, guard, never, never, half, never]
    facts = Facts.from_json(story.store.facts(3) or "")
    assert [(each.holds, each.asks) for each in why_not(made, facts, "g")] == [
        (True, "terminal is T2"),
        (True, "being the first of its lane"),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        'when = { operation = "EARN" }\nthen = { points = 1 }',
        'when = { any = [{ operation = "REDEEM" }, { channel = "POSD" }] }\nthen = { redeem = { step = 5 } }',
        'when = { operation = "REFUND" }\nthen = { decline = "NO_WAY" }',
    ],
)
def test_only_declines_ask_for_the_operation(rule: str) -> None:
    """A quote tells what the sale would bring, so nothing else may depend on it."""
    with pytest.raises(
        Problems, match=r"when.operation: (is asked by rules that decline only|cannot hold REFUND)"
    ):
        parse_programme({MAIN: f'{starter_text()}[[rule]]\nid = "r"\ntext = "R"\n{rule}\n'})
