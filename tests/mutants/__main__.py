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
from concurrent.futures import ThreadPoolExecutor, as_completed
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
    began = time.monotonic()
    survivors = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        whole = {proof: pool.submit(holds, proof) for proof in proofs}
        verdicts = [pool.submit(tried, name) for name in names]
        for done, future in enumerate(as_completed(verdicts), 1):
            verdict = future.result()
            sys.stdout.write(f"{done:3} of {len(names)}  {_line(verdict)}\n")
            sys.stdout.flush()
            if verdict.caught_by is None:
                survivors.append(verdict)
        broken = [proof for proof, future in whole.items() if not future.result()]
    for verdict in survivors:
        sys.stdout.write(f"\n{verdict.name}\n{verdict.told}\n")
    if broken:
        sys.stdout.write(f"these do not hold without a mutant either: {', '.join(broken)}\n")
    caught, took_s = len(names) - len(survivors), time.monotonic() - began
    sys.stdout.write(f"{caught} of {len(names)} mutants are caught, in {took_s:.0f} s\n")
    return 1 if survivors or broken else 0


def _line(verdict: Verdict) -> str:
    place = "SURVIVES" if verdict.caught_by is None else verdict.caught_by.removeprefix("tests/")
    return f"{verdict.name:24} {MUTANTS[verdict.name].about:74} {place}  {verdict.seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
