"""The same message again: the key, stored answers to the byte, and what is not remembered."""

import pytest

from tests.conformance.conftest import Check

STORIES = {
    "the same bytes": """
        earn A 1000 as=sale                -> 00 balance=10
        again sale                         -> 00 same=sale
        earn A 5000                        -> 00 balance=60
        again sale                         -> 00 same=sale
        inquiry A                          -> 00 balance=60
    """,
    "a repeat by its digit": """
        earn A 1000 as=sale                -> 00
        again sale mti=0201                -> 00 same=sale
        inquiry A                          -> 00 balance=10
    """,
    "a repeat that comes first": """
        earn A 1000 mti=0201 as=sale       -> 00
        again sale mti=0200                -> 00 same=sale
        inquiry A                          -> 00 balance=10
    """,
    "origins are not in the key": """
        earn A 1000 as=sale                -> 00
        again sale mti=0202                -> 00 balance=10
        again sale mti=0204                -> 00 balance=10
        inquiry A                          -> 00 balance=10
    """,
    "a redemption": """
        earn A 50000                       -> 00
        redeem A 300 as=paid               -> 00
        again paid mti=0201                -> 00 same=paid
        inquiry A                          -> 00 balance=200
    """,
    "a redemption in part keeps its DE 4": """
        earn A 10000                       -> 00
        redeem A 300 040=P as=paid         -> 10 de4=000000000100
        earn A 10000                       -> 00
        again paid                         -> 10 same=paid
        inquiry A                          -> 00 balance=100
    """,
    "a refund": """
        earn A 1000 as=sale                -> 00
        refund A 400 of=sale as=back       -> 00
        again back                         -> 00 same=back
        inquiry A                          -> 00 balance=6
    """,
    "a void": """
        earn A 1000 as=sale                -> 00
        void A - of=sale as=taken          -> 00
        again taken mti=0201               -> 00 same=taken
        inquiry A                          -> 00 balance=0
    """,
    "a decline is repeated, even when it would be approved now": """
        redeem A 10 as=paid                -> 51
        earn A 5000                        -> 00
        again paid                         -> 51 same=paid
        again paid mti=0201                -> 51 same=paid
        inquiry A                          -> 00 balance=50
    """,
    "a decline for its original is repeated": """
        later earn A 1000 as=sale          ->
        refund A 400 of=sale as=back       -> 25
        send sale                          -> 00
        again back                         -> 25 same=back
    """,
    "an advice": """
        earn A 1000 mti=0220 as=sale       -> 00
        again sale mti=0221                -> 00 same=sale
        inquiry A                          -> 00 balance=10
    """,
    "the advice of an approved request": """
        earn A 1000 as=sale                -> 00 earned=+10
        again sale mti=0220                -> 00 earned=+10 owed=1000
        again sale mti=0221                -> 00 earned=+10
        inquiry A                          -> 00 balance=10
    """,
    "the advice of a redemption approved in part": """
        earn A 10000                       -> 00
        redeem A 300 040=P as=paid         -> 10
        again paid mti=0220                -> 00 used=100
        inquiry A                          -> 00 balance=0
    """,
    "the advice of a declined request": """
        redeem A 10 as=paid                -> 51
        again paid mti=0220                -> 00 de38=- de54=- de62=- reason=
        inquiry A                          -> 00 balance=0
    """,
    "the request of an advice": """
        earn A 1000 mti=0220 as=sale       -> 00
        again sale mti=0200                -> 00 earned=+10
        inquiry A                          -> 00 balance=10
    """,
    "another amount": """
        earn A 1000 as=sale                -> 00
        again sale de4=000000001001        -> 94 reason=KEY_CONFLICT
        again sale                         -> 00 same=sale
        inquiry A                          -> 00 balance=10
    """,
    "another card": """
        earn A 1000 as=sale                -> 00
        again sale card=B                  -> 94
        inquiry B                          -> 00 balance=0
    """,
    "another DE 3": """
        earn A 1000 as=sale                -> 00
        again sale pc=000030               -> 94
    """,
    "another original": """
        earn A 1000 as=sale                -> 00
        earn A 2000 as=other               -> 00
        refund A 400 of=sale as=back       -> 00
        again back de90=020099998611201122330000000000000000000000 -> 94
    """,
    "another final amount": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=600 as=undo -> 00
        again undo final=500               -> 94
        again undo de95=-                  -> 94
        again undo                         -> 00 same=undo
    """,
    "another final amount, as an advice": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale final=600 mti=0420 as=undo -> 00
        again undo final=500               -> 94
        inquiry A                          -> 00 balance=6
    """,
    "an advice with other content": """
        earn A 1000 as=sale                -> 00
        again sale mti=0220 de4=000000000999 -> 94
        inquiry A                          -> 00 balance=10
    """,
    "a conflict is not remembered": """
        redeem A 10 as=paid                -> 51
        again paid de4=000000000020        -> 94
        again paid de4=000000000020        -> 94
        again paid                         -> 51 same=paid
    """,
    "what may differ: 37": """
        earn A 1000 as=sale                -> 00
        again sale de37=OWN000000001       -> 00 de37=OWN000000001 balance=10
        inquiry A                          -> 00 balance=10
    """,
    "what may differ: currency left out or said": """
        earn A 1000 as=sale                -> 00
        again sale de49=978                -> 00 de49=978
        inquiry A                          -> 00 balance=10
    """,
    "what may differ: DE 7 beside 12 and 13": """
        earn A 1000 as=sale                -> 00
        again sale de7=0101010101          -> 00 de7=0101010101
        again sale de7=-                   -> 00 de7=-
        inquiry A                          -> 00 balance=10
    """,
    "without 12 and 13, DE 7 is in the key": """
        earn A 1000 de12=- de13=- as=sale  -> 00
        again sale                         -> 00 same=sale
        again sale de7=0101010102          -> 00 balance=20
    """,
    "without 13, DE 7 is in the key": """
        earn A 1000 de13=- as=sale         -> 00
        again sale de12=010101             -> 00 balance=10
        again sale de7=0101010103          -> 00 balance=20
    """,
    "another time is another transaction": """
        earn A 1000 de12=101112 as=sale    -> 00
        again sale de12=101113             -> 00 balance=20
        again sale de13=0102               -> 00 balance=30
    """,
    "another trace number is another transaction": """
        earn A 1000 as=sale                -> 00
        again sale de11=999901             -> 00 balance=20
    """,
    "another terminal is another transaction": """
        earn A 1000 as=sale                -> 00
        again sale de41=T0000002           -> 00 balance=20
        again sale                         -> 00 same=sale
    """,
    "another class is another transaction": """
        earn A 1000 as=sale                -> 00
        quote A 500 key=sale               -> 00 earned=+5
        inquiry A key=sale                 -> 00 balance=10
        reverse A 1000 key=sale            -> 00 earned=-10
        again sale                         -> 00 same=sale
    """,
    "what was refused as malformed is not remembered": """
        earn A 1000 de48=0100 as=sale      -> 30 de44=048
        again sale de48=-                  -> 00 earned=+10
    """,
    "a refused amount is not remembered": """
        earn A 0 as=sale                   -> 13
        again sale de4=000000001000        -> 00 earned=+10
    """,
    "a refused operation is not remembered": """
        earn A 1000 pc=500000 as=sale      -> 12
        again sale pc=000000               -> 00 earned=+10
    """,
    "a refused merchant is not remembered": """
        earn A 1000 de42=MERCH0000000077 as=sale -> 58
        again sale de42=-                  -> 00 earned=+10
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_keys(check: Check, text: str) -> None:
    """Equal content: the stored decision with the repeat's own echoes; different content: 94."""
    check(text)
