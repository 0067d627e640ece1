"""A block as rows: what its commit writes and its hash covers."""

import json
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ledger.account import MEMBER_KINDS, AccountKind
from ledger.account import account as account_
from ledger.block import (
    FORMAT,
    FORMAT_KEYED,
    FORMAT_WITH_SIDES,
    OF_THE_PROGRAMME,
    SALT_SIZE,
    SIDES,
    Row,
    digest_of_card_entry,
    digest_of_decision,
    hash_of_block,
    hash_of_facts,
)
from ledger.entry import NO_LOT, Posting
from members.card import CardStatus
from members.identifiers import mark_of
from switch.block import Block, Enrolment, ProgrammeAct, ProgrammeEntry
from switch.outcome import CardChange, Outcome, Record, Side
from switch.rows import decision_row, early_reversal_row, instant_text, link_row, lot_row, posting_row

_compact: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


@dataclass(slots=True)
class BlockRows:
    """All rows of a block, by table, and what they add to the balances of members."""

    decisions: list[Row] = field(default_factory=list)
    postings: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    parties: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    early_reversals: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    sides: dict[str, list[Row]] = field(default_factory=dict)
    card_entries: list[Row] = field(default_factory=list)
    balances: dict[tuple[int, int], int] = field(default_factory=dict)
    header: Row = ()
    hash: bytes = b""


def rows_of(
    block: Block,
    number: int,
    previous: bytes,
    random_bytes: Callable[[int], bytes],
    chain_key: bytes | None = None,
) -> BlockRows:
    """The rows of *block*, which follows the block with the hash *previous*.

    *random_bytes* gives as many as asked, for the salts of the facts. With a *chain_key* the block is keyed.
    """
    rows = BlockRows()
    digests: list[bytes] = []
    recorded = [outcome for outcome in block.outcomes if outcome.record is not None]
    salts = random_bytes(SALT_SIZE * len(recorded))
    entries = [(0, entry) for one in block.enrolments for entry in _enrolment_entries(one)]
    for at, outcome in enumerate(recorded):
        record = outcome.record
        assert record is not None
        digests.append(_add(rows, outcome, record, number, salts[SALT_SIZE * at : SALT_SIZE * (at + 1)]))
        entries += [(record.seq, _change_entry(change)) for change in outcome.card_changes]
    entries += [(0, _change_entry(change)) for change in block.card_changes]
    entries += [(0, _act_entry(act)) for act in block.acts]
    entries += [(0, _text_entry(entry)) for entry in block.programmes]
    for line, (seq, (card_id, change)) in enumerate(entries):
        row = (number, line, seq, card_id, change)
        rows.card_entries.append(row)
        digests.append(digest_of_card_entry(row))
    rows.header = (
        number,
        FORMAT_KEYED if chain_key is not None else FORMAT_WITH_SIDES if rows.sides else FORMAT,
        rows.decisions[0][0] if rows.decisions else None,
        rows.decisions[-1][0] if rows.decisions else None,
        len(rows.decisions),
        len(rows.card_entries),
        instant_text(block.committed_at),
    )
    rows.hash = hash_of_block(rows.header, previous, digests, chain_key)
    return rows


def _add(rows: BlockRows, outcome: Outcome, record: Record, number: int, salt: bytes) -> bytes:
    """Add the rows of a decision, and give its digest, over rows in the order of their keys."""
    seq = record.seq
    facts_hash = None
    if outcome.facts is not None:
        facts_hash = hash_of_facts(salt, outcome.facts)
        rows.facts.append((seq, salt, outcome.facts))
    decision = decision_row(record, facts_hash)
    postings: list[Row] = []
    if outcome.postings:
        postings = [posting_row(seq, line, posting) for line, posting in enumerate(outcome.postings)]
        rows.postings += postings
        _add_balances(rows.balances, outcome.postings)
    lots: list[Row] = []
    if outcome.lots:
        lots = sorted((lot_row(lot) for lot in outcome.lots), key=operator.itemgetter(0))
        rows.lots += lots
    for book in outcome.books:
        if book.owner != record.owner:
            rows.parties.append((book.owner, seq))
    links: list[Row] = []
    if outcome.links:
        links = sorted((link_row(link) for link in outcome.links), key=operator.itemgetter(1))
        rows.links += links
    early: list[Row] = []
    if outcome.early_reversal is not None:
        early = [early_reversal_row(outcome.early_reversal)]
        rows.early_reversals += early
    if outcome.sides:
        sides = _side_rows(seq, outcome.sides)
        for name, some in sides.items():
            rows.sides.setdefault(name, []).extend(some)
        digest = digest_of_decision(decision, postings, lots, links, early, sides)
    else:
        digest = digest_of_decision(decision, postings, lots, links, early)
    rrn_sent = int(record.rrn != outcome.elements.get(37))
    rows.decisions.append((*decision, number, rrn_sent, digest))
    return digest


