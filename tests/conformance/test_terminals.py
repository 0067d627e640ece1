"""The register: unknown and blocked terminals, merchants, acquirers (58); columns of terminals.csv."""

import csv
import signal
import time
from collections.abc import Iterator

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.deployment import ACQUIRER, OTHER_ACQUIRER, STARTER_TERMINALS, Deployment, Switch
from tests.conformance.till import Link, Till

REFUSED = [
    ("NOBODY01", {}, "TERMINAL_UNKNOWN"),
    ("t0000001", {}, "TERMINAL_UNKNOWN"),
    ("T000001", {}, "TERMINAL_UNKNOWN"),
    ("BLOCKED1", {}, "TERMINAL_BLOCKED"),
    ("T0000001", {42: "MERCH0000000002"}, None),
    ("T0000001", {42: "MERCH000000001 "}, None),
    ("T0000001", {32: "00000000009"}, None),
    ("T0000001", {32: OTHER_ACQUIRER}, None),
    ("TWIN0001", {32: "00000000003"}, None),
    ("TWIN0001", {32: ACQUIRER, 42: "MERCH0000000002"}, None),
]


@pytest.mark.parametrize("operation", ["earn", "inquiry"])
@pytest.mark.parametrize(("terminal", "elements", "reason"), REFUSED)
def test_refused(
    link: Link,
    stans: Iterator[int],
    card: str,
    operation: str,
    terminal: str,
    elements: dict[int, str | None],
    reason: str | None,
) -> None:
    """58 with DE 15 and 37; the reason's name for a wrong merchant or acquirer the page leaves open."""
    request = Till(terminal, stans).message(operation, card=card, amount=1000, elements=elements)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "58"
    assert reason in {None, answer.reason}


ACCEPTED = [
    *((terminal, {}) for terminal in STARTER_TERMINALS),
    ("TESTONE1", {}),
    ("T9", {}),
    ("T9", {32: ACQUIRER}),
    ("SHORTSHP", {42: "SHOP7          "}),
    ("NARROW20", {}),
    ("PARTIAL1", {}),
    ("TWIN0001", {32: ACQUIRER, 42: "MERCH0000000001"}),
    ("TWIN0001", {32: OTHER_ACQUIRER, 42: "MERCH0000000002"}),
]


@pytest.mark.parametrize(("terminal", "elements"), ACCEPTED)
def test_accepted(
    link: Link, stans: Iterator[int], card: str, terminal: str, elements: dict[int, str | None]
) -> None:
    """Short ids are padded with spaces on the wire and echoed like that."""
    request = Till(terminal, stans).message("earn", card=card, amount=1000, elements=elements)
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(41)) == ("00", terminal.ljust(8))


@pytest.mark.parametrize("operation", ["earn", "inquiry", "refund"])
def test_receipts_are_as_wide_as_the_terminal(
    link: Link, stans: Iterator[int], card: str, operation: str
) -> None:
    """Column ``width``; 38 when empty (checked on every answer)."""
    answer = link.ask(Till("NARROW20", stans).message(operation, card=card, amount=1000))
    assert answer.element(62)
    assert max(map(len, answer.element(62).split("|"))) <= 20


def test_a_declined_display_line_is_as_narrow(link: Link, stans: Iterator[int], card: str) -> None:
    answer = link.ask(Till("NARROW20", stans).message("redeem", card=card, amount=1000))
    assert answer.code == "51"
    assert len(answer.element(62)) <= 20


def test_sighup_reloads_the_register(
    deployment: Deployment, switch: Switch, link: Link, stans: Iterator[int], card: str
) -> None:
    """A terminal that is added while the switch runs is served after SIGHUP; the connections stay."""
    till = Till("LATECOMR", stans)
    assert link.ask(till.message("earn", card=card, amount=1000)).code == "58"
    path = deployment.folder / "terminals.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writerow({**rows[0], "terminal": "LATECOMR"})
    switch.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 5
    while link.ask(till.message("earn", card=card, amount=1000)).code == "58":
        assert time.monotonic() < end, "the register was not reloaded"
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 10
