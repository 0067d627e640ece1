"""A store in dictionaries: the naive model of the real one, for tests of what is decided on top of it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from ledger.book import MemberBook
from ledger.certificate import Certificate
from ledger.entry import Lot, Posting
from ledger.hold import Hold, HoldStep
from loyalty.card import CardId, MemberId, Token
from loyalty.totals import Totals
from loyalty.transaction import Operation, OriginalReference
from members.card import Card
from members.profile import Profile
from members.proof import ProofKind, Secret
from rules.counters import Place
from switch.batchtotals import BatchOf, total_of_outcomes
from switch.block import Block, CommitResult
from switch.certificates import certificates_after, codes_of
from switch.originals import named_by
from switch.outcome import EarlyReversal, Link, Outcome, Record, linked
from switch.rows import hold_of, hold_step_of
from switch.tallies import changes_of


class MemoryStore:
    """Reader and store in one. ``results`` says how the next commits end; durable when it is empty."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.records: dict[int, Record] = {}
        self.books: dict[MemberId, MemberBook] = {}
        self.card_of: dict[tuple[str, Token], list[Card]] = {}
        self.cards_by_id: dict[CardId, Card] = {}
        self.links: list[Link] = []
        self.secrets: dict[tuple[CardId, ProofKind], Secret | None] = {}
        self.results: list[CommitResult] = []
        self.blocks: list[Block] = []
        self.seq = 0
        self.profiles: dict[MemberId, Profile] = {}
        self.tallies: dict[Place, int] = {}

    @property
    def reader(self) -> "MemoryStore":
        return self

    @property
    def sequence(self) -> "MemoryStore":
        return self

    def next(self) -> int:
        self.seq += 1
        return self.seq

    def prefetch(self, keys: Sequence[str]) -> None:
        pass

    async def commit(self, block: Block, in_time: Callable[[], bool]) -> CommitResult:
        result = self.results.pop(0) if self.results else CommitResult.DURABLE
        if result is CommitResult.DURABLE and not in_time():
            result = CommitResult.LATE
        if result is CommitResult.DURABLE:
            self.blocks.append(block)
            for outcome in block.outcomes:
                self.fold(outcome)
        return result

    def add(self, card: Card, kind: str, token: Token) -> None:
        self.card_of.setdefault((kind, token), []).append(card)
        self.cards_by_id[card.card_id] = card

    def fold(self, outcome: Outcome) -> None:
        record = outcome.record
        assert record is not None
        assert record.seq not in self.records
        assert all(known.key != record.key for known in self.records.values())
        self.outcomes[record.seq] = outcome
        self.records[record.seq] = record
        for book in outcome.books:
            self.books[MemberId(book.owner)] = book
        for link in outcome.links:
            self.links.append(link)
            self.records[link.original] = linked(self.records[link.original], link)
        for place, _, total in changes_of(outcome.sides):
            self.tallies[place] = total
        for change in outcome.card_changes:
            if change.after is not None:
                self._set(change.after)
            if change.link is not None:
                self.card_of.setdefault(change.link, []).append(self.cards_by_id[change.card.card_id])
            if change.unlink is not None:
                self.card_of.pop(change.unlink)
            if change.proof is not None:
                self.secrets[change.card.card_id, change.proof.kind] = change.proof.after

    def _set(self, card: Card) -> None:
        self.cards_by_id[card.card_id] = card
        for cards in self.card_of.values():
            cards[:] = [card if known.card_id == card.card_id else known for known in cards]

    # Reader

    def by_key(self, key: str) -> Record | None:
        return next((record for record in self.records.values() if record.key == key), None)

    def by_seq(self, seq: int) -> Record | None:
        return self.records.get(seq)

    def by_rrn(self, rrn: str) -> list[Record]:
        return [record for record in self.records.values() if record.rrn == rrn]

    def by_reference(
        self,
        reference: OriginalReference,
        *,
        terminal: tuple[str, str] | None,
        member_id: MemberId | None,
    ) -> list[Record]:
        return [
            record
            for record in self.records.values()
            if named_by(reference, record)
            and terminal in (None, (record.acquirer_id, record.terminal_id))
            and member_id in (None, record.owner)
        ]

    def by_own_stan(self, stan: str, terminal: tuple[str, str], since: datetime) -> list[Record]:
        return [
            record
            for record in self.records.values()
            if record.stan == stan
            and terminal == (record.acquirer_id, record.terminal_id)
            and record.at >= since
            and record.operation != Operation.REVERSAL.value
        ]

    def redemptions(self, ticket: str) -> list[Record]:
        return [
            record
            for record in self.records.values()
            if record.ticket == ticket
            and record.operation in ("REDEEM", "PAY_CERTIFICATE")
            and record.effective
        ]

    def uses(self, owner: MemberId, member_id: MemberId, day: date) -> list[Record]:
        return [
            record
            for record in self.records.values()
            if record.used > 0
            and (record.owner, record.member_id, record.business_date) == (owner, member_id, day)
        ]

    def batch_totals(self, of: BatchOf, before: int | None) -> Totals:
        known = [outcome for seq, outcome in self.outcomes.items() if before is None or seq < before]
        return total_of_outcomes(self, of, known)

    def marked(self, kind: str, first: str, last: str, after: int) -> list[int]:
        return [
            seq
            for seq, outcome in self.outcomes.items()
            for side in outcome.sides
            if seq > after and side.values[0] == kind and first <= str(side.values[1]) <= last
        ]

    def opened_day(self) -> date:
        marks = (side for outcome in self.outcomes.values() for side in outcome.sides)
        days = [str(side.values[1]) for side in marks if side.table == "mark" and side.values[0] == "day"]
        return date.fromisoformat(max(days)) if days else date.min

    def links_to(self, original: int) -> list[Link]:
        return [link for link in self.links if link.original == original]

    def links_from(self, seq: int) -> list[Link]:
        return [link for link in self.links if link.seq == seq]

    def postings(self, seq: int) -> Sequence[Posting]:
        return self.outcomes[seq].postings

    def lots(self, numbers: Sequence[int]) -> list[Lot]:
        return [lot for outcome in self.outcomes.values() for lot in outcome.lots if lot.lot in numbers]

    def hold(self, number: int) -> Hold | None:
        sides = self.outcomes[number].sides if number in self.outcomes else ()
        return next((hold_of((number, 0, *side.values)) for side in sides if side.table == "hold"), None)

    def hold_steps(self, number: int) -> list[HoldStep]:
        return [
            hold_step_of((seq, 0, *side.values))
            for seq, outcome in self.outcomes.items()
            for side in outcome.sides
            if side.table == "hold_step" and side.values[0] == number
        ]

    def certificate(self, code: str) -> Certificate | None:
        found: dict[str, Certificate] = {}
        for outcome in self.outcomes.values():
            found |= certificates_after(outcome.sides, found.get)
        return found.get(code)

    def certificate_codes(self, seq: int) -> list[str]:
        return codes_of(self.outcomes[seq].sides)

    def facts(self, seq: int) -> str | None:
        return self.outcomes[seq].facts

    def early_reversals(
        self,
        terminal: tuple[str, str],
        stan: str,  # noqa: ARG002  (all are few)
        rrn: str | None,  # noqa: ARG002  (all are few)
    ) -> list[EarlyReversal]:
        found = [outcome.early_reversal for outcome in self.outcomes.values()]
        return [early for early in found if early and (early.acquirer_id, early.terminal_id) == terminal]

    def membership(self, member_id: MemberId) -> str:
        return next((card.programme for card in self.cards_by_id.values() if card.member_id == member_id), "")

    def cards(self, kind: str, token: Token) -> list[Card]:
        return self.card_of.get((kind, token), [])

    def card(self, card_id: CardId) -> Card | None:
        return self.cards_by_id.get(card_id)

    def linked_members(self, kind: str, token: Token) -> list[MemberId]:
        return [card.member_id for card in self.cards(kind, token)]

    def secret(self, card_id: CardId, kind: ProofKind) -> Secret | None:
        return self.secrets.get((card_id, kind))

    def book(self, owner: MemberId) -> MemberBook:
        return self.books.get(owner, MemberBook(owner))

    def tally(self, place: Place) -> int:
        return self.tallies.get(place, 0)

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        days = [
            place[2]
            for place, total in self.tallies.items()
            if place[:2] == (measure, whose) and total > 0 and len(place[2]) == 10 and place[2] < day
        ]
        return max(days, default=None)

    def place_of(self, measure: str) -> Place | None:
        return next((place for place in self.tallies if place[0] == measure), None)

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        return sum(
            total
            for place, total in self.tallies.items()
            if place[:2] == (measure, whose) and len(place[2]) == 10 and first <= place[2] <= last
        )

    def tallied_by(self, seq: int) -> list[tuple[Place, int]]:
        return [(place, change) for place, change, _ in changes_of(self.outcomes[seq].sides)]

    def profile(self, member_id: MemberId) -> Profile:
        return self.profiles.get(member_id, Profile())
