"""Certificates whose last day is over lapse when that is ordered."""

from datetime import date, timedelta
from pathlib import Path

from ledger.account import AccountKind
from loyalty.amount import Rate
from loyalty.card import MemberId
from switch.audit import verify
from switch.case import Moment
from switch.database import open_for_reading
from switch.lapsing import LapseCertificates
from switch.positions import positions
from switch.queries import totals
from switch.worksheet import Worksheet
from tests.switch.books import (
    NEXT_YEAR,
    NOON,
    commit,
    earn,
    exchange,
    open_store,
    pay_certificate,
)


async def test_what_is_left_lapses_once(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    reader = store.reader
    await commit(store, earn(1, 100))
    await commit(store, exchange(2, reader.book(MemberId(1)), 40))
    await commit(store, pay_certificate(3, "C2", 15))

    async def lapse(day: date) -> dict[str, int]:
        end, codes = reader.certificates_left("", 10)
        assert end == "C2"
        moment = Moment(store.sequence.next(), NOON + timedelta(minutes=1), day)
        change = LapseCertificates(codes, store.sequence, "v").carry_out(Worksheet(reader), moment)
        await commit(store, *change.outcomes)
        return dict(change.result)

    assert await lapse(NEXT_YEAR) == {"certificates": 0, "points": 0}
    assert await lapse(NEXT_YEAR + timedelta(days=1)) == {"certificates": 1, "points": 25}
    assert await lapse(NEXT_YEAR + timedelta(days=2)) == {"certificates": 0, "points": 0}
    assert reader.certificates_left("", 10) == ("C2", [])
    assert reader.certificates_left("C2", 10) == (None, [])
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
    database = open_for_reading(tmp_path / "puntual.db")
    found = positions(database, Rate(1))
    assert (found.certificates, found.certificates_minor, found.lapsed) == (0, 0, 25)
    assert [(each.issued, each.exchanged, each.outstanding) for each in found.cohorts] == [(100, 40, 60)]
    assert totals(database).points[AccountKind.EXPIRED] == 25
    database.close()
