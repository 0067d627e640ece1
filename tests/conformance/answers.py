"""What holds for every answer, whatever was asked: checked on each exchange of the suite."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from tests.conformance.till import Answer, Message

ECHOED: Final = (2, 3, 4, 7, 11, 12, 13, 24, 25, 32, 33, 37, 41, 42, 49)
OWN: Final = (15, 37, 38, 39, 44, 48, 54, 62, 63)
TOTALS: Final = (74, 75, 76, 77, 86, 87, 88, 89, 97)
APPROVED: Final = ("00", "10")
RRN: Final = re.compile(r"\d{4}[0-9A-Z]{8}")
WIDTH: Final = 38

REASONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "10": ("PARTIAL",),
    "12": ("OPERATION_NOT_SUPPORTED", "NOT_ALLOWED_NOW", "ALREADY_REVERSED"),
    "13": ("AMOUNT_NOT_ALLOWED", "CURRENCY_NOT_ACCEPTED", "BASKET_OUT_OF_BALANCE", "ABOVE_ORIGINAL"),
    "14": ("CARD_UNKNOWN",),
    "25": ("ORIGINAL_NOT_FOUND",),
    "30": ("FORMAT_ERROR",),
    "41": ("CARD_LOST",),
    "43": ("CARD_STOLEN",),
    "51": ("NOT_SUFFICIENT_POINTS",),
    "54": ("CARD_EXPIRED",),
    "57": ("NOT_PERMITTED",),
    "58": ("TERMINAL_UNKNOWN", "TERMINAL_BLOCKED", "OPERATION_NOT_ALLOWED_HERE"),
    "61": ("ABOVE_LIMIT",),
    "62": ("CARD_BLOCKED", "CARD_REPLACED"),
    "78": ("CARD_NOT_ACTIVE",),
    "94": ("KEY_CONFLICT",),
    "95": ("OUT_OF_BALANCE",),
})  # fmt: skip

LAYOUTS: Final[Mapping[str, str]] = MappingProxyType({
    "050": r"[CD]\d{12}",
    "051": r"\d{12}",
    "052": r"[CD]\d{12}",
    "053": r"\d{12}",
    "054": r"\d{12}20\d{6}",
    "055": r"[ -~]+",
    "056": r"\d{12}",
    "058": r"(COUP|CERT|PRIZ)\d{12}20\d{6}[ -~]+",
    "059": r"[A-Z_]+",
    "060": r"[0-9a-f]{12}",
    "061": r"[ -~]+",
    "062": r"\d{12}",
    "063": r"\d{12}",
    "064": r"\d{24}",
    "065": r"[A-Z_]+ [ -~]+",
    "066": r"20\d{12}",
})  # fmt: skip


def mti_of_answer(mti: str) -> str:
    """Third digit + 1; origin 0/1→0, 2/3→2, 4/5→4 (of another fourth digit the page says nothing)."""
    origin = int(mti[3])
    return mti[:2] + str(int(mti[2]) + 1) + (str(origin - origin % 2) if origin <= 5 else mti[3])


def check_answer(request: Message, answer: Answer, *, malformed: Collection[int] = ()) -> None:
    """Assert what every answer owes its request; *malformed* elements are not echoed."""
    got = answer.message
    is_network = request.mti[1] == "8"
    assert got.mti[:3] == mti_of_answer(request.mti)[:3], got
    if request.mti[3] <= "5":
        assert got.mti == mti_of_answer(request.mti), got
    assert 39 in got.elements, got
    _check_elements(request, answer, set(malformed), is_network=is_network)
    _check_tags(answer)
    if not is_network and answer.code != "30":
        _check_dates(request, answer)
    if answer.code in APPROVED:
        _check_approval(request, answer)
    else:
        _check_decline(answer)


def _check_elements(request: Message, answer: Answer, malformed: set[int], *, is_network: bool) -> None:
    got = answer.message.elements
    for element in ECHOED:
        expected = None if element in malformed else request.elements.get(element)
        if element == 4 and _may_be_cut_down(request, answer):
            continue
        if element == 37 and expected is None:
            continue  # the switch's own
        assert got.get(element) == expected, f"DE {element} is {got.get(element)!r}, sent {expected!r}"
    allowed = {*ECHOED, *OWN, *([70] if is_network else [])}
    if answer.code == "95":
        allowed |= {*TOTALS}
    assert set(got) <= allowed, f"elements that no answer carries: {sorted(set(got) - allowed)}"
    if is_network:
        assert got.get(70) == (None if 70 in malformed else request.elements.get(70))
    assert (44 in got) == (answer.code == "30"), got
    own_dates = answer.code != "30" and not is_network
    assert (15 in got) == own_dates, f"DE 15 {'missing' if own_dates else 'present'}"
    if 37 not in request.elements:
        assert (37 in got) == own_dates, f"DE 37 {'missing' if own_dates else 'present'}"
    for element in (44, 48, 54, 62, 63):
        assert re.fullmatch(r"[ -~]*", got.get(element, "")), f"DE {element} is not plain ASCII"
    assert all(len(line) <= WIDTH for line in got.get(62, "").split("|")), got.get(62)
    assert re.fullmatch(r"\d{3}", got.get(44, "000")), got


def _may_be_cut_down(request: Message, answer: Answer) -> bool:
    """Whether DE 4 is the covered part: under a 10 of what pays, and in what its advice gets of it."""
    is_redemption = request.elements.get(3, "").startswith(("0090", "0060"))
    return is_redemption and (answer.code == "10" or request.mti[2] == "2")


def _check_tags(answer: Answer) -> None:
    names = list(answer.tags)
    assert names == sorted(names), f"tags do not ascend: {names}"
    for name, values in answer.tags.items():
        assert name in LAYOUTS, f"tag {name} is not one of an answer"
        for value in values:
            assert re.fullmatch(LAYOUTS[name], value), f"tag {name} is {value!r}"
        assert len(values) == 1 or name in {"058", "065"}, f"tag {name} is repeated"


def _check_dates(request: Message, answer: Answer) -> None:
    today = datetime.now(UTC)
    assert answer.element(15) == today.strftime("%m%d"), answer.element(15)
    if 37 not in request.elements:
        rrn = answer.element(37)
        assert RRN.fullmatch(rrn), rrn
        assert rrn[:4] == f"{today.year % 10}{today.timetuple().tm_yday:03d}", rrn


def _check_approval(request: Message, answer: Answer) -> None:
    got = answer.message.elements
    is_twin_of_partial = answer.reason == "PARTIAL" and request.mti[2] == "2"
    assert answer.reason == ("PARTIAL" if answer.code == "10" else "") or is_twin_of_partial, answer.tags
    processing = request.elements.get(3, "")
    is_hold = request.mti[1] == "1" and processing[:2] == "00"
    may_book = is_hold or (request.mti[1] in "23" and processing[:2] not in {"30", "31"})
    if not may_book:
        assert 38 not in got, "DE 38 on what books nothing, or on a REVERSAL"
    if 38 in got:
        assert re.fullmatch(r"[0-9A-Z]{6}", got[38]), got[38]
    if 54 in got:
        of_certificate = r"(6002999(C\d{12})6001999\4)?"
        balances = re.fullmatch(r"9002999([CD]\d{12})9001999(C\d{12})" + of_certificate, got[54])
        assert balances, got[54]
        assert balances[1] == answer.tag("052"), "DE 54's available balance is tag 052"
        assert "053" in answer.tags, answer.tags


def _check_decline(answer: Answer) -> None:
    got = answer.message.elements
    expected = REASONS[answer.code]
    assert answer.reason in expected or answer.code == "57", f"{answer.code} says {answer.reason!r}"
    assert answer.reason, "a decline without 059"
    assert not {38, 54, 63} & set(got), sorted(got)
    balances = {"050", "051", "052", "053", "054", "055", "062", "063", "064"} & set(answer.tags)
    assert not balances, f"a decline with {sorted(balances)}"
    assert "|" not in got.get(62, ""), "a decline has one line for the display"


def check_found_card(answer: Answer) -> None:
    """An approval whose card is found always tells the balances."""
    assert 54 in answer.message.elements, "no DE 54"
    assert {"052", "053"} <= set(answer.tags), sorted(answer.tags)
