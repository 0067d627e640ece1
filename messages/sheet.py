"""A profile's data: which message asks for what, what it must carry, and how answers are coded.

Every table is a value that a file of ``profiles`` fills; ``problems_of`` says what is wrong with one.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.batch import NET, TOTALS_WIDTHS
from messages.mti import answer_mti
from messages.spec import Content, Dialect
from messages.tags import TagError, read_tags


@dataclass(frozen=True, slots=True)
class Where:
    """A condition of a row beside DE 3: what an element, or a tag in it, begins with.

    Attributes:
        begins: Characters; a dot stands for any. Empty: it only has to be there.
        tag: Of the element, where it holds tags of three digits.
    """

    element: int
    begins: str = ""
    tag: str | None = None

    def holds(self, elements: Mapping[int, str]) -> bool:
        """Whether it is so in *elements*."""
        text = elements.get(self.element)
        if text is not None and self.tag is not None:
            try:
                text = dict(read_tags(text)).get(self.tag)
            except TagError:
                text = None
        start = len(self.begins)
        return text is not None and len(text) >= start and matches(self.begins, text[:start])

    def excludes(self, other: "Where") -> bool:
        """Whether both cannot be so at once."""
        if (self.element, self.tag) != (other.element, other.tag):
            return False
        pairs = zip(self.begins, other.begins, strict=False)
        return any(one != two and "." not in (one, two) for one, two in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the operation table.

    Attributes:
        message_class: Second digit of the MTI.
        functions: Third digits that are allowed.
        processing: Patterns of DE 3; a dot stands for any digit.
        but: Patterns of DE 3 that are some other row's.
        held_for: For HOLD and COMPLETE: EARN or REDEEM.
        names_class: The class of the original that DE 90 must name; such a row goes before others.
        where: What must be so besides; of two rows the one with more conditions goes first.
    """

    operation: Operation
    message_class: str
    functions: str
    processing: tuple[str, ...] = ("......",)
    but: tuple[str, ...] = ()
    names_class: str | None = None
    where: tuple[Where, ...] = ()
    held_for: Operation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What an operation needs of a message.

    Attributes:
        amount: DE 4 is mandatory.
        positive: ... and must be above zero.
        card: A card is mandatory.
        card_or_original: A card is mandatory unless an original is named.
        points_unit: DE 4 may be in points.
        basket_sums: The lines must add up to DE 4.
        lines_positive: No line may be negative.
        names_original: It refers to an earlier transaction.
    """

    amount: bool = False
    positive: bool = False
    card: bool = False
    card_or_original: bool = False
    points_unit: bool = False
    basket_sums: bool = False
    lines_positive: bool = False
    names_original: bool = False


class Form(enum.Enum):
    """How a receipt or balances are written in their element."""

    PLAIN = "plain"  # as docs/terminal-interface.md says
    CARD_ISSUER_DATA = "card-issuer-data"  # a count n2, then IPR, length n2, text for each line
    MESSAGE_SET = "message-set"  # no product restrictions, device 1, length n3, text
    TAG_007 = "tag-007"  # balances: tag 007, length n3, sign, n12, unit code


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """How a message names its original, and how a partial reversal says what stays.

    Attributes:
        original: Element that names it: 90 (1987: MTI, STAN, DE 7, acquirer, forwarder) or 56 (1993: MTI,
            STAN, DE 12, acquirer with its length).
        final_amount: Element whose first n12 are the new final amount; ``None``: it is DE 4.
        partial_function: DE 24 of a reversal whose DE 4 is the new final amount.
    """

    original: int = 90
    final_amount: int | None = 95
    partial_function: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where sub-elements travel.

    Attributes:
        basket: Elements that carry the basket, in order.
        piece_size_max: Characters of each of them.
        second_card: Element and part that hold track 2 of a loyalty card beside the payment card.
        tags_size_max: Characters of the element with the tags.
    """

    tags: int = 48
    tags_size_max: int = 999
    receipt: int = 62
    receipt_size_max: int = 999
    basket: tuple[int, ...] = (63, 120, 121, 122, 123)
    piece_size_max: int = 999
    second_card: tuple[int, str] | None = None
    balances: int = 54
    receipt_form: Form = Form.PLAIN
    balances_form: Form = Form.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All tables of a profile.

    Attributes:
        versions: First digits of the MTI.
        origins: Fourth digits of the MTI.
        echo: Elements that an answer repeats, where they were sent.
        codes: DE 39 of each reason.
        approved: DE 39 without a reason.
        approved_for: ... of operations that have one of their own.
        advice_codes: The only ones that an advice may get; any other becomes that of OWN_FAULT.
        dated_times: DE 12 is ``YYMMDDhhmmss`` (1993), and there is no local date in DE 13.
        settlement_date: DE 15, as ``strftime`` writes it.
        undoing: How originals are named.
        network_element: What a network message is about.
        network_place: Where in it, from and to.
        network_echo: ... and those that answers about the link repeat beside them.
        network_functions: Third digits of network requests.
        network_codes: What DE 70 may say; the reason is that of the refusal.
        network_processing: DE 3 in place of DE 70.
        cut_over: Which of them opens the next business day, from a link that owns it.
    """

    name: str
    versions: str = "0"
    origins: str = "012345"
    rows: tuple[Row, ...]
    needs: Mapping[Operation, Needs]
    echo: tuple[int, ...]
    codes: Mapping[Reason, str] = field(repr=False)
    approved: str = "00"
    approved_for: Mapping[Operation, str] = field(default_factory=dict, repr=False)
    advice_codes: frozenset[str] = frozenset()
    dated_times: bool = False
    settlement_date: str = "%m%d"
    undoing: Undoing = Undoing()
    network_element: int = 70
    network_place: tuple[int, int | None] = (0, None)
    network_echo: tuple[int, ...] = (70,)
    network_functions: str
    network_codes: Mapping[str, Reason | None]
    network_processing: Mapping[str, str]
    cut_over: str = "201"
    layout: Layout = Layout()


def problems_with(sheet: Sheet, dialect: Dialect) -> list[str]:
    """Why *sheet* cannot be spoken in *dialect*: values are used and answers written without a look."""
    problems = [] if dialect.checks_content else [f"{dialect.name} does not check its content"]
    for number, (content, length) in _read(sheet).items():
        field_ = dialect.fields.get(number)
        if field_ is None:
            continue
        if field_.content is not content:
            problems.append(f"DE {number} of {dialect.name} must hold {content.value}")
        if length is not None and (field_.prefix is not None or field_.length != length):
            problems.append(f"DE {number} of {dialect.name} must be {length} long")
    for number, length in _written(sheet).items():
        field_ = dialect.fields.get(number)
        if field_ is None:
            problems.append(f"{dialect.name} has no DE {number}")
            continue
        is_number = number in _NUMBERS and field_.content in (Content.DIGITS, Content.MONTH_DAY, Content.DATE)
        is_signed = number == NET and field_.content is Content.SIGNED
        if not (is_number or is_signed or field_.content is Content.TEXT):
            problems.append(f"DE {number} of {dialect.name} must hold text")
        if field_.length < length or (field_.prefix is None and field_.length != length):
            problems.append(f"DE {number} of {dialect.name} must hold {length} characters")
    return problems


_NUMBERS: Final = frozenset({15, 39, *TOTALS_WIDTHS})  # of the answer


def _read(sheet: Sheet) -> dict[int, tuple[Content, int | None]]:
    """What must stand in the elements that requests are read from, and how long they are."""
    times = {12: (Content.DATED_TIME, 12)} if sheet.dated_times else {12: (Content.TIME, 6)}
    wanted: dict[int, tuple[Content, int | None]] = {
        2: (Content.DIGITS, None),
        3: (Content.DIGITS, 6),
        4: (Content.DIGITS, 12),
        7: (Content.MOMENT, 10),
        11: (Content.DIGITS, 6),
        **times,
        32: (Content.DIGITS, None),
        sheet.undoing.original: (Content.DIGITS, None),
    }
    return wanted if sheet.dated_times else wanted | {13: (Content.MONTH_DAY, 4)}


def _written(sheet: Sheet) -> dict[int, int]:
    """The elements that answers are written to, and how much they must hold."""
    layout = sheet.layout
    return {
        15: 6 if sheet.settlement_date == "%y%m%d" else 4,
        37: 12,
        38: 6,
        39: len(sheet.approved),
        44: 3,
        **TOTALS_WIDTHS,
        layout.tags: layout.tags_size_max,
        layout.receipt: layout.receipt_size_max,
        layout.balances: 40,
        **dict.fromkeys(layout.basket, layout.piece_size_max),
    }


def matches(pattern: str, processing: str) -> bool:
    """Whether *processing* (DE 3) fits *pattern*."""
    return all(wanted in (".", found) for wanted, found in zip(pattern, processing, strict=True))


def row_matches(row: Row, processing: str) -> bool:
    """Whether *processing* (DE 3) is one of *row*'s."""
    return any(matches(pattern, processing) for pattern in row.processing) and not any(
        matches(pattern, processing) for pattern in row.but
    )


