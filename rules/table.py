"""The rules as a table in memory: finds the few that hold for a sale among very many.

A rule is reached through its most selective equality, the *access*: ``merchant = M1`` puts it into the bucket
of M1, and a sale looks only into the buckets of its own values. Rules without any equality lie in the common
bucket. A bucket is one of three:

- few rows, each of which is checked;
- a *split* by the value of one more attribute;
- *columns*, which leave few of many rows at one stroke (``rules.columns``).

The table never changes once it is built. It holds nothing but values, so another process can build it.
"""

from collections.abc import Mapping

from rules.columns import Columns
from rules.rows import SETS, Finding, Row, Sale, examine


class Split:
    """A bucket divided by the text at position *at*; those of other values look into *rest*.

    Rows that do not ask for the text lie in each bucket of *by_value*, too.
    """

    __slots__ = ("at", "by_value", "rest")

    def __init__(self, at: int, by_value: "Mapping[str, Bucket]", rest: "Bucket") -> None:
        self.at = at
        self.by_value = by_value
        self.rest = rest

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Search what the sale's own text leads to."""
        bucket = self.by_value.get(sale.texts[self.at], self.rest)
        if type(bucket) is tuple:  # as ``search`` does; without its call, for most buckets are that
            examine(bucket, sale, finding)
        else:
            search(bucket, sale, finding, within)


class Both:
    """Two buckets at once, of which at least one is large; few rows are put together when it is built."""

    __slots__ = ("one", "other")

    def __init__(self, one: "Bucket", other: "Bucket") -> None:
        self.one = one
        self.other = other

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Search one after the other."""
        search(self.one, sale, finding, within)
        search(self.other, sale, finding, within)


Bucket = tuple[Row, ...] | Columns | Split | Both


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
            search(buckets.get(sale.texts[at], ()), sale, finding, within)
        for at, buckets in self.sets:
            for value in SETS[at][1](sale):
                search(buckets.get(value, ()), sale, finding, within)
        hits = finding.hits
        if len(hits) > 1:
            if self.sets:  # a rule that several values lead to is found several times; ranks are its own
                hits = finding.hits = list({hit[0]: hit for hit in hits}.values())
            hits.sort()  # by rank: no two are the same, so nothing else is compared
        return finding
