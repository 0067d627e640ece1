"""What is counted, and its text for Prometheus (exposition format 0.0.4).

Names and labels come from closed sets, so nothing that a peer sends can make a new series.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

SECONDS: Final = (0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Histogram:
    """How many values were at most each of *bounds*."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count *value*."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self, name: str) -> Iterator[str]:
        """Its lines."""
        total = 0
        for bound, count in zip((*map(repr, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


class Metrics:
    """The counters of one switch.

    Attributes:
        decided: Transactions by operation and reason name.
        batches: By result of their commit.
        gauges: What is asked when somebody looks: value by name, with its help.
        counts: The same for what only rises: values by label value, with label and help.
    """

    def __init__(self) -> None:
        self.decided: Counter[tuple[str, str]] = Counter()
        self.batches: Counter[str] = Counter()
        self.batch_sizes = Histogram(SIZES)
        self.commit_seconds = Histogram(SECONDS)
        self.answer_seconds = Histogram(SECONDS)
        self.last_commit_seconds = 0.0
        self._gauges: list[tuple[str, str, Callable[[], float]]] = []
        self._counters: list[tuple[str, str, str, Callable[[], Mapping[str, int]]]] = []
        about = "Of the last commit, its flush to disk included."
        self.gauge("last_commit_seconds", about, lambda: self.last_commit_seconds)
        self.counter("batches_total", "Commits.", "result", lambda: self.batches)

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Show *value* whenever somebody looks."""
        self._gauges.append((f"puntual_{name}", about, value))

    def counter(self, name: str, about: str, label: str, values: Callable[[], Mapping[str, int]]) -> None:
        """Show *values*, which only rise, one series for each value of *label*."""
        self._counters.append((f"puntual_{name}", about, label, values))

    def text(self) -> str:
        """All of it, in the exposition format."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        name = "puntual_transactions_total"
        yield from _header(name, "counter", "Decided transactions.")
        for (operation, reason), count in sorted(self.decided.items()):
            yield f'{name}{{operation="{operation}",reason="{reason}"}} {count}'
        for name, about, label, values in self._counters:
            yield from _header(name, "counter", about)
            for value, count in sorted(values().items()):
                yield f'{name}{{{label}="{value}"}} {count}'
        for name, about, gauge in self._gauges:
            yield from _header(name, "gauge", about)
            yield f"{name} {gauge()}"
        for name, about, histogram in (
            ("puntual_batch_size", "Transactions of a commit.", self.batch_sizes),
            ("puntual_commit_seconds", "From a commit's start until it is durable.", self.commit_seconds),
            ("puntual_answer_seconds", "From a message's last byte to its answer.", self.answer_seconds),
        ):
            yield from _header(name, "histogram", about)
            yield from histogram.samples(name)


def _header(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
