"""Durable state as decisions ask for it: from memory where it is hot, else by a lookup of some microseconds.

Books and cards are loaded on first use and kept in two generations; when the young one is full, the old
one goes. What a commit changed is put in or dropped as soon as it is durable. Everything else is read
over a connection that cannot write, synchronously: an index leads to every row, and every search is
bounded.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from ledger.account import AccountId, PostingReason
from ledger.book import MemberBook
from ledger.certificate import Certificate
from ledger.entry import Lot, Posting
from ledger.hold import Hold, HoldStep
from loyalty.card import CardId, IdentifierKind, MemberId, Token
from loyalty.sequence import seq_of
from loyalty.totals import Totals
from loyalty.transaction import OriginalReference
from members.card import Card
from members.profile import Profile
from members.proof import ProofKind, Secret
from members.tables import EVERY_CARD
from switch import lookups
from switch.batchreader import Batches
from switch.batchtotals import BatchOf
from switch.block import Block, Enrolment, Person
from switch.duereader import DueReader
from switch.generations import Generations
from switch.lookups import CANDIDATES_MAX, load_book, load_cards, load_leads
from switch.markreader import MarkReader
from switch.originals import named_by
from switch.outcome import CardChange, EarlyReversal, Link, Record
from switch.programmereader import ProgrammeReader
from switch.recentkeys import RecentKeys
from switch.redeemed import Redeemed
from switch.rows import (
    certificate_of,
    early_reversal_of,
    hold_of,
    hold_step_of,
    instant_text,
    link_of,
    lot_of,
    profile_of,
    record_of,
    secret_of,
)
from switch.statements import SELECT_LINKS_FROM, SELECT_LINKS_TO
from switch.tallyreader import DurableTallies, TallyReader

GENERATION_SIZE: Final = 50_000
KEYS_LOADED_MAX: Final = 50_000  # some hundredths of a second of reading
_RRN: Final = "rrn "  # begins no STAN


class Recall(MarkReader, TallyReader, DueReader, ProgrammeReader):
    """The reader of a store.

    Args:
        database: A connection that only reads; it belongs to the reader.
        size: Of a generation of books, cards and identifiers each.
        keys_loaded_max: Keys of the last decisions that are read at the start.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        *,
        size: int = GENERATION_SIZE,
        keys_loaded_max: int = KEYS_LOADED_MAX,
    ) -> None:
        super().__init__(database)
        self._prefetched: dict[str, Record | None] = {}
        self._books: Generations[MemberId, MemberBook] = Generations(size)
        self._cards: Generations[MemberId, tuple[Card, ...]] = Generations(size)
        self._leads: Generations[tuple[str, Token], tuple[tuple[MemberId, CardId], ...]] = Generations(size)
        self._profiles: Generations[MemberId, Profile] = Generations(size)
        self._tallies = DurableTallies(database, size)
        self._batches = Batches(database, self)
        self._tickets = Redeemed(self._paid_on, self._redemptions)
        # By terminal and what is named: a STAN, or an RRN; one that names neither means nothing.
        self._early: dict[tuple[str, str, str], list[EarlyReversal]] = {}
        newest = [key for (key,) in database.execute(lookups.NEWEST_KEYS, (keys_loaded_max,))]
        self._recent = RecentKeys(newest, are_all=len(newest) < keys_loaded_max)
        for row in database.execute(lookups.EARLY):
            self._remember_early(early_reversal_of(row))

    def close(self) -> None:
        """Give up the connection."""
        self._database.close()

    # Decisions

    def has_decided(self) -> bool:
        """Whether the books hold any decision."""
        return self._database.execute("SELECT 1 FROM decision LIMIT 1").fetchone() is not None

    def prefetch(self, keys: Iterable[str]) -> None:
        """Look *keys* up at once; ``by_key`` then answers from memory until the next call."""
        self._prefetched = dict.fromkeys(keys)
        known = [key for key in self._prefetched if self._recent.may_know(key)]
        if not known:
            return
        rows = self._database.execute(lookups.BY_KEYS, (json.dumps(known),)).fetchall()
        for row in rows:
            self._prefetched[row[1]] = self._record(row)

    def by_key(self, key: str) -> Record | None:
        """The decision with this key."""
        if key in self._prefetched:
            return self._prefetched[key]
        return self._one(lookups.BY_KEY, key)

    def by_seq(self, seq: int) -> Record | None:
        """The decision with this sequence."""
        return self._one(lookups.BY_SEQ, seq)

    def by_rrn(self, rrn: str) -> list[Record]:
        """Decisions whose answer went out under this DE 37, two at most."""
        found = [self._record(row) for row in self._database.execute(lookups.BY_RRN, (rrn,)).fetchall()]
        seq = seq_of(rrn)
        own = None if seq is None else self.by_seq(seq)
        if own is not None and own.rrn == rrn and all(own.seq != record.seq for record in found):
            found = sorted([*found, own], key=lambda record: record.seq)[:2]
        return found

    def by_reference(
        self,
        reference: OriginalReference,
        *,
        terminal: tuple[str, str] | None,
        member_id: MemberId | None,
    ) -> list[Record]:
        """Decisions that the parts of a DE 90 match, two at most.

        A reference that could mean more than ``CANDIDATES_MAX`` decisions means none.
        """
        sql, parameters = lookups.candidates_for(reference, terminal, member_id)
        if not sql:
            return []
        rows = self._database.execute(sql, parameters).fetchall()
        if len(rows) > CANDIDATES_MAX:
            return []
        matching = [row for row in rows if named_by(reference, record_of(row))][:2]
        return [self._record(row) for row in matching]

    def by_own_stan(self, stan: str, terminal: tuple[str, str], since: datetime) -> list[Record]:
        """Decisions of this terminal with this DE 11, decided at *since* or later, reversals apart."""
        acquirer_id, terminal_id = terminal
        parameters = terminal_id, stan, acquirer_id, instant_text(since)
        rows = self._database.execute(lookups.BY_OWN_STAN, parameters).fetchall()
        return [self._record(row) for row in reversed(rows)]

    def redemptions(self, ticket: str) -> list[Record]:
        """Effective redemptions of a ticket."""
        return self._tickets.redemptions(ticket)

    def uses(self, owner: MemberId, member_id: MemberId, day: date) -> list[Record]:
        """Decisions of *day* by which *member_id* used points of *owner*, among the latest of his."""
        parameters = owner, member_id, day.isoformat()
        return [self._record(row) for row in self._database.execute(lookups.USES, parameters).fetchall()]

    def batch_totals(self, of: BatchOf, before: int | None) -> Totals:
        """What the decisions of a batch whose sequence is lower than *before* add up to."""
        return self._batches.totals(of, before)

    def links_to(self, original: int) -> list[Link]:
        """What later decisions did to a decision."""
        return [link_of(row) for row in self._database.execute(SELECT_LINKS_TO, (original,))]

    def links_from(self, seq: int) -> list[Link]:
        """What a decision did to earlier ones."""
        return [link_of(row) for row in self._database.execute(SELECT_LINKS_FROM, (seq,))]

    def postings(self, seq: int) -> list[Posting]:
        """The entry of a decision, in order."""
        return [
            Posting(AccountId(debit), AccountId(credit), points, lot, PostingReason(reason))
            for debit, credit, points, lot, reason in self._database.execute(lookups.POSTINGS, (seq,))
        ]

    def lots(self, numbers: Sequence[int]) -> list[Lot]:
        """The lots with these numbers."""
        return [lot_of(row) for row in self._database.execute(lookups.LOTS, (json.dumps(list(numbers)),))]

    def hold(self, number: int) -> Hold | None:
        """The hold that decision *number* made, open or not."""
        row = self._database.execute(lookups.HOLD, (number,)).fetchone()
        return None if row is None else hold_of(row)

    def hold_steps(self, number: int) -> list[HoldStep]:
        """What was done to that hold."""
        return [hold_step_of(row) for row in self._database.execute(lookups.HOLD_STEPS, (number,))]

    def certificate(self, code: str) -> Certificate | None:
        """The certificate with this code, and what is left of it."""
        row = self._database.execute(lookups.CERTIFICATE, (code,)).fetchone()
        return None if row is None else certificate_of(row)

    def certificate_codes(self, seq: int) -> list[str]:
        """The certificates that a decision made or changed."""
        return [code for (code,) in self._database.execute(lookups.CERTIFICATE_CODES, (seq, seq))]

    def facts(self, seq: int) -> str | None:
        """What the rules saw, as JSON; ``None`` when nothing was kept, or when it was erased."""
        row = self._database.execute(lookups.FACTS, (seq,)).fetchone()
        return None if row is None else row[0]

    def early_reversals(self, terminal: tuple[str, str], stan: str, rrn: str | None) -> list[EarlyReversal]:
        """Reversals of this terminal that found nothing and may name a message with this DE 11 and DE 37."""
        if not self._early:
            return []
        found = {early.seq: early for early in self._early.get((*terminal, stan), ())}
        if rrn is not None:
            found.update((early.seq, early) for early in self._early.get((*terminal, _RRN + rrn), ()))
        return [found[seq] for seq in sorted(found)]

    # Customers

    def cards(self, kind: str, token: Token) -> list[Card]:
        """Cards that an identifier leads to: the card itself, or all cards of the member behind it."""
        return [
            card
            for member_id, card_id in self._led(kind, token)
            for card in self._cards_of(member_id)
            if card_id in (EVERY_CARD, card.card_id)
        ]

    def card(self, card_id: CardId) -> Card | None:
        """The card with this id."""
        row = self._database.execute(lookups.MEMBER_OF_CARD, (card_id,)).fetchone()
        if row is None:
            return None
        return next((card for card in self._cards_of(row[0]) if card.card_id == card_id), None)

    def membership(self, member_id: MemberId) -> str:
        """The programme that a member belongs to; empty for the deployment's own."""
        return str(self._database.execute(lookups.MEMBERSHIP, (member_id,)).fetchone()[0])

    def person(self, member_id: MemberId) -> Person | None:
        """What the operator told of a member; ``None`` when nothing, or when it was erased."""
        row = self._database.execute(lookups.PERSON, (member_id,)).fetchone()
        if row is None:
            return None
        name, phone, mail, birthday = row
        return Person(
            name=name,
            phone=phone,
            mail=mail,
            birthday=None if birthday is None else date.fromisoformat(birthday),
        )

    def profile(self, member_id: MemberId) -> Profile:
        """What rules may ask of a member."""
        profile = self._profiles.get(member_id)
        if profile is None:
            row = self._database.execute(lookups.PROFILE, (member_id,)).fetchone()
            profile = Profile() if row is None else profile_of(row)
            self._profiles.put(member_id, profile)
        return profile

    def linked_members(self, kind: str, token: Token) -> list[MemberId]:
        """Members that an identifier is linked to."""
        return list(dict.fromkeys(member_id for member_id, _ in self._led(kind, token)))

    def secret(self, card_id: CardId, kind: ProofKind) -> Secret | None:
        """What the card's code or PIN is recognised by; ``None`` when it has none."""
        row = self._database.execute(lookups.PROOF, (card_id, kind.value)).fetchone()
        return None if row is None else secret_of(row)

    def book(self, owner: MemberId) -> MemberBook:
        """The accounts of *owner*; empty when there was never a posting."""
        book = self._books.get(owner)
        if book is None:
            book = load_book(self._database, owner)
            self._books.put(owner, book)
        return book

    def last_committed_at(self) -> datetime | None:
        """When the last block was written, by the clock of then; ``None`` before there is one."""
        row = self._database.execute(lookups.LAST_COMMITTED_AT).fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    # After a commit

    def fold(self, block: Block) -> None:
        """Take in what *block* changed: it is durable."""
        if self._batches.walks:
            self._batches.follow(block.outcomes)
        for outcome in block.outcomes:
            if outcome.record is None:
                continue
            self._prefetched.pop(outcome.record.key, None)
            self._recent.add(outcome.record.key)
            self._tickets.fold(outcome)
            for link in outcome.links:
                self._forget_prefetched(link.original)
            for book in outcome.books:
                self._books.put(MemberId(book.owner), book)
            if outcome.early_reversal is not None:
                self._remember_early(outcome.early_reversal)
            self._drop_changed(outcome.card_changes)
            if outcome.sides:
                self._tallies.fold(outcome)
        self._drop_changed(block.card_changes)
        for changed in block.profiles:
            self._profiles.drop(changed.member_id)
        self._drop_enrolled(block.enrolments)

    # Inside

    def _one(self, sql: str, parameter: object) -> Record | None:
        row = self._database.execute(sql, (parameter,)).fetchone()
        return None if row is None else self._record(row)

    def _record(self, row: tuple[Any, ...]) -> Record:
        return record_of(row, self.links_to(row[0]))

    def _paid_on(self, day: str) -> set[str]:
        rows = self._database.execute(lookups.REDEEMED_TICKETS, (day, day + "~"))
        return {ticket for (ticket,) in rows}

    def _redemptions(self, ticket: str) -> list[Record]:
        rows = self._database.execute(lookups.REDEMPTIONS, (ticket,)).fetchall()
        return [self._record(row) for row in rows]

    def _led(self, kind: str, token: Token) -> tuple[tuple[MemberId, CardId], ...]:
        leads = self._leads.get((kind, token))
        if leads is None:
            leads = load_leads(self._database, kind, token)
            self._leads.put((kind, token), leads)
        return leads

    def _cards_of(self, member_id: MemberId) -> tuple[Card, ...]:
        cards = self._cards.get(member_id)
        if cards is None:
            cards = load_cards(self._database, member_id)
            self._cards.put(member_id, cards)
        return cards

    def _drop_enrolled(self, enrolments: Iterable[Enrolment]) -> None:
        for enrolment in enrolments:
            self._cards.drop(enrolment.card.member_id)
            self._profiles.drop(enrolment.card.member_id)
            for kind, token in ((IdentifierKind.CARD.value, enrolment.token), *enrolment.identifiers):
                self._leads.drop((kind, token))

    def _drop_changed(self, changes: Iterable[CardChange]) -> None:
        for change in changes:
            self._cards.drop(change.card.member_id)
            for identifier in (change.link, change.unlink):
                if identifier is not None:
                    self._leads.drop(identifier)

    def _forget_prefetched(self, seq: int) -> None:
        for key, record in self._prefetched.items():
            if record is not None and record.seq == seq:
                del self._prefetched[key]
                return

    def _remember_early(self, early: EarlyReversal) -> None:
        named = early.reference
        names = [] if named.rrn is None else [_RRN + named.rrn]
        stan = named.own_stan or (named.stan if named.rrn is None else None)
        if stan is not None:
            names.append(stan)
        for name in names:
            self._early.setdefault((early.acquirer_id, early.terminal_id, name), []).append(early)
