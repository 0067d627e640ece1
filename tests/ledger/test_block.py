"""The chain's canonical form: no two blocks look alike, and what is written once verifies for ever."""

import hashlib
import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.block import (
    COLUMNS,
    GENESIS,
    Row,
    digest_of_card_entry,
    digest_of_decision,
    hash_of_block,
    hash_of_facts,
)

values = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=8))
rows = st.lists(values, max_size=5).map(tuple)
tables = st.lists(rows, max_size=3)
groups = st.tuples(rows, tables, tables, tables, tables)

DECISION: Row = (
    7, "20261121120000|000001|2|T0000001|00000000001", bytes(range(16)), None, 1, 2, 2, "EARN", 0, None, 1,
    "00000000001", "T0000001", "MERCH0000000001", "2", "000001", "1121120000", "632500000007",
    "2026-11-21T12:00:00+00:00", "2026-11-21T12:00:00.000001+00:00", "2026-11-21", 1000, 0, 1000, 10, 0, 0,
    0, None, None, "0123456789ab", "base:10", None, '{"39":"00","62":"José"}', bytes(range(32)),
)  # fmt: skip
POSTING: Row = (7, 0, 1, 2, 10, 112, 1)
PINNED = [
    "2029ac32e6ff38643dafb7bd5f38d95470e073ae9e0ca139b621d4612d752f8f",
    "28c64a720d544e2ec0877d4beab6c73c8cca5229b37305493df8933bd559bbb9",
    "ffa61c591888d44be606a393f96390994ca22e9fd2b116e51c3604b885b4df41",
    "094f88ff6eb881436c827a8c6c388c2cb076e1ac025a48ffd69feb2be334af1a",
]


def test_format_1_is_pinned() -> None:
    """A change here makes every ledger that exists unverifiable: give the new form a new number."""
    assert len(DECISION) == len(COLUMNS["decision"])
    digest = digest_of_decision(DECISION, [POSTING])
    entry = digest_of_card_entry((1, 0, 7, 1, '{"status":"active"}'))
    facts = hash_of_facts(bytes(16), '{"base":1000}')
    hashed = hash_of_block((1, 1, 7, 7, 1, 1, "2026-11-21T12:00:00+00:00"), GENESIS, [digest, entry])
    assert [value.hex() for value in (digest, entry, facts, hashed)] == PINNED


def test_the_form_can_be_recomputed_from_its_description() -> None:
    """By whoever has the file and docs/ledger.md, without this code."""
    row = [b64encode(value).decode() if isinstance(value, bytes) else value for value in DECISION]
    text = json.dumps([row, [list(POSTING)], [], [], []], separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).digest()
    assert digest == digest_of_decision(DECISION, [POSTING])
    header = b'[1,1,7,7,1,0,"2026-11-21T12:00:00+00:00"]'
    joined = len(header).to_bytes(4, "big") + header + bytes(32) + digest
    assert hash_of_block(json.loads(header), GENESIS, [digest]) == hashlib.sha256(joined).digest()


@given(groups, groups)
def test_different_rows_have_different_digests(
    one: tuple[Row, list[Row], list[Row], list[Row], list[Row]],
    other: tuple[Row, list[Row], list[Row], list[Row], list[Row]],
) -> None:
    """No value can slide into its neighbour, no row from one table into the next."""
    assert (digest_of_decision(*one) == digest_of_decision(*other)) == (one == other)


@pytest.mark.parametrize(
    ("header", "previous", "digests"),
    [
        ((2,), GENESIS, [b"a" * 32]),
        ((1,), b"\x01" * 32, [b"a" * 32]),
        ((1,), GENESIS, [b"b" * 32]),
        ((1,), GENESIS, []),
        ((1,), GENESIS, [b"a" * 32, b"a" * 32]),
    ],
)
def test_a_hash_covers_all_of_its_block(header: Row, previous: bytes, digests: list[bytes]) -> None:
    assert hash_of_block(header, previous, digests) != hash_of_block((1,), GENESIS, [b"a" * 32])
