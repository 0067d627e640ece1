"""Receipts (DE 62): what the customer reads of a decision, line by line."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from loyalty.amount import format_minor
from loyalty.decision import Approved, Balance, Declined, Instrument, Reason
from loyalty.terms import Terms
from loyalty.transaction import Operation
from messages.transliterate import to_ascii

LINE_SEPARATOR: Final = "|"
_UNDOING: Final = frozenset({Operation.REFUND, Operation.VOID, Operation.REVERSAL})
_VOWELS: Final = "aeiou"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The texts of one language, in ASCII."""

    earned: str
    taken: str
    used: str
    given_back: str
    worth: str
    discount: str
    left_to_pay: str
    to_hand_out: str
    balance: str
    pending: str
    expire_on: str
    tier: str
    redeemable: str
    held_until: str
    valid_until: str
    coupon: str
    certificate: str
    purse: str
    prize: str
    in_part: str
    declined: dict[Reason, str]
    named: dict[str, str]  # where the name that replaces a reason's own says more


_ENGLISH: Final = _Words(
    earned="Earned",
    taken="Taken back",
    used="Used",
    given_back="Given back",
    worth="Worth",
    discount="Discount",
    left_to_pay="To pay",
    to_hand_out="To hand out",
    balance="Balance",
    pending="Pending",
    expire_on="Expire",
    tier="Level",
    redeemable="You can use",
    held_until="Reserved until (UTC)",
    valid_until="Valid until",
    coupon="Coupon",
    certificate="Certificate",
    purse="Your purse holds",
    prize="Prize",
    in_part="Approved in part",
    declined={
        Reason.PARTIAL: "Approved in part",
        Reason.FORMAT_ERROR: "Message error, call support",
        Reason.MAC_WRONG: "Security error, call support",
        Reason.TERMINAL_UNKNOWN: "Terminal not registered",
        Reason.TERMINAL_BLOCKED: "Terminal blocked",
        Reason.OPERATION_NOT_ALLOWED_HERE: "Not allowed at this terminal",
        Reason.OPERATION_NOT_SUPPORTED: "Function not available",
        Reason.NOT_ALLOWED_NOW: "Not possible any more",
        Reason.ALREADY_REVERSED: "Already cancelled",
        Reason.AMOUNT_NOT_ALLOWED: "Amount not allowed",
        Reason.CURRENCY_NOT_ACCEPTED: "Currency not accepted",
        Reason.BASKET_OUT_OF_BALANCE: "Lines do not add up to the total",
        Reason.ABOVE_ORIGINAL: "More than the original",
        Reason.KEY_CONFLICT: "Number used twice, try again",
        Reason.ORIGINAL_NOT_FOUND: "Original not found",
        Reason.CARD_UNKNOWN: "Card not known",
        Reason.CARD_LOST: "Card reported lost",
        Reason.CARD_STOLEN: "Card reported stolen",
        Reason.CARD_BLOCKED: "Card blocked",
        Reason.CARD_REPLACED: "Card was replaced by another",
        Reason.CARD_EXPIRED: "Card expired",
        Reason.CARD_NOT_ACTIVE: "Card not active yet",
        Reason.PROOF_MISSING_OR_WRONG: "Code missing or wrong",
        Reason.PROOF_TRIES_EXCEEDED: "Too many wrong codes",
        Reason.NOT_PERMITTED: "Not permitted with this card",
        Reason.REDEMPTION_PAUSED: "Points cannot be used for now",
        Reason.TOO_MANY: "Too many times today",
        Reason.ABOVE_LIMIT: "Above the limit",
        Reason.NOT_SUFFICIENT_POINTS: "Not enough points",
        Reason.OUT_OF_BALANCE: "Totals do not agree",
        Reason.TOO_LATE: "No answer in time, try again",
        Reason.STORE_UNAVAILABLE: "Out of service, try again later",
        Reason.OWN_FAULT: "Out of service, try again later",
    },
    named={
        "CERTIFICATE_UNKNOWN": "Certificate not known",
        "CERTIFICATE_USED": "Certificate has been used up",
        "CERTIFICATE_LAPSED": "Certificate has lapsed",
        "PRIZE_UNKNOWN": "Prize not known",
    },
)
_SPANISH: Final = _Words(
    earned="Ganados",
    taken="Descontados",
    used="Usados",
    given_back="Devueltos",
    worth="Valor",
    discount="Descuento",
    left_to_pay="A pagar",
    to_hand_out="A devolver",
    balance="Saldo",
    pending="Pendientes",
    expire_on="Caducan",
    tier="Nivel",
    redeemable="Puede usar",
    held_until="Reservado hasta (UTC)",
    valid_until="Valido hasta",
    coupon="Cupon",
    certificate="Certificado",
    purse="Su monedero tiene",
    prize="Premio",
    in_part="Aprobado en parte",
    declined={
        Reason.PARTIAL: "Aprobado en parte",
        Reason.FORMAT_ERROR: "Error de mensaje, llame a soporte",
        Reason.MAC_WRONG: "Error de seguridad, llame a soporte",
        Reason.TERMINAL_UNKNOWN: "Terminal no registrado",
        Reason.TERMINAL_BLOCKED: "Terminal bloqueado",
        Reason.OPERATION_NOT_ALLOWED_HERE: "No permitido en este terminal",
        Reason.OPERATION_NOT_SUPPORTED: "Funcion no disponible",
        Reason.NOT_ALLOWED_NOW: "Ya no es posible",
        Reason.ALREADY_REVERSED: "Ya fue anulado",
        Reason.AMOUNT_NOT_ALLOWED: "Importe no permitido",
        Reason.CURRENCY_NOT_ACCEPTED: "Moneda no aceptada",
        Reason.BASKET_OUT_OF_BALANCE: "Las lineas no suman el total",
        Reason.ABOVE_ORIGINAL: "Supera la compra original",
        Reason.KEY_CONFLICT: "Numero repetido, intente de nuevo",
        Reason.ORIGINAL_NOT_FOUND: "No se encuentra el original",
        Reason.CARD_UNKNOWN: "Tarjeta desconocida",
        Reason.CARD_LOST: "Tarjeta perdida",
        Reason.CARD_STOLEN: "Tarjeta robada",
        Reason.CARD_BLOCKED: "Tarjeta bloqueada",
        Reason.CARD_REPLACED: "Tarjeta reemplazada por otra",
        Reason.CARD_EXPIRED: "Tarjeta caducada",
        Reason.CARD_NOT_ACTIVE: "Tarjeta no activada",
        Reason.PROOF_MISSING_OR_WRONG: "Falta el codigo o es incorrecto",
        Reason.PROOF_TRIES_EXCEEDED: "Demasiados codigos incorrectos",
        Reason.NOT_PERMITTED: "No permitido con esta tarjeta",
        Reason.REDEMPTION_PAUSED: "Ahora no se pueden usar puntos",
        Reason.TOO_MANY: "Demasiadas veces hoy",
        Reason.ABOVE_LIMIT: "Supera el limite",
        Reason.NOT_SUFFICIENT_POINTS: "Puntos insuficientes",
        Reason.OUT_OF_BALANCE: "Los totales no coinciden",
        Reason.TOO_LATE: "Sin respuesta a tiempo, repita",
        Reason.STORE_UNAVAILABLE: "Fuera de servicio, intente luego",
        Reason.OWN_FAULT: "Fuera de servicio, intente luego",
    },
    named={
        "CERTIFICATE_UNKNOWN": "Certificado desconocido",
        "CERTIFICATE_USED": "Certificado ya usado",
        "CERTIFICATE_LAPSED": "Certificado caducado",
        "PRIZE_UNKNOWN": "Premio desconocido",
    },
)
_LANGUAGES: Final = {"en": _ENGLISH, "es": _SPANISH}


