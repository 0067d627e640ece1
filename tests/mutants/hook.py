"""Breaks one module while it is imported: nothing on the disk changes. A plugin of pytest.

PUNTUAL_MUTANT=double-earn python -m pytest -p tests.mutants.hook …
"""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from hypothesis import Phase, settings

from tests.mutants.catalogue import MUTANTS, Mutant


class _Broken(SourceFileLoader):
    """Compiles the text of the mutant; cached bytecode is neither read nor written."""

    mutant: Mutant

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        text = self.get_data(path).decode("utf-8")
        return compile(self.mutant.broken(text), path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        loader = _Broken(fullname, spec.origin)
        loader.mutant = self._mutant
        spec.loader = loader
        return spec


def break_it(name: str) -> None:
    """Let the mutant *name* be imported in place of what is right."""
    mutant = MUTANTS[name]
    assert mutant.module not in sys.modules
    sys.meta_path.insert(0, _Finder(mutant))


if "PUNTUAL_MUTANT" in os.environ:
    # That it fails is what counts: the smallest example is for people, and takes the longest to find.
    settings.register_profile(
        "mutants",
        phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False,
        derandomize=True,
        database=None,
    )
    settings.load_profile("mutants")
    break_it(os.environ["PUNTUAL_MUTANT"])
