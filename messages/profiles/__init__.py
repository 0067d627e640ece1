"""The profiles that come along: their tables, by name."""

from typing import Final

from messages.profiles.retail87 import RETAIL87
from messages.sheet import Sheet

SHEETS: Final[dict[str, Sheet]] = {sheet.name: sheet for sheet in (RETAIL87,)}
