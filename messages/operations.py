"""Which operation a message asks for, by the rows of a profile."""

from typing import Final

from loyalty.transaction import Operation
from messages.message import Message
from messages.sheet import Row, Sheet, row_matches

_ABOUT_HOLDS: Final = frozenset({Operation.HOLD, Operation.COMPLETE})
_LINE_FUNCTIONS: Final = "20"
_REMEMBERED_MAX: Final = 4096  # DE 3 is the peer's: what is remembered of it must have a bound


class OperationTable:
    """The rows of *sheet*, ready to be asked; every answer is remembered."""

    def __init__(self, sheet: Sheet) -> None:
        self._origins = sheet.origins
        self._naming = sheet.undoing.original
        self._wheres = tuple(dict.fromkeys(where for row in sheet.rows for where in row.where))
        self._rows: dict[str, list[Row]] = {}
        for row in sorted(sheet.rows, key=lambda row: (row.names_class is None, -len(row.where))):
            for version in sheet.versions:
                for function in row.functions:
                    self._rows.setdefault(version + row.message_class + function, []).append(row)
        self._known: dict[tuple[str | bool, ...], Operation | None] = {}

    def asked_by(self, message: Message) -> Operation | None:
        """The operation of *message*, which has DE 3; ``None`` when no row is about it."""
        mti, elements = message.mti, message.elements
        if mti[3] not in self._origins:
            return None
        original_class = elements.get(self._naming, "")[1:2]
        asked: tuple[str | bool, ...] = (mti[:3], elements[3], original_class)
        if self._wheres:
            asked += tuple([where.holds(elements) for where in self._wheres])
        if asked in self._known:
            return self._known[asked]
        operation = None
        for row in self._rows.get(mti[:3], ()):
            if row.names_class not in (None, original_class) or not row_matches(row, elements[3]):
                continue
            if all(where.holds(elements) for where in row.where):
                operation = row.operation
                break
        if len(self._known) < _REMEMBERED_MAX:
            self._known[asked] = operation
        return operation

    def held_for(self, message: Message, operation: Operation) -> Operation | None:
        """What a message holds or completes, or would complete if its DE 38 is of an open hold."""
        if operation not in _ABOUT_HOLDS and 38 not in message.elements:
            return None
        about = [row for row in self._rows.get(message.mti[:3], ()) if row.held_for is not None]
        return next((row.held_for for row in about if row_matches(row, message.elements[3])), None)

    def of_line(self, message: Message, line_class: str) -> Operation | None:
        """The operation of a line that an UPLOAD tells: of an advice if there is one, else of a request."""
        elements = message.elements
        for function in _LINE_FUNCTIONS:
            for row in self._rows.get(message.mti[0] + line_class + function, ()):
                if row.names_class is not None or not row_matches(row, elements[3]):
                    continue
                if all(where.holds(elements) for where in row.where):
                    return row.operation
        return None