def _common(row: Row, other: Row) -> str | None:
    """A value of DE 3 that is both *row*'s and *other*'s."""
    patterns = (*row.processing, *row.but, *other.processing, *other.but)
    # Digits of some pattern, or one that is in none: they tell apart whatever the patterns tell apart.
    choices = [sorted({*(pattern[place] for pattern in patterns), "7"} - {"."}) for place in range(6)]
    for digits in product(*choices):
        processing = "".join(digits)
        if row_matches(row, processing) and row_matches(other, processing):
            return processing
    return None


def _problems_of_rows(rows: tuple[Row, ...]) -> list[str]:
    """Rows that nobody can ask for, and messages that two rows answer to."""
    problems = []
    for at, row in enumerate(rows):
        if (row.held_for is None) == (row.operation in (Operation.HOLD, Operation.COMPLETE)):
            problems.append(f"a row of {row.operation.name} must say what it holds, and no other row")
        if any(answer_mti(f"0{row.message_class}{function}0") is None for function in row.functions):
            problems.append(f"{row.operation.name} is asked for by an answer")
        for other in rows[at + 1 :]:
            if row.message_class != other.message_class or row.names_class != other.names_class:
                continue
            if len(row.where) != len(other.where):
                continue  # the one with more goes first
            if any(one.excludes(two) for one in row.where for two in other.where):
                continue
            if not set(row.functions) & set(other.functions):
                continue
            common = _common(row, other)
            if common is not None:
                names = f"{row.operation.name} and {other.operation.name}"
                problems.append(f"{names} both answer to class {row.message_class} with DE 3 {common}")
    return problems


def problems_of(sheet: Sheet) -> list[str]:
    """What is wrong with *sheet*, in words; empty when it can be used."""
    problems = [f"{reason.name} has no response code" for reason in Reason if reason not in sheet.codes]
    reached = {row.operation for row in sheet.rows} | {Operation.NETWORK}
    problems += [f"no row leads to {operation.name}" for operation in Operation if operation not in reached]
    problems += [
        f"it is not said what {operation.name} needs"
        for operation in Operation
        if operation not in sheet.needs and operation is not Operation.NETWORK
    ]
    problems += _problems_of_rows(sheet.rows)
    needed = {sheet.approved, *sheet.approved_for.values()}
    if sheet.advice_codes and not needed & sheet.advice_codes:
        problems.append("no advice can be accepted")
    if len(set(sheet.echo)) != len(sheet.echo):
        problems.append("an element is echoed twice")
    return problems
