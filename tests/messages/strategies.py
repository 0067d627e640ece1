"""Messages of any dialect, for properties."""

from hypothesis import strategies as st

from messages.spec import Content, Dialect, Encoding, Field, Unit
from messages.values import BYTES_AS_HEX, MONTH_DAYS, is_date

PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)
_LONGEST = 40  # of variable values: longer ones test nothing new
_DATES = st.sampled_from(sorted(MONTH_DAYS))
_TIMES = st.builds("{:02}{:02}{:02}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
_YEARS = st.builds("{:02}".format, st.integers(0, 99))

_MOMENTS = {
    Content.MONTH_DAY: _DATES,
    Content.TIME: _TIMES,
    Content.MOMENT: st.builds("{}{}".format, _DATES, _TIMES),
    Content.DATED_TIME: st.builds("{}{}{}".format, _YEARS, _DATES, _TIMES).filter(
        lambda text: is_date(text[:6])
    ),
    Content.DATE: st.builds("{}{}".format, _YEARS, _DATES).filter(is_date),
}


def values(field: Field) -> st.SearchStrategy[str]:
    """Values that *field* may carry."""
    in_bytes = field.unit is Unit.BYTES and field.encoding in BYTES_AS_HEX
    longest = field.length if field.prefix is None else min(field.length, _LONGEST)
    shortest = 0 if field.prefix else longest
    if field.content in _MOMENTS:
        return _MOMENTS[field.content]
    match field.content:
        case Content.SIGNED:
            digits = st.text("0123456789", min_size=longest - 1, max_size=longest - 1)
            return st.builds("{}{}".format, st.sampled_from("CD"), digits)
        case Content.DIGITS:
            return st.text("0123456789", min_size=shortest, max_size=longest)
        case Content.TRACK:
            alphabet = "0123456789D" if field.encoding is Encoding.BCD else "0123456789=D"
            return st.text(alphabet, min_size=shortest, max_size=longest)
        case _ if in_bytes:
            return st.binary(min_size=shortest, max_size=longest).map(lambda value: value.hex().upper())
        case _ if field.encoding in BYTES_AS_HEX:
            return st.text("0123456789ABCDEF", min_size=shortest, max_size=longest)
        case _:
            return st.text(PRINTABLE, min_size=shortest, max_size=longest)


@st.composite
def messages(draw: st.DrawFn, dialect: Dialect) -> tuple[str, dict[int, str]]:
    """Any message of *dialect*: type and elements."""
    mti = draw(st.text("0123456789", min_size=4, max_size=4))
    numbers = draw(st.sets(st.sampled_from(sorted(dialect.fields)), max_size=12))
    return mti, {number: draw(values(dialect.fields[number])) for number in sorted(numbers)}
