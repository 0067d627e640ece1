"""``puntual`` with a clock that is set while it runs: by the seconds in the file that ``PUNTUAL_STEP`` names.

PUNTUAL_STEP=step.txt python -m tests.faults.stepping serve
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.cli import main
from loyalty.clock import SystemClock


def _stepped(_clock: SystemClock) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=int(Path(os.environ["PUNTUAL_STEP"]).read_text("ascii")))


SystemClock.now = _stepped  # type: ignore[method-assign, assignment]  # the clock of this process alone

if __name__ == "__main__":
    main()
