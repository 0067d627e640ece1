"""The presence codes of a profile are what its reader asks for and what its answers carry."""

import pytest

from loyalty.decision import Approved, Balance, Reason
from loyalty.transaction import Operation
from messages.link import AnswerReady, TransactionReceived
from messages.presence import Presence, presences_of
from messages.profiles import SHEETS
from messages.sheet import Row
from tests.messages.test_profiles import SALE_93, ask, codec, link, told
from tests.messages.wire import NOW

OPERATIONS = [
    pytest.param(name, row, id=f"{name}-{row.operation.name}-{row.message_class}{row.processing[0]}")
    for name, sheet in SHEETS.items()
    for row in sheet.rows
    if not row.names_class and not row.where
]


def whole(name: str, row: Row) -> tuple[str, dict[int, str]]:
    """A request for *row* with all that may be mandatory."""
    sheet = SHEETS[name]
    times = {} if sheet.dated_times else {12: "120000", 13: "1121"}
    elements = {**SALE_93, **times, 3: row.processing[0].replace(".", "0")}
    return f"{sheet.versions[0]}{row.message_class}{row.functions[0]}0", elements


@pytest.mark.parametrize(("name", "row"), OPERATIONS)
def test_requests(name: str, row: Row) -> None:
    """Without a mandatory element it is a format error of that element; without the others it is none."""
    mti, elements = whole(name, row)
    sheet, presences = SHEETS[name], presences_of(SHEETS[name], row.operation)
    assert isinstance(ask(name, mti, elements), TransactionReceived)
    format_error = sheet.codes[Reason.FORMAT_ERROR]
    for number in (3, 4, 11, 41):
        answer = told(name, ask(name, mti, {**elements, number: None}))
        is_fault = answer == f"{format_error}/{number:03}"
        assert is_fault == (presences.request.get(number) is Presence.MANDATORY), (number, answer)
    without_card = told(name, ask(name, mti, {**elements, 2: None}))
    asks_for_card = presences.request[2] is Presence.CONDITIONAL
    assert (without_card == f"{format_error}/002") == asks_for_card


@pytest.mark.parametrize(("name", "row"), OPERATIONS)
def test_answers(name: str, row: Row) -> None:
    """What is repeated comes back, what is mandatory is there, and nothing else is."""
    mti, elements = whole(name, row)
    event = ask(name, mti, elements)
    assert isinstance(event, TransactionReceived)
    here, presences = link(name), presences_of(SHEETS[name], row.operation)
    decision = Approved(balance=Balance(available=112), left_to_pay_minor=5, earned=1)
    own = here.profile.elements(decision, operation=row.operation, seq=1, business_date=NOW.date())
    answer = codec(name).decode(here.answer(event.message, own)[2:]).elements
    for number, presence in presences.answer.items():
        if presence in (Presence.MANDATORY, Presence.MANDATORY_ECHO):
            assert number in answer
        if presence in (Presence.MANDATORY_ECHO, Presence.CONDITIONAL_ECHO):
            assert answer.get(number) == event.message.elements.get(number)
    assert answer.keys() <= presences.answer.keys()


@pytest.mark.parametrize("name", SHEETS)
def test_network(name: str) -> None:
    """Messages about the link carry little, and so do their answers."""
    sheet, presences = SHEETS[name], presences_of(SHEETS[name], Operation.NETWORK)
    code = next(iter(sheet.network_codes)).rjust(sheet.network_place[1] or 0, "0")
    elements = {11: "000001", sheet.network_element: code}
    mti = f"{sheet.versions[0]}800" if not sheet.dated_times else f"{sheet.versions[-1]}804"
    event = ask(name, mti, elements)
    assert isinstance(event, AnswerReady)
    answer = codec(name).decode(event.data[2:]).elements
    assert answer.keys() <= presences.answer.keys()
    refused = told(name, ask(name, mti, {**elements, 11: None, 41: "T0000001"}))
    assert refused == f"{sheet.codes[Reason.FORMAT_ERROR]}/011"
