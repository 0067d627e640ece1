"""What is known of tickets without looking is what looking would tell."""

from hypothesis import given
from hypothesis import strategies as st

from switch.outcome import Link, Outcome, Record
from switch.redeemed import Redeemed
from tests.switch.books import outcome, record

DAYS = ("2026-11-20", "2026-11-21")
TICKETS = [f"{day}|acquirer|terminal|{number}" for day in DAYS for number in range(3)]


class Durable:
    """The books: all that was decided, looked through from their start."""

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.looked = 0

    def of_day(self, day: str) -> set[str]:
        return {
            record.ticket
            for record in self.records.values()
            if record.ticket is not None and record.ticket.startswith(day) and is_redemption(record)
        }

    def of_ticket(self, ticket: str) -> list[Record]:
        self.looked += 1
        return [one for one in self.records.values() if one.ticket == ticket and is_redemption(one)]

    def take(self, made: Outcome) -> None:
        assert made.record is not None
        self.records[made.record.seq] = made.record
        for link in made.links:
            original = self.records[link.original]
            returned = original.returned_minor + link.returned_minor
            self.records[link.original] = original._replace(returned_minor=returned)


def is_redemption(one: Record) -> bool:
    return one.effective and one.operation in {"REDEEM", "PAY_CERTIFICATE"}


def decided(seq: int, ticket: str, operation: str, original: int, *, effective: bool) -> Outcome:
    """A decision, which gives back one cent of *original* when that is an earlier one."""
    given_back = {"refunded_minor": 0, "clawed": 0, "returned": 1, "returned_minor": 1, "undone": 0}
    is_earlier = 0 < original < seq
    made = outcome(record(seq, ticket=ticket, operation=operation, effective=effective))
    if is_earlier:
        made.links = (Link(seq=seq, original=original, **given_back, final_minor=None),)
    return made


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TICKETS),
            st.sampled_from(["EARN", "REDEEM", "PAY_CERTIFICATE", "REVERSAL"]),
            st.integers(0, 20),
            st.booleans(),
            st.sampled_from(TICKETS),
        ),
        max_size=20,
    ),
    st.integers(1, 3),
)
def test_memory_tells_what_the_books_hold(steps: list[tuple[str, str, int, bool, str]], size: int) -> None:
    durable = Durable()
    tickets = Redeemed(durable.of_day, durable.of_ticket, size)
    for seq, (ticket, operation, original, effective, asked) in enumerate(steps, 1):
        made = decided(seq, ticket, operation, original, effective=effective)
        durable.take(made)
        tickets.fold(made)
        assert tickets.redemptions(asked) == durable.of_ticket(asked)


def test_a_ticket_that_is_asked_often_is_not_told_as_it_was() -> None:
    """Asking keeps a ticket young, and its records' numbers with it: what is done to one is noticed."""
    durable = Durable()
    tickets = Redeemed(durable.of_day, durable.of_ticket, 1)
    assert tickets.redemptions(TICKETS[0]) == []
    for seq in (1, 2, 3):
        assert len(tickets.redemptions(TICKETS[0])) == min(seq - 1, 1)
        made = decided(seq, TICKETS[seq - 1], "REDEEM", 0, effective=True)
        durable.take(made)
        tickets.fold(made)
    undone = decided(4, TICKETS[0], "REVERSAL", 1, effective=True)
    durable.take(undone)
    tickets.fold(undone)
    assert tickets.redemptions(TICKETS[0]) == durable.of_ticket(TICKETS[0])


def test_what_was_just_redeemed_is_not_looked_up() -> None:
    durable = Durable()
    tickets = Redeemed(durable.of_day, durable.of_ticket)
    assert tickets.redemptions(TICKETS[0]) == []
    made = decided(1, TICKETS[0], "REDEEM", 0, effective=True)
    durable.take(made)
    tickets.fold(made)
    assert tickets.redemptions(TICKETS[0]) == [made.record]
    assert tickets.redemptions(TICKETS[1]) == []
    assert durable.looked == 0
