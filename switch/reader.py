"""What a worksheet asks of durable state. The store implements it; tests do it with dictionaries."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from ledger.book import MemberBook
from ledger.certificate import Certificate
from ledger.entry import Lot, Posting
from ledger.hold import Hold, HoldStep
from loyalty.card import CardId, MemberId, Token
from loyalty.totals import Totals
from loyalty.transaction import OriginalReference
from members.card import Card
from members.profile import Profile
from members.proof import ProofKind, Secret
from rules.counters import Place
from switch.batchtotals import BatchOf
from switch.outcome import EarlyReversal, Link, Record


class Reader(Protocol):
    """Durable state, as of the last commit. Every list is in order of sequence."""

    def by_key(self, key: str) -> Record | None:
        """The decision with this key."""
        ...

    def by_seq(self, seq: int) -> Record | None:
        """The decision with this sequence."""
        ...

    def by_rrn(self, rrn: str) -> Sequence[Record]:
        """Decisions whose answer went out under this DE 37, two at most."""
        ...

    def by_reference(
        self,
        reference: OriginalReference,
        *,
        terminal: tuple[str, str] | None,
        member_id: MemberId | None,
    ) -> Sequence[Record]:
        """Decisions that the parts of a DE 90 match, two at most.

        *terminal* (acquirer, terminal) or *member_id* narrow the search where they are given.
        """
        ...

    def by_own_stan(self, stan: str, terminal: tuple[str, str], since: datetime) -> Sequence[Record]:
        """Decisions of this terminal with this DE 11, decided at *since* or later, reversals apart."""
        ...

    def redemptions(self, ticket: str) -> Sequence[Record]:
        """Effective redemptions of a ticket."""
        ...

    def uses(self, owner: MemberId, member_id: MemberId, day: date) -> Sequence[Record]:
        """Decisions of *day* by which *member_id* used points of *owner*."""
        ...

    def batch_totals(self, of: BatchOf, before: int | None) -> Totals:
        """What the decisions of a batch whose sequence is lower than *before* add up to.

        Raises:
            NotAtHand: It takes long to add them up.
        """
        ...

    def marked(self, kind: str, first: str, last: str, after: int) -> Sequence[int]:
        """Decisions with a mark of *kind* whose value is between *first* and *last*, both included."""
        ...

    def opened_day(self) -> date:
        """The last business date that somebody opened; the first of all dates when nobody did."""
        ...

    def links_to(self, original: int) -> Sequence[Link]:
        """What later decisions did to a decision."""
        ...

    def links_from(self, seq: int) -> Sequence[Link]:
        """What a decision did to earlier ones."""
        ...

    def postings(self, seq: int) -> Sequence[Posting]:
        """The entry of a decision, in order."""
        ...

    def lots(self, numbers: Sequence[int]) -> Sequence[Lot]:
        """The lots with these numbers."""
        ...

    def hold(self, number: int) -> Hold | None:
        """The hold that decision *number* made, open or not."""
        ...

    def hold_steps(self, number: int) -> Sequence[HoldStep]:
        """What was done to that hold, in order."""
        ...

    def certificate(self, code: str) -> Certificate | None:
        """The certificate with this code, and what is left of it."""
        ...

    def certificate_codes(self, seq: int) -> Sequence[str]:
        """The certificates that a decision made or changed."""
        ...

    def facts(self, seq: int) -> str | None:
        """What the rules saw, as JSON; ``None`` when nothing was kept."""
        ...

    def early_reversals(
        self, terminal: tuple[str, str], stan: str, rrn: str | None
    ) -> Sequence[EarlyReversal]:
        """Reversals of this terminal that found nothing and may name a message with this DE 11 and DE 37."""
        ...

    def cards(self, kind: str, token: Token) -> Sequence[Card]:
        """Cards that an identifier leads to: the card itself, or all cards of the member behind it."""
        ...

    def card(self, card_id: CardId) -> Card | None:
        """The card with this id."""
        ...

    def linked_members(self, kind: str, token: Token) -> Sequence[MemberId]:
        """Members that an identifier is linked to."""
        ...

    def secret(self, card_id: CardId, kind: ProofKind) -> Secret | None:
        """What the card's code or PIN is recognised by; ``None`` when it has none."""
        ...

    def book(self, owner: MemberId) -> MemberBook:
        """The accounts of *owner*; empty when there was never a posting."""
        ...

    def tally(self, place: Place) -> int:
        """What is counted at *place*."""
        ...

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* on which *measure* holds some."""
        ...

    def place_of(self, measure: str) -> Place | None:
        """Where *measure*, which has one place, is counted."""
        ...

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last*, both included, hold together."""
        ...

    def tallied_by(self, seq: int) -> Sequence[tuple[Place, int]]:
        """What a decision changed of what is counted, place by place."""
        ...

    def membership(self, member_id: MemberId) -> str:
        """The programme that a member belongs to; empty for the deployment's own."""
        ...

    def profile(self, member_id: MemberId) -> Profile:
        """What rules may ask of a member."""
        ...
