"""The rules as a table in memory: finds the few that hold for a sale among very many.

A rule is reached through its most selective equality, the *access*: ``merchant = M1`` puts it into the bucket
of M1, and a sale looks only into the buckets of its own values. Rules without any equality lie in the common
bucket. A bucket is one of three:

- few rows, each of which is checked;
- a *split* by the value of one more attribute, and the rows that do not ask for it;
- *columns*, which leave few of many rows at one stroke (``rules.columns``).

The table never changes once it is built. It holds nothing but values, so another process can build it.
"""

from collections.abc import Mapping
from operator import itemgetter
from typing import Final

from rules.columns import Columns
from rules.rows import SETS, Finding, Row, Sale, examine

_rank: Final = itemgetter(0)


class Split:
    """A bucket divided by the text at position *at*; *rest* asks nothing of it."""

    __slots__ = ("at", "by_value", "rest")

    def __init__(self, at: int, by_value: "Mapping[str, Bucket]", rest: "Bucket") -> None:
        self.at = at
        self.by_value = by_value
        self.rest = rest

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Search both sides."""
        bucket = self.by_value.get(sale.texts[self.at])
        if type(bucket) is tuple:  # as ``search`` does; without its call, for most buckets are that
            examine(bucket, sale, finding)
        elif bucket is not None:
            search(bucket, sale, finding, within)
        rest = self.rest
        if type(rest) is tuple:
            examine(rest, sale, finding)
        else:
            search(rest, sale, finding, within)


Bucket = tuple[Row, ...] | Columns | Split


def search(bucket: Bucket, sale: Sale, finding: Finding, within: int | None) -> None:
    """Find what holds in *bucket*."""
    if type(bucket) is tuple:
        examine(bucket, sale, finding)
    else:
        assert not isinstance(bucket, tuple)
        bucket.search(sale, finding, within)


class Table:
    """All rules of a programme.

    Attributes:
        texts: Position among the texts, and bucket by value.
        sets: Position among the sets, and bucket by value.
        common: Rules that no equality leads to.
    """

    __slots__ = ("common", "sets", "size", "texts")

    def __init__(
        self,
        texts: tuple[tuple[int, Mapping[str, Bucket]], ...],
        sets: tuple[tuple[int, Mapping[str, Bucket]], ...],
        common: Bucket,
        size: int,
    ) -> None:
        self.texts = texts
        self.sets = sets
        self.common = common
        self.size = size

    def search(self, sale: Sale, within: int | None, finding: Finding | None = None) -> Finding:
        """The rules that hold, in order, and the nearest near miss, put into *finding* or a new one.

        Near misses further away than *within* minor units may be left out.
        """
        if finding is None:
            finding = Finding()
        if self.common:
            search(self.common, sale, finding, within)
        for at, buckets in self.texts:
            bucket = buckets.get(sale.texts[at])
            if bucket is not None:
                search(bucket, sale, finding, within)
        for at, buckets in self.sets:
            for value in SETS[at][1](sale):
                bucket = buckets.get(value)
                if bucket is not None:
                    search(bucket, sale, finding, within)
        hits = finding.hits
        if len(hits) > 1:
            if self.sets:  # a rule that several values lead to is found several times; ranks are its own
                hits = finding.hits = list({hit[0]: hit for hit in hits}.values())
            hits.sort(key=_rank)
        return finding
