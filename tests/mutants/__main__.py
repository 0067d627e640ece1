"""Breaks the product in one place after the other, and sees that a proof notices each time.

python -m tests.mutants
python -m tests.mutants double-earn tombstone-ignored
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.mutants.catalogue import MUTANTS, ROOT

TIMEOUT_S: Final = 300
_FAILED: Final = re.compile(r"^FAILED (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant. *caught_by* names the test that failed; ``None`` when it survived."""

    name: str
    caught_by: str | None
    seconds: float
    told: str


def tried(name: str) -> Verdict:
    """Let the proof of the mutant *name* run on it, in a process of its own."""
    began = time.monotonic()
    code, told = _run(MUTANTS[name].proof, {"PUNTUAL_MUTANT": name})
    failed = _FAILED.search(told)
    caught = failed.group(1) if code == 1 and failed else None
    return Verdict(name, caught, time.monotonic() - began, told)


def holds(proof: str) -> bool:
    """Whether *proof* holds of what is not broken: only then its failure says something."""
    return _run(proof, {})[0] == 0


def _run(proof: str, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """Exit code and words of pytest on *proof*; no code when it did not come to an end."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.hook", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, "-p", "no:xdist", "-x", "-q", "--no-header", "--tb=short", proof],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"{proof} did not come to an end in {TIMEOUT_S} s"
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Break the product in one place after the other.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of mutants (default: all)")
    names = parser.parse_args().names or list(MUTANTS)
    unknown = [name for name in names if name not in MUTANTS]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(MUTANTS)}")
    proofs = list(dict.fromkeys(MUTANTS[name].proof for name in names))
    survivors = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        broken = [
            proof for proof, is_whole in zip(proofs, pool.map(holds, proofs), strict=True) if not is_whole
        ]
        if broken:
            sys.stdout.write(f"these do not hold without a mutant either: {', '.join(broken)}\n")
            return 1
        for verdict in pool.map(tried, names):
            place = "SURVIVES" if verdict.caught_by is None else verdict.caught_by.removeprefix("tests/")
            about = MUTANTS[verdict.name].about
            sys.stdout.write(f"{verdict.name:24} {about:74} {place}  {verdict.seconds:.0f} s\n")
            sys.stdout.flush()
            if verdict.caught_by is None:
                survivors.append(verdict)
    for verdict in survivors:
        sys.stdout.write(f"\n{verdict.name}\n{verdict.told}\n")
    sys.stdout.write(f"{len(names) - len(survivors)} of {len(names)} mutants are caught\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