def _side_rows(seq: int, sides: Iterable[Side]) -> dict[str, list[Row]]:
    """The rows of *sides* by table, numbered."""
    rows: dict[str, list[Row]] = {}
    for side in sides:
        assert side.table in SIDES
        of_table = rows.setdefault(side.table, [])
        of_table.append((seq, len(of_table), *side.values))
    return rows


# Kinds stand above owners in an account's number, and those of members are neighbours in the chart: comparing
# numbers tells them without looking the kind up.
_MEMBERS_FROM: Final = account_(AccountKind.AVAILABLE)
_DEBTS_FROM: Final = account_(AccountKind.DEBT)
_MEMBERS_TO: Final = account_(AccountKind.CERTIFICATES)
assert {kind for kind in AccountKind if _MEMBERS_FROM <= account_(kind) < _MEMBERS_TO} == MEMBER_KINDS


def _add_balances(balances: dict[tuple[int, int], int], postings: Iterable[Posting]) -> None:
    for posting in postings:
        for account, points in ((posting.debit, -posting.points), (posting.credit, posting.points)):
            if _MEMBERS_FROM <= account < _MEMBERS_TO:
                key = account, (posting.lot if account < _DEBTS_FROM else NO_LOT)
                balances[key] = balances.get(key, 0) + points


def _enrolment_entries(enrolment: Enrolment) -> list[tuple[int, str]]:
    """Card and change of what an enrolment does, as the chain keeps it. It names no person."""
    card = enrolment.card
    told: dict[str, object] = {
        "enrolled": enrolment.token.hex(),
        "member": card.member_id,
        "owner": card.owner,
        "status": card.status.value,
        "expires_on": None if card.expires_on is None else card.expires_on.isoformat(),
        "tier": card.tier,
    }
    if enrolment.identifiers:
        told["identifiers"] = [
            [kind, mark_of(token, card.member_id)] for kind, token in enrolment.identifiers
        ]
    if card.programme:
        told["programme"] = card.programme
    if card.type:
        told["type"] = card.type
    entries = [(int(card.card_id), _compact(told))]
    if enrolment.replaces is not None:
        replaced = {"status": CardStatus.REPLACED.value, "replaced_by": card.card_id}
        entries.append((int(enrolment.replaces), _compact(replaced)))
    return entries


def _change_entry(change: CardChange) -> tuple[int, str]:
    """Card and change of what a change does. Tokens and secrets stay where they can be erased."""
    told: dict[str, object] = {}
    if change.status is not None:
        told["status"] = change.status.value
    if change.type is not None:
        told["type"] = change.type
    for did, link in (("linked", change.link), ("unlinked", change.unlink)):
        if link is not None:
            member_id = change.card.member_id
            told |= {did: link[0], "member": member_id, "mark": mark_of(link[1], member_id)}
    if change.proof is not None:
        secret = change.proof.after
        of_secret = {} if secret is None else {"mark": secret.mark, "failures": secret.failures}
        told[change.proof.kind.value] = {"did": change.proof.did, **of_secret}
    return int(change.card.card_id), _compact(told)


def _act_entry(act: ProgrammeAct) -> tuple[int, str]:
    """What was done to the programme, and by whom. It lies among the entries of cards, as no card's."""
    told: dict[str, object] = {"act": act.act, "version": act.version, "by": act.by}
    told["at"] = instant_text(act.at)
    optional = {"entry": act.entry, "about": act.about, "own": act.is_own, "text": act.text}
    told |= {name: value for name, value in optional.items() if value}
    return OF_THE_PROGRAMME, _compact(told)


def _text_entry(entry: ProgrammeEntry) -> tuple[int, str]:
    """A text of the programme that came into force. It lies among the entries of cards, as no card's."""
    told = {"in_force": entry.number, "version": entry.version, "since": instant_text(entry.since)}
    return OF_THE_PROGRAMME, _compact(told)
