"""Books on a disk that takes nothing, as a copy on a read-only medium: they can be read, and nothing else."""

import itertools
from pathlib import Path

from tests.conformance.cards import number
from tests.conformance.deployment import Deployment
from tests.conformance.till import Link, Till
from tests.faults.disks import read_only, small_disk

CARD = number(1)


def test_a_read_only_disk_is_told_and_read(tmp_path: Path) -> None:
    """What reads works, what writes says why it cannot; with a disk that writes all goes on."""
    till = Till("T0000001", itertools.count(1))
    with small_disk(tmp_path / "disk", size="16m") as disk:
        made = Deployment(disk / "puntual")
        assert made.import_cards(f"card,member\n{CARD},M1\n").returncode == 0
        with made.serve() as switch, Link(switch.iso8583) as link:
            assert link.ask(till.message("earn", card=CARD, amount=1000)).code == "00"
            assert switch.terminate() == 0
        with read_only(disk):
            served = made.run("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
            blocked = made.run("cards", "block", CARD)
            for refused in (served, blocked):
                assert refused.returncode == 2
                assert "Read-only file system" in refused.stderr
                assert "Traceback" not in refused.stderr
                assert refused.stdout == ""
            shown = made.run("cards", "show", CARD)
            assert (shown.returncode, "active" in shown.stdout) == (0, True)
            assert made.run("ledger", "verify").returncode == 0
        with made.serve() as switch, Link(switch.iso8583) as link:
            assert link.ask(till.message("inquiry", card=CARD)).figure("052") == 10
            assert switch.terminate() == 0
