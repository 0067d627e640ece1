"""A mapping in many dicts behaves as one dict."""

from hypothesis import given
from hypothesis import strategies as st

from rules.shards import Shards

_entries = st.lists(st.tuples(st.text(max_size=3), st.integers()))


@given(_entries, st.lists(st.text(max_size=3)))
def test_it_behaves_as_a_dict(entries: list[tuple[str, int]], asked: list[str]) -> None:
    made: Shards[str, int] = Shards()
    made.update(dict(entries[:3]))
    for key, value in entries[3:]:
        made[key] = value
    expected = dict(entries)
    assert made == expected
    assert (len(made), bool(made)) == (len(expected), bool(expected))
    for key in (*asked, *expected):
        assert (made.get(key), made.get(key, -1)) == (expected.get(key), expected.get(key, -1))
        assert (key in made) == (key in expected)
    for key in asked:
        if key in expected:
            del expected[key], made[key]
    assert made == expected
    while expected:
        key, value = made.popitem()
        assert expected.pop(key) == value
    assert not made


def test_no_dict_of_it_has_many() -> None:
    made: Shards[str, int] = Shards()
    made.update({f"M{number}": number for number in range(6_400)})
    assert max(map(len, made._dicts)) < 200
