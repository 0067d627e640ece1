"""One sheet of glass: what a batch has changed, by what it is looked up by."""

from dataclasses import dataclass, field

from ledger.book import MemberBook
from ledger.certificate import Certificate
from ledger.entry import Lot
from loyalty.card import CardId, MemberId, Token
from members.card import Card
from members.profile import Profile
from members.proof import ProofKind, Secret
from switch.outcome import EarlyReversal, Outcome, Record
from switch.tallies import SheetTallies


@dataclass(slots=True)
class Sheet:
    """What one batch has changed so far. Cards under *linked* are ``None`` where a link was taken back."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    seq_of_key: dict[str, int] = field(default_factory=dict)
    seqs_of_stan: dict[str, list[int]] = field(default_factory=dict)
    seqs_of_ticket: dict[str, list[int]] = field(default_factory=dict)
    lots: dict[int, Lot] = field(default_factory=dict)
    books: dict[MemberId, MemberBook] = field(default_factory=dict)
    cards: dict[CardId, Card] = field(default_factory=dict)
    linked: dict[tuple[str, Token], Card | None] = field(default_factory=dict)
    profiles: dict[MemberId, Profile] = field(default_factory=dict)
    early: dict[tuple[str, str], list[EarlyReversal]] = field(default_factory=dict)
    tallies: SheetTallies = field(default_factory=SheetTallies)
    secrets: dict[tuple[CardId, ProofKind], Secret | None] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
