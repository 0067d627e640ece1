"""The state that a batch decides on: durable state under what is decided but not yet committed.

Worksheets lie on one another like sheets of glass. The lowest looks through to the reader; a batch that
is being decided lies on the one that is being committed. Nothing is folded into durable state before
its commit, so dropping a sheet undoes it. What a sheet says of a decision, a book or a card replaces what
lies below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from ledger.book import MemberBook
from ledger.certificate import Certificate
from ledger.entry import Lot, Posting
from ledger.hold import Hold, HoldStep
from loyalty.card import CardId, IdentifierKind, MemberId, Token
from loyalty.totals import Totals
from loyalty.transaction import Operation, OriginalReference
from members.card import Card, CardStatus
from members.profile import Profile
from members.proof import ProofKind, Secret
from rules.counters import Place
from switch.batchtotals import BatchOf, total_of_outcomes
from switch.block import Enrolment, ProfileChange
from switch.certificates import certificates_after, codes_of
from switch.marks import marked_in
from switch.originals import named_by
from switch.outcome import CardChange, EarlyReversal, Link, Outcome, Record, Side, linked
from switch.reader import Reader
from switch.rows import hold_of, hold_step_of
from switch.sheet import Sheet
from switch.tallies import Tallies


class Worksheet:
    """One sheet: what a batch has changed so far, over *below* or, when that is gone, over *reader*."""

    def __init__(self, reader: Reader, below: "Worksheet | None" = None) -> None:
        self._reader = reader
        self._own = Sheet()
        self.sheets: list[Sheet] = [self._own] if below is None else [self._own, *below.sheets]
        self.tallies = Tallies(self.sheets, reader)

    def settle(self) -> None:
        """Let go of the sheet below: it is durable now, and the reader tells the same."""
        del self.sheets[1:]

    def apply(self, outcome: Outcome) -> None:
        """Let the decisions that follow see *outcome*, which has a record."""
        record, own = outcome.record, self._own
        assert record is not None
        own.outcomes[record.seq] = outcome
        own.records[record.seq] = record
        own.seq_of_key[record.key] = record.seq
        own.seqs_of_stan.setdefault(record.stan, []).append(record.seq)
        if record.ticket is not None:
            own.seqs_of_ticket.setdefault(record.ticket, []).append(record.seq)
        for lot in outcome.lots:
            own.lots[lot.lot] = lot
        for book in outcome.books:
            own.books[MemberId(book.owner)] = book
        for link in outcome.links:
            original = self.by_seq(link.original)
            assert original is not None
            own.records[original.seq] = linked(original, link)
        for change in outcome.card_changes:
            self.change_card(change)
        if outcome.sides:
            own.certificates |= certificates_after(outcome.sides, self.certificate)
        early = outcome.early_reversal
        if early is not None:
            own.early.setdefault((early.acquirer_id, early.terminal_id), []).append(early)
        if outcome.sides:
            own.tallies.apply(outcome)

    def change_card(self, change: CardChange) -> None:
        """Let the decisions that follow see a card with another status, type, identifier or secret."""
        own, after = self._own, change.after
        if after is not None:
            own.cards[after.card_id] = after
        if change.link is not None:
            own.linked[change.link] = change.card
        if change.unlink is not None:
            own.linked[change.unlink] = None
        if change.proof is not None:
            own.secrets[change.card.card_id, change.proof.kind] = change.proof.after

    def enrol(self, enrolment: Enrolment) -> None:
        """Let the decisions that follow see a new card."""
        own, card = self._own, enrolment.card
        own.cards[card.card_id] = card
        for identifier in ((IdentifierKind.CARD.value, enrolment.token), *enrolment.identifiers):
            own.linked[identifier] = card
        person = enrolment.person
        birthday = None if person is None else person.birthday
        if birthday is not None or enrolment.joined_on is not None:
            known = self.profile(card.member_id) if enrolment.joined_on is None else Profile()  # he is new
            joined_on = enrolment.joined_on or known.joined_on
            own.profiles[card.member_id] = replace(
                known, joined_on=joined_on, birthday=birthday or known.birthday
            )
        old = None if enrolment.replaces is None else self.card(enrolment.replaces)
        if old is not None:
            own.cards[old.card_id] = replace(old, status=CardStatus.REPLACED)

    def change_profile(self, change: ProfileChange) -> None:
        """Let the decisions that follow see what is known of a member now."""
        birthday = self.profile(change.member_id).birthday
        self._own.profiles[change.member_id] = replace(change.profile, birthday=birthday)

    # Decisions

    def by_key(self, key: str) -> Record | None:
        """The decision with this key."""
        for sheet in self.sheets:
            seq = sheet.seq_of_key.get(key)
            if seq is not None:
                return self.by_seq(seq)
        record = self._reader.by_key(key)
        return None if record is None else self._latest(record)

    def by_seq(self, seq: int) -> Record | None:
        """The decision with this sequence."""
        for sheet in self.sheets:
            record = sheet.records.get(seq)
            if record is not None:
                return record
        return self._reader.by_seq(seq)

    def by_rrn(self, rrn: str) -> list[Record]:
        """Decisions whose answer went out under this DE 37."""
        mine = [record for sheet in self.sheets for record in self._decided(sheet) if record.rrn == rrn]
        return self._merged(mine, self._reader.by_rrn(rrn))

    def by_reference(
        self,
        reference: OriginalReference,
        *,
        terminal: tuple[str, str] | None,
        member_id: MemberId | None,
    ) -> list[Record]:
        """Decisions that the parts of a DE 90 match."""
        mine = [
            record
            for record in self._with_stan(reference.stan)
            if named_by(reference, record)
            and (terminal is None or terminal == (record.acquirer_id, record.terminal_id))
            and (member_id is None or member_id == record.owner)
        ]
        durable = self._reader.by_reference(reference, terminal=terminal, member_id=member_id)
        return self._merged(mine, durable)

    def by_own_stan(self, stan: str, terminal: tuple[str, str], since: datetime) -> list[Record]:
        """Decisions of this terminal with this DE 11 at *since* or later, reversals apart."""
        mine = [
            record
            for record in self._with_stan(stan)
            if terminal == (record.acquirer_id, record.terminal_id)
            and record.at >= since
            and record.operation != Operation.REVERSAL.value
        ]
        return self._merged(mine, self._reader.by_own_stan(stan, terminal, since))

    def redemptions(self, ticket: str) -> list[Record]:
        """Redemptions of a ticket and certificates on it, as far as they cover money still."""
        durable = self._reader.redemptions(ticket)
        seqs = [seq for sheet in self.sheets for seq in sheet.seqs_of_ticket.get(ticket, ())]
        if not durable and not seqs:
            return []
        mine = [self._records_of(seq) for seq in seqs]
        mine = [record for record in mine if record.operation in _COVERING and record.effective]
        merged = self._merged(mine, durable)
        return [record for record in merged if record.value_minor > record.returned_minor]

    def uses(self, owner: MemberId, member_id: MemberId, day: date) -> list[Record]:
        """Decisions of *day* by which *member_id* used points of *owner*."""
        mine = [
            record
            for sheet in self.sheets
            for record in self._decided(sheet)
            if record.used > 0
            and (record.owner, record.member_id, record.business_date) == (owner, member_id, day)
        ]
        return self._merged(mine, self._reader.uses(owner, member_id, day))

    def batch_totals(self, of: BatchOf) -> Totals:
        """What a batch comes to."""
        mine = [outcome for sheet in self.sheets for outcome in sheet.outcomes.values()]
        before = min((seq for sheet in self.sheets for seq in sheet.outcomes), default=None)
        return self._reader.batch_totals(of, before) + total_of_outcomes(self, of, mine)

    def marked(self, kind: str, first: str, last: str | None = None, after: int = 0) -> list[int]:
        """Decisions with a mark of *kind* from *first* to *last* (or just *first*) behind *after*."""
        last = last or first
        mine = (seq for sheet in self.sheets for seq in marked_in(sheet.outcomes, kind, first, last))
        return sorted({*self._reader.marked(kind, first, last, after), *(seq for seq in mine if seq > after)})

    def links_to(self, original: int) -> list[Link]:
        """What later decisions did to a decision."""
        mine = [
            link
            for sheet in self.sheets
            for outcome in sheet.outcomes.values()
            for link in outcome.links
            if link.original == original
        ]
        found = {link.seq: link for link in (*self._reader.links_to(original), *mine)}
        return [found[seq] for seq in sorted(found)]

    def links_from(self, seq: int) -> Sequence[Link]:
        """What a decision did to earlier ones."""
        for sheet in self.sheets:
            outcome = sheet.outcomes.get(seq)
            if outcome is not None:
                return outcome.links
        return self._reader.links_from(seq)

    def postings(self, seq: int) -> Sequence[Posting]:
        """The entry of a decision."""
        for sheet in self.sheets:
            outcome = sheet.outcomes.get(seq)
            if outcome is not None:
                return outcome.postings
        return self._reader.postings(seq)

    def lots(self, numbers: Sequence[int]) -> dict[int, Lot]:
        """The lots with these numbers."""
        found = {
            number: sheet.lots[number] for sheet in self.sheets for number in numbers if number in sheet.lots
        }
        missing = [number for number in numbers if number not in found]
        if missing:
            found.update((lot.lot, lot) for lot in self._reader.lots(missing))
        return found

    def hold(self, number: int) -> Hold | None:
        """The hold that decision *number* made, open or not."""
        for sheet in self.sheets:
            outcome = sheet.outcomes.get(number)
            if outcome is not None:
                return next((hold_of((number, 0, *side.values)) for side in _of(outcome, "hold")), None)
        return self._reader.hold(number)

    def hold_steps(self, number: int) -> list[HoldStep]:
        """What was done to that hold, in order."""
        mine = [
            hold_step_of((seq, 0, *side.values))
            for sheet in reversed(self.sheets)
            for seq, outcome in sheet.outcomes.items()
            for side in _of(outcome, "hold_step")
            if side.values[0] == number
        ]
        durable = self._reader.hold_steps(number)
        seen = {step.seq for step in durable}
        return [*durable, *(step for step in mine if step.seq not in seen)]

    def certificate(self, code: str) -> Certificate | None:
        """The certificate with this code, and what is left of it."""
        for sheet in self.sheets:
            known = sheet.certificates.get(code)
            if known is not None:
                return known
        return self._reader.certificate(code)

    def certificate_codes(self, seq: int) -> list[str]:
        """The certificates that a decision made or changed."""
        for sheet in self.sheets:
            outcome = sheet.outcomes.get(seq)
            if outcome is not None:
                return codes_of(outcome.sides)
        return list(self._reader.certificate_codes(seq))

    def facts(self, seq: int) -> str | None:
        """What the rules saw, as JSON."""
        for sheet in self.sheets:
            outcome = sheet.outcomes.get(seq)
            if outcome is not None:
                return outcome.facts
        return self._reader.facts(seq)

    def early_reversals(self, terminal: tuple[str, str], stan: str, rrn: str | None) -> list[EarlyReversal]:
        """Reversals of this terminal that found nothing and may name a message with this DE 11 and DE 37."""
        mine = [early for sheet in self.sheets for early in sheet.early.get(terminal, ())]
        return [*self._reader.early_reversals(terminal, stan, rrn), *mine]

    # Customers

    def cards(self, kind: str, token: Token) -> list[Card]:
        """Cards that an identifier leads to."""
        durable = self._reader.cards(kind, token)
        for sheet in self.sheets:
            if sheet.cards or sheet.linked:
                break
        else:  # as nearly always
            return list(durable)
        found = {card.card_id: card for card in durable}
        for sheet in reversed(self.sheets):
            if (kind, token) in sheet.linked:
                card = sheet.linked[kind, token]
                if card is None:
                    found.clear()
                else:
                    found[card.card_id] = card
        return [self._current(card) for card in found.values()]

    def card(self, card_id: CardId) -> Card | None:
        """The card with this id."""
        found = self._reader.card(card_id)
        return None if found is None else self._current(found)

    def linked_members(self, kind: str, token: Token) -> set[MemberId]:
        """Members that an identifier is linked to."""
        members = set(self._reader.linked_members(kind, token))
        for sheet in reversed(self.sheets):
            if (kind, token) in sheet.linked:
                card = sheet.linked[kind, token]
                members = set() if card is None else {*members, card.member_id}
        return members

    def secret(self, card_id: CardId, kind: ProofKind) -> Secret | None:
        """What the card's code or PIN is recognised by; ``None`` when it has none."""
        for sheet in self.sheets:
            if (card_id, kind) in sheet.secrets:
                return sheet.secrets[card_id, kind]
        return self._reader.secret(card_id, kind)

    def book(self, owner: MemberId) -> MemberBook:
        """The accounts of *owner*."""
        for sheet in self.sheets:
            book = sheet.books.get(owner)
            if book is not None:
                return book
        return self._reader.book(owner)

    def tally(self, place: Place) -> int:
        """What is counted at *place*; ``tallies`` tells more."""
        return self.tallies.tally(place)

    def place_of(self, measure: str) -> Place | None:
        """Where *measure*, which has one place, is counted."""
        places = (sheet.tallies.place_of(measure) for sheet in self.sheets)
        return next(filter(None, places), None) or self._reader.place_of(measure)

    def membership(self, member_id: MemberId) -> str:
        """The programme that a member belongs to, as of the last commit: nobody ever moves to another."""
        return self._reader.membership(member_id)

    def profile(self, member_id: MemberId) -> Profile:
        """What rules may ask of a member."""
        for sheet in self.sheets:
            profile = sheet.profiles.get(member_id)
            if profile is not None:
                return profile
        return self._reader.profile(member_id)

    # Inside

    def _decided(self, sheet: Sheet) -> Iterator[Record]:
        return (self._records_of(seq) for seq in sheet.outcomes)

    def _records_of(self, seq: int) -> Record:
        record = self.by_seq(seq)
        assert record is not None
        return record

    def _with_stan(self, stan: str | None) -> Iterator[Record]:
        for sheet in self.sheets:
            if stan is None:
                yield from self._decided(sheet)
            else:
                for seq in sheet.seqs_of_stan.get(stan, ()):
                    yield self._records_of(seq)

    def _latest(self, record: Record) -> Record:
        """*record* as the sheets know it, or as it is."""
        for sheet in self.sheets:
            known = sheet.records.get(record.seq)
            if known is not None:
                return known
        return record

    def _merged(self, mine: list[Record], durable: Sequence[Record]) -> list[Record]:
        merged = {record.seq: self._latest(record) for record in durable}
        merged.update((record.seq, self._latest(record)) for record in mine)
        return [merged[seq] for seq in sorted(merged)]

    def _current(self, card: Card) -> Card:
        for sheet in self.sheets:
            known = sheet.cards.get(card.card_id)
            if known is not None:
                return known
        return card


def _of(outcome: Outcome, table: str) -> list[Side]:
    return [side for side in outcome.sides if side.table == table]


_COVERING = frozenset({Operation.REDEEM.value, Operation.PAY_CERTIFICATE.value})
