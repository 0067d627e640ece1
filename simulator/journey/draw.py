"""Draw the sample again: ``python -m simulator.journey.draw [FOLDER]`` (needs the extra ``journey``).

The sample is one trading day, Wednesday 22 November 2017, the day before Thanksgiving: every basket of every
household and store of the package, from 10:00 UTC to 10:00 UTC of the next day. The package names no time
zone; by hour of the day, and on Christmas Eve, when the last basket is of 23:12, the times fit UTC for shops
of the eastern United States, whose day begins at 05:00 local. Nothing is left out, invented, or changed.
"""

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from simulator.journey.sample import (
    BASKETS_HEADER,
    BASKETS_NAME,
    PRODUCTS_HEADER,
    PRODUCTS_NAME,
)
from simulator.journey.year import catalogue, year
from simulator.private import write_quantity

FROM: Final = datetime(2017, 11, 22, 10, tzinfo=UTC)
UNTIL: Final = FROM + timedelta(days=1)


def draw(folder: Path) -> None:
    """Write the two files of the sample into *folder*."""
    known = catalogue()
    sold: set[int] = set()
    with (folder / BASKETS_NAME).open("w", encoding="ascii", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(BASKETS_HEADER)
        for basket in year():
            if not FROM <= basket.at < UNTIL:
                continue
            lines = " ".join(
                f"{line.product}:{write_quantity(line.quantity_milli)}:{line.amount_minor}"
                for line in basket.lines
            )
            rows.writerow(
                [basket.basket_id, basket.household, basket.store, f"{basket.at:%Y-%m-%dT%H:%M:%SZ}", lines]
            )
            sold.update(int(line.product) for line in basket.lines)
    with (folder / PRODUCTS_NAME).open("w", encoding="ascii", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(PRODUCTS_HEADER)
        for product in sorted(sold):
            article = known.get(product)
            rows.writerow(
                [product, article.department, article.category] if article is not None else [product, "", ""]
            )


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
