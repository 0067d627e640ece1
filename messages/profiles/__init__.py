"""The profiles that come along: their tables, by name."""

from typing import Final

from messages.profiles.fields import IFSF93, NAC87, SMARTVISTA, UNIONPAY87, VAPS93
from messages.profiles.retail87 import RETAIL87
from messages.profiles.retail93 import RETAIL93
from messages.sheet import Sheet

SHEETS: Final[dict[str, Sheet]] = {
    sheet.name: sheet for sheet in (RETAIL87, RETAIL93, NAC87, VAPS93, IFSF93, SMARTVISTA, UNIONPAY87)
}
