"""What is said to be new is new, however keys come and however few are kept."""

from hypothesis import given
from hypothesis import strategies as st

from switch.recentkeys import RecentKeys

KEYS = st.builds(
    lambda second, zone, stan: f"2026112212{second // 60:02}{second % 60:02}{zone}|{stan:06}|2|T|A",
    st.integers(0, 3599),
    st.sampled_from(["", "Z"]),
    st.integers(0, 2),
)


@given(
    before=st.sets(KEYS, max_size=30),
    loaded=st.integers(0, 30),
    added=st.lists(KEYS, max_size=40),
    asked=KEYS,
    keys_max=st.integers(0, 20),
    slices_max=st.integers(0, 10),
)
def test_nothing_that_is_in_the_books_is_called_new(
    before: set[str], loaded: int, added: list[str], asked: str, keys_max: int, slices_max: int
) -> None:
    newest = sorted(before, reverse=True)
    recent = RecentKeys(
        newest[:loaded], are_all=loaded >= len(newest), keys_max=keys_max, slices_max=slices_max
    )
    for key in added:
        recent.add(key)
    for key in before | set(added):
        assert recent.may_know(key)
    if asked not in before | set(added):
        assert not RecentKeys(before, are_all=True).may_know(asked)


def test_keys_of_commands_are_always_looked_up() -> None:
    recent = RecentKeys((), are_all=True)
    recent.add("ADJUST|1")
    assert recent.may_know("ADJUST|1")
    assert recent.may_know("ADJUST|2")


def test_it_keeps_no_more_than_it_may() -> None:
    recent = RecentKeys((), are_all=True, keys_max=10)
    for minute in range(60):
        recent.add(f"2026112212{minute:02}00|000001|2|T|A")
    assert recent.may_know("20261122120000|000002|2|T|A"), "too old to be told new"
    assert not recent.may_know("20261122125900|000002|2|T|A")
