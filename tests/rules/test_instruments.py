"""Certificates, prizes, partners, families in the programme: what is read, and what is told of mistakes."""

import pytest

from loyalty.amount import Rate
from loyalty.errors import Problems
from rules.parse import MAIN, parse_programme
from rules.programme import CertificateTerms, FamilyLimits, Partner, Prize
from rules.span import Span, SpanUnit
from tests.rules.sales import STARTER

YEAR = Span(1, SpanUnit.YEARS)


def test_what_is_left_out_has_its_default() -> None:
    made = parse_programme({MAIN: STARTER})
    assert made.certificates == CertificateTerms(YEAR, 1, 1)
    assert (made.prizes, made.partners, made.family) == ((), (), FamilyLimits())
    by_hundreds = STARTER.replace("step = 1 ", "step = 100 ")
    assert parse_programme({MAIN: by_hundreds}).certificates == CertificateTerms(YEAR, 100, 100)
    assert by_hundreds != STARTER


def test_all_of_it_is_read() -> None:
    made = parse_programme(
        {
            MAIN: STARTER
            + """
            [certificates]
            last = "6 months"
            minimum = 500
            step = 50
            [[prize]]
            code = "MUG"
            text = "A mug"
            points = 200
            last = "30 days"
            [[partner]]
            id = "FUEL"
            text = "Fuel"
            funds = true
            [family]
            points_per_day = 10
            """
        }
    )
    assert made.certificates == CertificateTerms(Span(6, SpanUnit.MONTHS), 500, 50)
    assert made.prizes == (Prize("MUG", "A mug", 200, Span(30, SpanUnit.DAYS)),)
    assert made.partner("FUEL") == Partner("FUEL", "Fuel", funds=True, reimbursed=False)
    assert made.partner("SHOES") is None
    assert made.family == FamilyLimits(None, 10)
    assert made.redemption.value == Rate(1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[certificates]\nstep = 0", "programme.toml: certificates.step"),
        ("[certificates]\nminimum = 150\nstep = 100", "is not a whole number of steps"),
        ("[certificates]\nstpe = 1", "is not known here"),
        ('[[prize]]\ncode = "A B"\ntext = "x"\npoints = 1', "does not look right"),
        ('[[prize]]\ncode = "A"\ntext = "x"\npoints = 0', "prize[1].points"),
        ('[[prize]]\ncode = "A"\ntext = "x"\npoints = 1\n' * 2, "is another prize's code"),
        ('[[partner]]\nid = "A"\ntext = "x"\n' * 2, "is another partner's id"),
        ('[[partner]]\nid = "A"\ntext = "x"\nfunds = 1', "partner[1].funds"),
        ("[family]\npoints_per_day = 0", "family.points_per_day"),
    ],
)
def test_mistakes_are_told(text: str, told: str) -> None:
    with pytest.raises(Problems) as caught:
        parse_programme({MAIN: f"{STARTER}\n{text}"})
    assert told in " ".join(map(str, caught.value.problems))
