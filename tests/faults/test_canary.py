"""A card number that went through the switch is found nowhere afterwards, in no form."""

import base64
import itertools
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.cards import ISSUED, PAYMENT, UNKNOWN, number
from tests.conformance.deployment import Deployment
from tests.conformance.till import HungUp, Link, Message, Till, frame

CARDS = [number(serial) for serial in range(1, 9)]
PIN_BLOCK = "1A2B3C4D5E6F7081"
TRACK = "29121011234567890123"  # what follows the number on track 2
SECRETS = [*CARDS, ISSUED, UNKNOWN, PAYMENT]


def forms(number_: str) -> Iterator[bytes]:
    """How *number_* could have been written down."""
    text = number_.encode()
    yield text
    yield text.hex().encode()
    yield text.hex().upper().encode()
    yield bytes.fromhex(number_ if len(number_) % 2 == 0 else number_ + "F")  # BCD
    yield number_.encode("cp500")
    yield base64.b64encode(text).rstrip(b"=")[:-1]
    yield text[::-1]


def conversation(till: Till) -> Iterator[bytes]:
    """Frames that carry card numbers wherever a till, a broken till or an attacker may put them."""
    for at, card in enumerate(CARDS):
        other = CARDS[at - 1]
        sale = till.message("earn", card=card, amount=1000 + at)
        yield frame(sale.encode())
        yield frame(sale.encode())
        yield frame(sale.but(mti="0201").encode())
        yield frame(sale.but({4: f"{9999:012}"}).encode())  # 94
        yield frame(till.message("earn", amount=500, elements={35: f"{card}={TRACK}"}).encode())
        yield frame(till.message("earn", card=PAYMENT, amount=500, values=[("010", f"CPAN{card}")]).encode())
        yield frame(
            till.message("earn", card=PAYMENT, amount=500, values=[("011", f"{card}={TRACK}")]).encode()
        )
        yield frame(till.message("redeem", card=card, amount=5, elements={52: PIN_BLOCK}).encode())
        yield frame(till.message("redeem", card=UNKNOWN, amount=5).encode())
        yield frame(till.message("earn", card=card, amount=100).but({3: "990000"}).encode())  # 12
        yield frame(till.message("earn", card=card, amount=100).but({35: f"{other}={TRACK}"}).encode())
        for element in (37, 42, 43, 48, 54, 60, 61, 62, 63, 102, 103):
            strange = {37: card[:12], 42: card[:15], 43: card.ljust(40)}.get(element, card)
            yield frame(till.message("inquiry", card=card, elements={element: strange}).encode())
        # Coupon, ticket and cashier (021, 023, 030) are left out: texts of their own, which are kept.
        values = [("012", card), ("013", card[:12]), ("014", card[:8]), ("022", card)]
        values += [("031", f"CARD{card[:12]}{card[:8]}"), ("061", card), ("999", card)]
        for tag, value in values:
            yield frame(till.message("earn", card=card, amount=700, values=[(tag, value)]).encode())
        yield frame(till.message("refund", card=card, amount=100, elements={37: "000000000000"}).encode())
        yield frame(till.message("reverse", card=card, elements={37: "000000000001"}).encode())
        yield frame(sale.but({41: card[:8], 11: f"{900_000 + at:06}"}).encode())  # unknown terminal
        whole = till.message("earn", card=card, amount=100).encode()
        for cut in range(20, len(whole), 7):
            yield frame(whole[:cut])
        yield frame(card.encode())
        yield frame(b"0200" + card.encode() * 3)
        yield f"\xff\xff{card}".encode("latin-1")
    activation = till.message("activate", card=ISSUED, values=[("010", f"BARC{CARDS[0]}")])
    yield frame(activation.encode())
    yield frame(Message(mti="0800", elements={11: "000001", 70: "301"}).encode())


def test_no_card_number_is_found_anywhere(tmp_path: Path) -> None:
    """Books, WAL, log, feed, metrics, administration: none of them holds what it must not."""
    folder = tmp_path / "puntual"
    made = Deployment(folder)
    settings = folder / "puntual.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace('kind = "off" ', 'kind = "jsonl" ').replace('"info"', '"debug"'), "utf-8"
    )
    listed = "card,member,status\n" + "".join(f"{card},M{at},active\n" for at, card in enumerate(CARDS))
    listed += f"{ISSUED},M100,issued\n{CARDS[0]},M101,active\n{UNKNOWN[:-1]},M102,active\n"
    told = [made.import_cards(listed)]
    with made.serve() as switch:
        told.append(made.import_cards(listed))
        told.append(made.run("cards", "show", CARDS[0]))
        told.append(made.run("cards", "block", CARDS[-1]))
        told.append(made.run("cards", "show", UNKNOWN))
        link = Link(switch.iso8583)
        for data in conversation(Till("T0000001", itertools.count(1))):
            try:
                link.send(data)
                link.receive()
            except (HungUp, ConnectionError):
                link.close()
                link = Link(switch.iso8583)
        link.close()
        host, port = switch.http
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as answer:
            (folder / "metrics").write_bytes(answer.read())
        copies = [(folder / name).read_bytes() for name in ("puntual.db", "puntual.db-wal", "puntual.db-shm")]
        assert switch.terminate() == 0
    (folder / "cards.csv").unlink()
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files |= {f"copy {at}": copy for at, copy in enumerate(copies)}
    files |= {f"command {at}": (done.stdout + done.stderr).encode() for at, done in enumerate(told)}
    assert len(files["transactions.jsonl"].splitlines()) > len(CARDS)
    assert b"transaction.decided" in files["serve.log"]
    found = [
        (name, f"card {at}", form[:4])
        for at, secret in enumerate([*SECRETS, PIN_BLOCK, TRACK])
        for form in forms(secret)
        for name, data in files.items()
        if form in data
    ]
    assert found == []
