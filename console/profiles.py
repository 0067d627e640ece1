"""What a profile asks of messages, operation by operation, as interface documents tell it."""

from collections.abc import Mapping

import rich_click as click

from config.load import did_you_mean
from console.options import json_option, print_rows
from loyalty.errors import LoyaltyError
from loyalty.transaction import Operation
from messages.presence import Presence, presences_of
from messages.profiles import SHEETS
from messages.sheet import Row, Sheet


@click.command(epilog="Example: puntual message profiles retail93")
@click.argument("name", required=False)
@json_option
def profiles(name: str | None, *, as_json: bool) -> None:
    """List the profiles that come along, or the operations of the one called NAME.

    For each operation: what asks for it, and the elements of request and answer. M mandatory (answers to
    broken messages carry less), ME mandatory and repeated, C conditional, CE repeated if sent, O optional.
    """
    if name is None:
        told = [
            {"profile": sheet.name, "types": ", ".join(f"{each}xxx" for each in sheet.versions)}
            for sheet in SHEETS.values()
        ]
        print_rows(told, as_json=as_json, nothing="")
        return
    if name not in SHEETS:
        raise LoyaltyError(f"there is no {name!r}", where="profile", hint=did_you_mean(name, SHEETS))
    sheet = SHEETS[name]
    print_rows(
        [_operation(sheet, row) for row in sheet.rows] + [_network(sheet)], as_json=as_json, nothing=""
    )


def _operation(sheet: Sheet, row: Row) -> dict[str, object]:
    conditions = [f"DE {sheet.undoing.original} of class {row.names_class}"] if row.names_class else []
    for each in row.where:
        place = str(each.element) if each.tag is None else f"{each.element}.{each.tag}"
        conditions.append(f"DE {place} {each.begins or 'there'}")
    types = [f"{sheet.versions[0]}{row.message_class}{function}0" for function in row.functions]
    return {
        "operation": row.operation.name,
        "type": " ".join(types),
        "DE 3": " ".join(row.processing),
        "and": ", ".join(conditions),
        **_elements(sheet, row.operation),
    }


def _network(sheet: Sheet) -> dict[str, object]:
    types = [f"{sheet.versions[0]}8{function}0" for function in sheet.network_functions]
    about = f"DE {sheet.network_element} {' '.join(sheet.network_codes)}"
    told = {"operation": Operation.NETWORK.name, "type": " ".join(types), "DE 3": "", "and": about}
    return {**told, **_elements(sheet, Operation.NETWORK)}


def _elements(sheet: Sheet, operation: Operation) -> dict[str, object]:
    presences = presences_of(sheet, operation)
    return {
        "request": _told(presences.request),
        "answer": _told(presences.answer),
    }


def _told(codes: Mapping[int, Presence]) -> str:
    """``M 3 4 11 41; C 2 35``: elements by their code."""
    groups = {code: [str(number) for number, found in codes.items() if found is code] for code in Presence}
    return "; ".join(f"{code.value} {' '.join(numbers)}" for code, numbers in groups.items() if numbers)