def _words(language: str | None, terms: Terms) -> _Words:
    return _LANGUAGES.get(language or "") or _LANGUAGES.get(terms.language, _ENGLISH)


def decline_text(declined: Declined, terms: Terms, width: int) -> str:
    """One line for the till's display."""
    words = _words(declined.language, terms)
    return (words.named.get(declined.name or "") or words.declined[declined.reason])[:width]


def receipt(approved: Approved, operation: Operation | None, terms: Terms, width: int, size_max: int) -> str:
    """Lines of at most *width* characters, joined by ``|``; the last ones are left out past *size_max*."""
    balance = approved.balance
    words = _words(balance.language if balance else None, terms)
    undoing = operation in _UNDOING
    rows: _Rows = []
    _add_points(rows, approved, undoing, words, terms)
    _add_money(rows, approved, undoing, words, terms)
    if balance is not None:
        _add_balance(rows, balance, words, terms)
    if approved.redeemable or approved.hold_until or approved.instruments or approved.near_miss:
        _add_promises(rows, approved, words, terms)
    rows += [(text, "") for text in approved.messages]
    # Lines without a value:
    if not (approved.partial or approved.near_miss or approved.instruments or approved.messages):
        text = LINE_SEPARATOR.join(
            [f"{label.ljust(width - 1 - len(value))} {value}" for label, value in rows]
        )
        if _is_plain(text, len(rows), width) and len(text) <= size_max:
            return text
    return _joined([_line(label, value, width) for label, value in rows], size_max)


