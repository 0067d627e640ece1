"""RECONCILE and UPLOAD: totals of a batch, and what happens when they do not agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.conformance.answers import TOTALS, check_answer
from tests.conformance.deployment import Deployment
from tests.conformance.till import Answer, Link, Message, Till, original, replacement, tags

NET: Final = 97


class Batch:
    """One terminal and its batch. It begins empty."""

    def __init__(self, link: Link, till: Till) -> None:
        self.link, self.till = link, till
        assert self.close().code == "00"

    def ask(self, message: Message) -> Answer:
        answer = self.link.ask(message)
        check_answer(message, answer)
        return answer

    def close(self, totals: dict[int, int] | None = None, *, trailer: bool = False, **more: str) -> Answer:
        """A RECONCILE with *totals* by element; DE 97 with its sign."""
        elements: dict[int, str | None] = {
            number: f"{total:0{10 if number < 80 else 16}}"
            for number, total in (totals or {}).items()
            if number != NET
        }
        if totals and NET in totals:
            elements[NET] = ("D" if totals[NET] < 0 else "C") + f"{abs(totals[NET]):016}"
        if trailer:
            elements[3] = "960000"
        request = self.till.message("reconcile", values=[("024", more["batch"])] if "batch" in more else ())
        return self.ask(request.but(elements, mti=more.get("mti")))

    def upload(self, line: Message) -> Message:
        """The upload of *line*, with a number of its own."""
        fresh = self.till.message("upload")
        own = {11: fresh.elements[11], 7: fresh.elements[7], 90: original(line)}
        return line.but(own, mti="0320")

    def balance(self, card: str) -> int:
        return self.link.ask(self.till.message("inquiry", card=card)).figure("052")


@pytest.fixture
def batch(link: Link, stans: Iterator[int]) -> Batch:
    return Batch(link, Till("T0000009", stans))


def sell(batch: Batch, card: str, amount: int, **more: str) -> Message:
    sale = batch.till.message("earn", card=card, amount=amount, values=list(more.items()))
    assert batch.ask(sale).code == "00"
    return sale


def test_totals_that_agree(batch: Batch, card: str) -> None:
    """Sales and redemptions are debits, refunds credits, reversals are counted apart; 00 closes the batch."""
    sale = sell(batch, card, 10000)
    sell(batch, card, 500)
    assert batch.ask(batch.till.message("redeem", card=card, amount=30)).code == "00"
    back = batch.till.message("refund", card=card, amount=400, elements={90: original(sale)})
    assert batch.ask(back).code == "00"
    gone = sell(batch, card, 700)
    assert batch.ask(gone.but({90: original(gone)}, mti="0400")).code == "00"
    totals = {74: 1, 75: 0, 76: 4, 77: 1, 86: 400, 87: 0, 88: 11230, 89: 700, NET: 400 - 10530}
    assert batch.close(totals).code == "00"
    assert batch.close(dict.fromkeys(TOTALS, 0)).code == "00"


@pytest.mark.parametrize("element", TOTALS)
def test_each_total_counts(batch: Batch, card: str, element: int) -> None:
    """One that is wrong is 95, with our own totals; the batch stays open."""
    sale = sell(batch, card, 1000)
    gone = sell(batch, card, 300)
    assert batch.ask(gone.but({90: original(gone)}, mti="0400")).code == "00"
    back = batch.till.message("refund", card=card, amount=200, elements={90: original(sale)})
    assert batch.ask(back).code == "00"
    right = {74: 1, 75: 0, 76: 2, 77: 1, 86: 200, 87: 0, 88: 1300, 89: 300, NET: -800}
    answer = batch.close(right | {element: right[element] + 1})
    assert (answer.code, answer.reason) == ("95", "OUT_OF_BALANCE")
    told = {number: answer.element(number) for number in TOTALS}
    assert told == {
        **{number: f"{right[number]:010}" for number in (74, 75, 76, 77)},
        **{number: f"{right[number]:016}" for number in (86, 87, 88, 89)},
        NET: "D0000000000000800",
    }
    assert batch.close(right).code == "00"


def test_a_reversed_sale_may_be_left_out(batch: Batch, card: str) -> None:
    """A till that never saw the answer counts neither the sale nor its reversal."""
    gone = sell(batch, card, 300)
    assert batch.ask(gone.but({90: original(gone)}, mti="0400")).code == "00"
    assert batch.close({76: 0, 77: 0, 88: 0, 89: 0, NET: 0}).code == "00"


def test_what_counts(batch: Batch, card: str) -> None:
    """Declines, repeats and questions do not; a partial reversal leaves the rest; an advice does."""
    sale = sell(batch, card, 1000)
    assert batch.ask(sale.but(mti="0201")).code == "00"
    assert batch.ask(batch.till.message("redeem", card=card, amount=99999)).code == "51"
    batch.balance(card)
    part = sale.but({90: original(sale), 95: replacement(400)}, mti="0400")
    assert batch.ask(part).code == "00"
    assert batch.ask(batch.till.message("earn", card=card, amount=50).but(mti="0220")).code == "00"
    assert batch.ask(batch.till.message("earn", card="9" * 16, amount=7).but(mti="0220")).code == "00"
    assert batch.close({76: 3, 77: 1, 88: 1057, 89: 600}).code == "00"


def test_an_advice_that_books_nothing_counts_and_so_does_its_reversal(batch: Batch, card: str) -> None:
    """... once, and with what it leaves, like those of a sale that was booked."""
    sale = sell(batch, card, 1000)
    above = batch.till.message("refund", card=card, amount=1001, elements={90: original(sale)}).but(
        mti="0220"
    )
    assert batch.ask(above).code == "00"
    in_part = {90: original(above), 95: replacement(300)}
    for undone in (in_part, in_part, {90: original(above)}):
        fresh = batch.till.message("refund", card=card, amount=1001)
        own = {number: fresh.elements[number] for number in (7, 11)}
        assert batch.ask(above.but(own | undone, mti="0420")).code == "00"
    totals = {74: 1, 75: 1, 76: 1, 77: 0, 86: 1001, 87: 701, 88: 1000, 89: 0, NET: 1001 - 701 - 1000}
    assert batch.close(totals).code == "00"


def test_a_reversed_void_lets_the_sale_count_again(batch: Batch, card: str) -> None:
    """... also when the void belongs to an earlier batch."""
    sale = sell(batch, card, 1000)
    void = batch.till.message("void", elements={90: original(sale)})
    assert batch.ask(void).code == "00"
    assert batch.close({76: 1, 77: 1, 88: 1000, 89: 1000}).code == "00"
    assert batch.ask(void.but({90: original(void)}, mti="0420")).code == "00"
    assert batch.close({76: 1, 77: 0, 88: 1000, 89: 0, NET: -1000}).code == "00"


@pytest.mark.parametrize("code", ["000000", "009000"])
def test_a_hold_that_is_released_is_no_debit(batch: Batch, card: str, code: str) -> None:
    """A COMPLETE of 0 counts nothing."""
    sell(batch, card, 10000)
    held = batch.till.message("hold", card=card, amount=30, elements={3: code})
    assert batch.ask(held).code == "00"
    release = batch.till.message("complete", card=card, elements={3: code, 4: f"{0:012}", 90: original(held)})
    assert batch.ask(release).code == "00"
    assert batch.close({76: 1, 88: 10000, NET: -10000}).code == "00"


def test_undoing_the_release_of_a_hold_is_no_reversal_of_a_debit(batch: Batch, card: str) -> None:
    sell(batch, card, 10000)
    held = batch.till.message("hold", card=card, amount=30, elements={3: "009000"})
    assert batch.ask(held).code == "00"
    release = batch.till.message(
        "complete", card=card, elements={3: "009000", 4: f"{0:012}", 90: original(held)}
    )
    assert batch.ask(release).code == "00"
    assert batch.ask(release.but({90: original(release)}, mti="0420")).code == "00"
    assert batch.close({76: 1, 77: 0, 88: 10000, 89: 0}).code == "00"


def test_points_are_reconciled_apart(batch: Batch, card: str) -> None:
    """DE 49 says which: what was asked in points does not stand among the money."""
    sell(batch, card, 10000)
    asked = batch.till.message("redeem", card=card, amount=25, elements={49: "999"})
    assert batch.ask(asked).code == "00"
    assert batch.close({76: 1, 88: 10000}).code == "00"
    request = batch.till.message("reconcile", elements={49: "999", 76: f"{1:010}", 88: f"{25:016}"})
    assert batch.ask(request).code == "00"


def test_numbered_batches(batch: Batch, card: str) -> None:
    """Tag 024 on a transaction puts it into that batch; on RECONCILE it names the batch."""
    sell(batch, card, 100, **{"024": "000001"})
    sell(batch, card, 1000, **{"024": "000002"})
    assert batch.close({88: 1100}, batch="000001").code == "95"
    assert batch.close({88: 100}, batch="000001").code == "00"
    assert batch.close({88: 1000}, batch="000002").code == "00"
    sell(batch, card, 10)
    assert batch.close({88: 10}, batch="000003").code == "00"


def test_another_terminals_sales_do_not_count(
    batch: Batch, link: Link, stans: Iterator[int], card: str
) -> None:
    other = Till("T0000008", stans)
    assert link.ask(other.message("earn", card=card, amount=1000)).code == "00"
    assert batch.close({76: 0, 88: 0}).code == "00"


def test_an_advice_is_always_accepted(batch: Batch, deployment: Deployment, card: str) -> None:
    """0520: what does not agree is listed for a person."""
    sell(batch, card, 1000)
    answer = batch.close({88: 999}, mti="0520")
    assert answer.message.mti == "0530"
    assert answer.code == "00"
    assert not set(TOTALS) & set(answer.message.elements)
    listed = deployment.run("exceptions", "--json")
    assert answer.element(37) in listed.stdout
    assert batch.close({88: 0}).code == "00"


def test_the_same_reconcile_again(batch: Batch, card: str) -> None:
    """It gets the same bytes, also when more was sold meanwhile."""
    sell(batch, card, 1000)
    request = batch.till.message("reconcile", elements={88: f"{999:016}"})
    first = batch.ask(request)
    sell(batch, card, 1000)
    assert first.code == "95"
    assert batch.ask(request.but(mti="0501")).raw == first.raw
    assert batch.close().code == "00"


@pytest.mark.parametrize("net", ["X0000000000000800", "C000000000000080x"])
def test_a_net_amount_is_a_sign_and_digits(batch: Batch, net: str) -> None:
    request = batch.till.message("reconcile", elements={NET: net})
    answer = batch.ask(request)
    assert (answer.code, answer.element(44)) == ("30", "097")


# --- UPLOAD


def test_a_batch_is_told_again(batch: Batch, card: str) -> None:
    """The known line is not booked again, the unknown one as of its time; then totals agree."""
    known = sell(batch, card, 1000)
    lost = batch.till.message("earn", card=card, amount=500)
    totals = {76: 2, 88: 1500}
    assert batch.close(totals).code == "95"
    first = batch.ask(batch.upload(known))
    assert (first.code, first.message.mti, first.figure("052")) == ("00", "0330", 10)
    assert 38 not in first.message.elements
    second = batch.ask(batch.upload(lost))
    assert (second.code, second.figure("050"), second.figure("052")) == ("00", 5, 15)
    assert 38 in second.message.elements
    assert batch.close(totals, trailer=True).code == "00"


def test_a_line_is_booked_once(batch: Batch, card: str) -> None:
    """However often and in whatever form it is told; the same upload gets the same bytes."""
    line = batch.till.message("earn", card=card, amount=500)
    upload = batch.upload(line)
    first = batch.ask(upload)
    assert batch.ask(upload).raw == first.raw
    assert batch.ask(upload.but(mti="0321")).raw == first.raw
    assert batch.ask(batch.upload(line)).code == "00"
    assert batch.ask(line.but(mti="0220")).code == "00"
    assert batch.ask(line).code == "00"  # the request itself was on its way all the time
    assert batch.ask(line.but({4: f"{501:012}"})).code == "94"
    assert batch.balance(card) == 5
    assert batch.ask(upload.but({4: f"{501:012}"})).code == "94"


def test_an_upload_that_is_the_request_itself(batch: Batch, card: str) -> None:
    """A 0320 with the key and content of a 0200 is that transaction, with DE 90 or without."""
    sale = sell(batch, card, 1000)
    for upload in (sale.but(mti="0320"), sale.but({90: original(sale)}, mti="0320")):
        assert batch.ask(upload).code == "00"
    assert batch.ask(sale.but({4: f"{1001:012}"}, mti="0320")).code == "94"
    assert batch.balance(card) == 10


def test_an_upload_of_a_declined_line(batch: Batch, card: str) -> None:
    """It is known: 00, and nothing is booked."""
    asked = batch.till.message("redeem", card=card, amount=500)
    assert batch.ask(asked).code == "51"
    assert batch.ask(batch.upload(asked)).code == "00"
    twin = batch.ask(asked.but(mti="0320"))
    assert (twin.code, twin.reason, twin.element(62)) == ("00", "", "")
    assert batch.balance(card) == 0


def test_a_line_that_was_reversed_before_it_was_told(batch: Batch, card: str) -> None:
    """An advice that comes after its reversal has no effect."""
    line = batch.till.message("earn", card=card, amount=500)
    assert batch.ask(line.but({90: original(line)}, mti="0400")).code == "00"
    assert batch.ask(batch.upload(line)).code == "00"
    assert batch.balance(card) == 0
    assert batch.close({76: 0, 88: 0}).code == "00"


def test_an_uploaded_line_can_be_reversed_and_refunded(batch: Batch, card: str) -> None:
    """By its own number, as if it had been told at once."""
    first, second = (batch.till.message("earn", card=card, amount=500) for _ in range(2))
    for line in (first, second):
        assert batch.ask(batch.upload(line)).code == "00"
    assert batch.ask(first.but({90: original(first)}, mti="0400")).code == "00"
    back = batch.till.message("refund", card=card, amount=500, elements={90: original(second)})
    assert batch.ask(back).figure("050") == -5
    assert batch.balance(card) == 0


def test_redemptions_and_refunds_are_lines_too(batch: Batch, card: str) -> None:
    sale = sell(batch, card, 10000)
    rrn = batch.ask(sale).element(37)
    paid = batch.till.message("redeem", card=card, amount=30)
    back = batch.till.message("refund", card=card, amount=4000, values=[("013", rrn)])
    assert batch.ask(batch.upload(paid)).figure("052") == 70
    assert batch.ask(batch.upload(back)).figure("052") == 30
    assert batch.close({74: 1, 76: 2, 86: 4000, 88: 10030}).code == "00"


def test_another_terminals_line_is_not_found(
    batch: Batch, link: Link, stans: Iterator[int], card: str
) -> None:
    """DE 41 must agree: what another terminal did is not this line."""
    other = Till("T0000008", stans)
    sale = other.message("earn", card=card, amount=500)
    assert link.ask(sale).code == "00"
    mine = sale.but({41: batch.till.terminal_id.ljust(8)})
    assert batch.ask(batch.upload(mine)).code == "00"
    assert batch.balance(card) == 10


@pytest.mark.parametrize("days", [3, 40])
def test_lines_are_booked_as_of_their_time(batch: Batch, card: str, days: int) -> None:
    """At most 35 days back: two years on, the points expire from there."""
    sold = datetime.now(UTC) - timedelta(days=days)
    stamp = sold.strftime("%m%d%H%M%S")
    line = batch.till.message("earn", card=card, amount=500).but({7: stamp, 12: stamp[4:], 13: stamp[:4]})
    expiry = batch.ask(batch.upload(line)).tag("054")
    as_of = datetime.now(UTC) - timedelta(days=min(days, 35))
    assert expiry[12:] in {f"{as_of.year + 2}{as_of:%m%d}", f"{as_of.year + 2}0301"}


UNUSABLE: Final[dict[str, dict[int, str | None]]] = {
    "an unknown card": {2: "9" * 16},
    "another currency": {49: "840"},
    "no amount": {4: None},
    "a void of what nobody knows": {3: "020000"},
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_lines_that_cannot_be_booked(batch: Batch, deployment: Deployment, card: str, name: str) -> None:
    """00 and listed."""
    line = batch.till.message("earn", card=card, amount=500, values=[("030", "7")]).but(UNUSABLE[name])
    answer = batch.ask(batch.upload(line))
    assert answer.code == "00"
    assert batch.balance(card) == 0
    assert answer.element(37) in deployment.run("exceptions", "--json").stdout
    assert batch.close().code == "00"


def test_tags_of_a_batch_are_checked(batch: Batch) -> None:
    request = batch.till.message("reconcile", elements={48: tags([("024", "12345")])})
    answer = batch.ask(request)
    assert (answer.code, answer.element(44)) == ("30", "048")
