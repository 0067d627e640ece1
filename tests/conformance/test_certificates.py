"""EXCHANGE and PAY_CERTIFICATE: points become a certificate, which pays until nothing is left of it."""

import re
from datetime import UTC, datetime

import pytest

from tests.conformance.conftest import Check
from tests.conformance.scenario import Story

STORIES = {
    "made and spent": """
        earn A 100000                        -> 00 balance=1000
        exchange A 500 as=c                  -> 00 used=500 value=500 balance=500 left=500 de38=*
        pay_certificate B 200 cert=c         -> 00 value=200 owed=0 left=300 balance=0 de38=* de4=000000000200
        pay_certificate A 300 cert=c         -> 00 value=300 owed=0 left=0 balance=500
        pay_certificate A 1 cert=c           -> 57 reason=CERTIFICATE_USED
    """,
    "in points": """
        earn A 100000                        -> 00
        exchange A 500 de49=999              -> 00 used=500 gets=CERT000000000500 balance=500
    """,
    "more than it is worth": """
        earn A 100000                        -> 00
        exchange A 500 as=c                  -> 00
        pay_certificate A 501 cert=c         -> 51 reason=NOT_SUFFICIENT_POINTS de54=-
        pay_certificate A 501 cert=c 040=P   -> 10 value=500 owed=1 de4=000000000500 left=0 reason=PARTIAL
        pay_certificate A 501 cert=c 040=P   -> 57
    """,
    "refused": """
        earn A 10000                         -> 00
        exchange A 101                       -> 51
        exchange A 0                         -> 13
        exchange A 10 de49=840               -> 13
        exchange ? 10                        -> 14
        pay_certificate A 10                 -> 57 reason=CERTIFICATE_UNKNOWN
        pay_certificate A 10 021=NOBODYS     -> 57 reason=CERTIFICATE_UNKNOWN
        pay_certificate A 0 021=NOBODYS      -> 13
        pay_certificate A 10 021=N de49=999  -> 13
        pay_certificate ? 10 021=NOBODYS     -> 14
    """,
    "again": """
        earn A 100000                        -> 00
        exchange A 500 as=c                  -> 00
        again c                              -> 00 same=c
        again c mti=0201                     -> 00 same=c
        pay_certificate A 500 cert=c as=p    -> 00
        again p                              -> 00 same=p
    """,
    "the earn base": """
        earn A 100000                        -> 00 balance=1000
        exchange A 500 as=c                  -> 00
        pay_certificate A 300 cert=c 023=T7  -> 00
        earn A 1000 023=T7                   -> 00 earned=7 owed=1000
        earn B 1000 031=CERT000000000300     -> 00 earned=7
    """,
    "undone": """
        earn A 100000                        -> 00
        exchange A 500 as=c                  -> 00 balance=500
        pay_certificate A 200 cert=c as=p    -> 00 left=300
        void - - of=c                        -> 12 reason=NOT_ALLOWED_NOW
        reverse A 200 of=p final=50          -> 00 value=150 left=450 owed=0
        reverse A 500 of=c                   -> 00 used=450 balance=950 left=0
        exchange A 500 as=d                  -> 00 balance=450
        reverse A 500 of=d final=100         -> 00 used=400 balance=850 left=100
        exchange A 100 as=e                  -> 00 balance=750
        void - - of=e as=v                   -> 00 used=100 balance=850
        pay_certificate A 1 cert=e           -> 57
        reverse - - of=v                     -> 00 balance=750 left=100
        pay_certificate A 100 cert=e as=q    -> 00 left=0
        void - - of=q                        -> 00 value=100 left=100
    """,
    "reversed before it came": """
        earn A 10000                         -> 00
        later exchange A 60 as=c             ->
        reverse A 60 of=c                    -> 00
        send c                               -> 12 reason=ALREADY_REVERSED
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_certificates(check: Check, text: str) -> None:
    """Reading: what no certificate is behind is 57, by a name that says why; what is left stays on it."""
    check(text)


def test_what_is_told_of_a_certificate(story: Story) -> None:
    """058 is kind, value, last day, code; DE 54 has the account type 60 behind the type 90."""
    story.check("""
        earn A 100000                        -> 00
        exchange A 500 as=c                  -> 00
        exchange A 100 as=d                  -> 00
    """)
    told = [story.told[name].answer for name in "cd"]
    codes = set()
    for answer, value in zip(told, (500, 100), strict=True):
        assert answer is not None
        match = re.fullmatch(r"CERT(\d{12})(\d{8})([0-9A-Z]{16})", answer.tag("058"))
        assert match is not None
        assert int(match[1]) == value
        assert match[2] > f"{datetime.now(UTC):%Y%m%d}"
        codes.add(match[3])
        balances = re.findall(r"(90|60)(02|01)999C(\d{12})", answer.element(54))
        assert [(kind, type_) for kind, type_, _ in balances] == [
            ("90", "02"), ("90", "01"), ("60", "02"), ("60", "01"),
        ]  # fmt: skip
        assert int(balances[2][2]) == value
        assert match[3] in answer.element(62).split("|"), "the code stands on the receipt, whole"
    assert len(codes) == 2
