"""The chain: what a block's hash covers, byte by byte. Formats 1, 2 and 3.

Every decision has a digest over its row and all rows that came with it, every change of a card one over
its row, and every block a hash over these digests and the hash of the block before::

    digest of a decision    SHA-256 of the JSON array [decision, postings, lots, links, early reversals]
    digest of a card entry  SHA-256 of the JSON array of its row
    hash of a block         SHA-256 of: length of the header (4 bytes, big-endian), header,
                            hash of the block before (32 bytes), digests of its decisions in order of
                            sequence, digests of its card entries in order of line (32 bytes each)

A row is the array of its columns in the order of ``COLUMNS``; JSON is compact, in UTF-8, with nothing
escaped that need not be; bytes are Base64 (RFC 4648, with padding). The header is
the JSON array of the block's row without its two hashes; it counts the digests, so no byte can be
read in two ways. Facts are outside of the chain: it covers their salted hash, which stands in the
decision's row.

Format 2 has what format 1 has, and decisions with rows in tables of ``SIDES``. Their digest is that of the
array with one more ``[name of the table, rows]`` for each of these tables that has some, in the order of
``SIDES``. A decision without any has the same digest in both, and a block without any is of format 1.

Format 3 is that of a keyed chain: as format 2, and the hash of the block is HMAC-SHA-256 of the same bytes
under the chain's key. Who does not have the key can neither make such a block nor check one; the digests of
its decisions are as before.

A later format gets a number and functions of its own; these stay, because they verify what is written.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

FORMAT: Final = 1
FORMAT_WITH_SIDES: Final = 2
FORMAT_KEYED: Final = 3
FORMATS: Final = frozenset({FORMAT, FORMAT_WITH_SIDES, FORMAT_KEYED})
GENESIS: Final = bytes(32)  # stands before the first block
SALT_SIZE: Final = 16
OF_THE_PROGRAMME: Final = 0  # stands for the card in card entries about the programme

Row = Sequence[int | str | bytes | None]

COLUMNS: Final = {
    "decision": (
        "seq", "key", "content", "identifier", "card_id", "member_id", "owner", "operation", "is_advice",
        "reason", "effective", "acquirer_id", "terminal_id", "merchant_id", "message_class", "stan",
        "transmitted", "rrn", "at", "as_of", "business_date", "amount", "in_points", "covered_minor",
        "earned", "used", "value_minor", "discount_minor", "ticket", "original", "programme_version",
        "rules", "exception", "answer", "facts_hash",
    ),
    "posting": ("seq", "line", "debit", "credit", "points", "lot", "reason"),
    "lot": (
        "lot", "owner", "points", "earned_on", "available_from", "expires_on", "funder", "value_minor",
    ),
    "link": (
        "seq", "original", "refunded_minor", "clawed", "returned", "returned_minor", "undone", "final_minor",
    ),
    "early_reversal": (
        "seq", "acquirer_id", "terminal_id", "original_class", "original_stan", "original_transmitted",
        "original_acquirer_id", "original_rrn", "own_stan", "card_id", "identifier", "at",
    ),
    "card_entry": ("block", "line", "seq", "card_id", "change"),
    "block": (
        "number", "format", "first_seq", "last_seq", "decisions", "card_entries", "committed_at",
    ),
}  # fmt: skip

# Tables of what few decisions have: columns of each, in the order in which a digest covers them. The key of
# each is ``seq, line``; lines count from 0. A table that is put here (at the end) and into ``ledger.tables``
# is written, chained and verified.
SIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "tally": ("seq", "line", "measure", "whose", "stretch", "change", "total"),
    "hold": ("seq", "line", "owner", "held_for", "points", "kept_until"),
    "hold_step": ("seq", "line", "hold", "points", "ended"),
    "certificate": ("seq", "line", "code", "owner", "points", "value_minor", "last_day"),
    "certificate_entry": ("seq", "line", "code", "points", "value_minor"),
    "mark": ("seq", "line", "kind", "value"),
}

_NONE: Final[Mapping[str, Sequence[Row]]] = {}

_encode: Final = msgspec.json.Encoder().encode


def digest_of_decision(
    decision: Row,
    postings: Sequence[Row] = (),
    lots: Sequence[Row] = (),
    links: Sequence[Row] = (),
    early_reversals: Sequence[Row] = (),
    sides: Mapping[str, Sequence[Row]] = _NONE,
) -> bytes:
    """What the chain covers of a decision. The rows have the order of ``COLUMNS`` and ``SIDES``."""
    told = (decision, postings, lots, links, early_reversals)
    if sides:
        return hashlib.sha256(
            _encode((*told, *((name, sides[name]) for name in SIDES if name in sides)))
        ).digest()
    return hashlib.sha256(_encode(told)).digest()


def digest_of_card_entry(entry: Row) -> bytes:
    """What the chain covers of a card's change."""
    return hashlib.sha256(_encode(entry)).digest()


def hash_of_block(
    header: Row, previous: bytes, digests: Sequence[bytes], chain_key: bytes | None = None
) -> bytes:
    """The hash of the block with this *header* that follows the one with the hash *previous*.

    *chain_key* is given for a block of a keyed format, and for no other.
    """
    text = _encode(header)
    covered = len(text).to_bytes(4, "big") + text + previous + b"".join(digests)
    if chain_key is not None:
        return hmac.digest(chain_key, covered, "sha256")
    return hashlib.sha256(covered).digest()


def hash_of_facts(salt: bytes, facts: str) -> bytes:
    """What a decision keeps of the facts it saw, so that they can be erased and not be changed."""
    return hashlib.sha256(salt + facts.encode()).digest()
