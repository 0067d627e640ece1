"""A source and an exporter that live in memory."""

import asyncio
from collections.abc import Sequence

from analytics.exporter import ExportError
from analytics.source import FeedRecord


def record(seq: int) -> FeedRecord:
    """The record of decision *seq*."""
    return FeedRecord(seq, {"seq": seq, "operation": "EARN", "code": "00", "points": seq * 3, "note": "ñ"})


class MemorySource:
    """Decisions in a list."""

    def __init__(self, seqs: Sequence[int] = ()) -> None:
        self.seqs = list(seqs)

    def read(self, after: int, count_max: int) -> Sequence[FeedRecord]:
        return [record(seq) for seq in self.seqs if seq > after][:count_max]


class MemoryExporter:
    """Keeps what arrives. *failures* says of each publication whether it is refused; then all are taken."""

    def __init__(self, failures: Sequence[bool] = (), *, arrives: bool = False) -> None:
        self.arrived: list[int] = []
        self.sizes: list[int] = []
        self._failures = list(failures)
        self._more = asyncio.Event()
        self._arrives = arrives  # what is refused has arrived all the same: the acknowledgement was lost

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        fails = bool(self._failures) and self._failures.pop(0)
        if not fails or self._arrives:
            self.arrived += [record.seq for record in records]
            self.sizes.append(len(records))
            self._more.set()
        if fails:
            raise ExportError("the other side is away")

    async def until(self, seq: int) -> None:
        """Wait until *seq* has arrived."""
        while seq not in self.arrived:
            self._more.clear()
            await self._more.wait()

    async def close(self) -> None:
        """Nothing is open."""
