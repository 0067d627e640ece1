"""A programme of which parts are paused: the same rules and tables under a version of their own.

It is made at once, however many rules there are. Its text names the programme that it amends and says what is
paused, so late advices and refunds know what held at their time like any other version.
"""

import copy
import json
from collections.abc import Callable
from typing import Final

from rules.parse import restore_programme, version_of
from rules.programme import Programme
from rules.text import Text

STOPPABLE: Final = ("earn", "redeem")
_AMENDS: Final = "amends"


def amended(programme: Programme, *, paused: frozenset[str], stopped: frozenset[str]) -> Programme:
    """*programme*, all of it, without what is *paused* (campaigns) and *stopped* (``earn``, ``redeem``)."""
    whole = programme.whole or programme
    assert stopped <= frozenset(STOPPABLE)
    if not paused and not stopped:
        return whole
    document = {_AMENDS: whole.version, "paused": sorted(paused), "stopped": sorted(stopped)}
    text = json.dumps(document, separators=(",", ":"))
    return _changed(whole, version_of(text), text, paused, stopped)


def _changed(
    whole: Programme, version: str, text: str, paused: frozenset[str], stopped: frozenset[str]
) -> Programme:
    changed = copy.copy(whole)  # tables and all
    changes = {
        "version": version,
        "source": Text(text),
        "parts": tuple(_changed(part, version, "", paused, stopped) for part in whole.parts),
        "paused": paused,
        "stopped": stopped,
        "whole": whole,
        "withholds": True,
    }
    for name, value in changes.items():
        object.__setattr__(changed, name, value)  # nobody has seen the copy yet
    return changed


def restored(text: str, whole_of: Callable[[str], Programme]) -> Programme:
    """The programme whose text is *text*; *whole_of* gives the version that an amendment amends."""
    if not is_amendment(text):
        return restore_programme(text)
    document = json.loads(text)
    paused, stopped = frozenset(document["paused"]), frozenset(document["stopped"])
    return amended(whole_of(document[_AMENDS]), paused=paused, stopped=stopped)


def amends(text: str) -> str:
    """The version of the programme that the amendment *text* amends."""
    version = json.loads(text)[_AMENDS]
    assert isinstance(version, str)
    return version


def paused_by(text: str) -> frozenset[str]:
    """The campaigns that the amendment *text* pauses."""
    return frozenset(json.loads(text)["paused"])


def is_amendment(text: str) -> bool:
    """Whether *text* only says what of another programme is paused."""
    return text.startswith(f'{{"{_AMENDS}":')