_Rows = list[tuple[str, str]]


def _is_plain(text: str, lines: int, width: int) -> bool:
    """Whether *text* needs no line cut and no character changed, as nearly all receipts.

    Lines with a value are as wide as the receipt unless their label must give way.
    """
    return (
        len(text) == lines * (width + 1) - 1
        and text.isascii()
        and text.isprintable()
        and text.count(LINE_SEPARATOR) == lines - 1
    )


def _add_points(rows: _Rows, approved: Approved, undoing: bool, words: _Words, terms: Terms) -> None:  # noqa: FBT001  (private)
    if approved.partial:
        rows.append((words.in_part, ""))
    if approved.earned:
        label = words.taken if approved.earned < 0 else words.earned
        rows.append((label, _points(abs(approved.earned), terms)))
    if approved.used:
        rows.append((words.given_back if undoing else words.used, _points(abs(approved.used), terms)))
    if approved.value_minor:
        rows.append((words.worth, format_minor(abs(approved.value_minor), terms.currency)))


def _add_money(rows: _Rows, approved: Approved, undoing: bool, words: _Words, terms: Terms) -> None:  # noqa: FBT001  (private)
    for discount in approved.discounts:
        rows.append((discount.text, "-" + format_minor(discount.amount_minor, terms.currency)))
    if approved.discount_minor and not approved.discounts:
        rows.append((words.discount, "-" + format_minor(approved.discount_minor, terms.currency)))
    if approved.left_to_pay_minor is not None:
        label = words.to_hand_out if undoing else words.left_to_pay
        rows.append((label, format_minor(approved.left_to_pay_minor, terms.currency)))


def _add_balance(rows: _Rows, balance: Balance, words: _Words, terms: Terms) -> None:
    rows.append((words.balance, _points(balance.available - balance.debt, terms)))
    if balance.pending:
        rows.append((words.pending, _points(balance.pending, terms)))
    if balance.expires_on is not None and balance.expires_points:
        rows.append((f"{words.expire_on} {_day(balance.expires_on)}", _points(balance.expires_points, terms)))
    if balance.tier:
        rows.append((words.tier, balance.tier))


def _add_promises(rows: _Rows, approved: Approved, words: _Words, terms: Terms) -> None:
    if approved.redeemable is not None:
        rows.append((words.redeemable, _points(approved.redeemable[0], terms)))
    if approved.hold_until is not None:
        rows.append((words.held_until, f"{approved.hold_until:%Y-%m-%d %H:%M}"))
    for instrument in approved.instruments:
        rows.append(_named(instrument, words, terms))
        rows.append((instrument.code, ""))  # alone: all of it is needed, on narrow paper too
        if instrument.last_day != date.max:  # of a purse
            rows.append((words.valid_until, _day(instrument.last_day)))
    if approved.near_miss:
        rows.append((approved.near_miss, ""))


def _named(instrument: Instrument, words: _Words, terms: Terms) -> tuple[str, str]:
    """What it is, and what can be paid with it."""
    worth = format_minor(instrument.value, terms.currency)
    match instrument.kind:
        case "CERT":
            return (words.purse if instrument.last_day == date.max else words.certificate), worth
        case "COUP":
            return words.coupon, worth if instrument.value else ""
        case _:
            return words.prize, ""


def _points(points: int, terms: Terms) -> str:
    unit = terms.unit
    if abs(points) != 1:
        is_regular = terms.language != "es" or unit[-1:].lower() in _VOWELS
        unit += "s" if is_regular else "es"
    return f"{points} {unit}"


def _day(day: date) -> str:
    return day.isoformat()


def _line(label: str, value: str, width: int) -> str:
    """*label* to the left, *value* to the right; the label gives way."""
    label, value = to_ascii(label), to_ascii(value)[:width]
    room = width - len(value) - 1 if value else width
    return f"{label[: max(0, room)]:<{width - len(value)}}{value}".rstrip().replace(LINE_SEPARATOR, "/")


def _joined(lines: list[str], size_max: int) -> str:
    while lines and sum(map(len, lines)) + len(lines) - 1 > size_max:
        lines.pop()
    return LINE_SEPARATOR.join(lines)
