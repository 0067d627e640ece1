"""The data elements: what people call them, and which of them must not be shown.

The names are those of ISO 8583:1987; a dialect may rename an element that it uses otherwise.
"""

import enum
from typing import Final


class Secrecy(enum.Enum):
    """How an element is shown to people."""

    PLAIN = "plain"
    LAST4 = "last4"  # card and account numbers
    HIDDEN = "hidden"  # tracks, PIN blocks, chip data
    TAGS = "tags"  # sub-elements, some of them hidden


SECRECY: Final = {
    2: Secrecy.LAST4,
    34: Secrecy.LAST4,
    35: Secrecy.HIDDEN,
    36: Secrecy.HIDDEN,
    45: Secrecy.HIDDEN,
    48: Secrecy.TAGS,
    52: Secrecy.HIDDEN,
    53: Secrecy.HIDDEN,
    55: Secrecy.HIDDEN,
    102: Secrecy.LAST4,
    103: Secrecy.LAST4,
}

NAMES: Final = {
    2: "Primary account number",
    3: "Processing code",
    4: "Amount, transaction",
    5: "Amount, settlement",
    6: "Amount, cardholder billing",
    7: "Transmission date and time",
    8: "Amount, cardholder billing fee",
    9: "Conversion rate, settlement",
    10: "Conversion rate, cardholder billing",
    11: "System trace audit number",
    12: "Time, local transaction",
    13: "Date, local transaction",
    14: "Date, expiration",
    15: "Date, settlement",
    16: "Date, conversion",
    17: "Date, capture",
    18: "Merchant type",
    19: "Acquiring institution country code",
    20: "Primary account number country code",
    21: "Forwarding institution country code",
    22: "Point of service entry mode",
    23: "Card sequence number",
    24: "Network international identifier",
    25: "Point of service condition code",
    26: "Point of service PIN capture code",
    27: "Authorization identification response length",
    28: "Amount, transaction fee",
    29: "Amount, settlement fee",
    30: "Amount, transaction processing fee",
    31: "Amount, settlement processing fee",
    32: "Acquiring institution identification code",
    33: "Forwarding institution identification code",
    34: "Primary account number, extended",
    35: "Track 2 data",
    36: "Track 3 data",
    37: "Retrieval reference number",
    38: "Authorization identification response",
    39: "Response code",
    40: "Service restriction code",
    41: "Card acceptor terminal identification",
    42: "Card acceptor identification code",
    43: "Card acceptor name and location",
    44: "Additional response data",
    45: "Track 1 data",
    46: "Additional data, ISO",
    47: "Additional data, national",
    48: "Additional data, private",
    49: "Currency code, transaction",
    50: "Currency code, settlement",
    51: "Currency code, cardholder billing",
    52: "Personal identification number data",
    53: "Security related control information",
    54: "Additional amounts",
    55: "Integrated circuit card data",
    56: "Reserved, ISO",
    57: "Reserved, national",
    58: "Reserved, national",
    59: "Reserved, national",
    60: "Reserved, private",
    61: "Reserved, private",
    62: "Reserved, private",
    63: "Reserved, private",
    64: "Message authentication code",
    65: "Bitmap, extended",
    66: "Settlement code",
    67: "Extended payment code",
    68: "Receiving institution country code",
    69: "Settlement institution country code",
    70: "Network management information code",
    71: "Message number",
    72: "Message number, last",
    73: "Date, action",
    74: "Credits, number",
    75: "Credits, reversal number",
    76: "Debits, number",
    77: "Debits, reversal number",
    78: "Transfers, number",
    79: "Transfers, reversal number",
    80: "Inquiries, number",
    81: "Authorizations, number",
    82: "Credits, processing fee amount",
    83: "Credits, transaction fee amount",
    84: "Debits, processing fee amount",
    85: "Debits, transaction fee amount",
    86: "Credits, amount",
    87: "Credits, reversal amount",
    88: "Debits, amount",
    89: "Debits, reversal amount",
    90: "Original data elements",
    91: "File update code",
    92: "File security code",
    93: "Response indicator",
    94: "Service indicator",
    95: "Replacement amounts",
    96: "Message security code",
    97: "Amount, net settlement",
    98: "Payee",
    99: "Settlement institution identification code",
    100: "Receiving institution identification code",
    101: "File name",
    102: "Account identification 1",
    103: "Account identification 2",
    104: "Transaction description",
    128: "Message authentication code",
} | {
    number: "Reserved, ISO" if number < 112 else "Reserved, national" if number < 120 else "Reserved, private"
    for number in range(105, 128)
}  # fmt: skip


def mask(element: int, value: str) -> str:
    """*value* as it may be shown; tags are masked where they are taken apart."""
    match SECRECY.get(element, Secrecy.PLAIN):
        case Secrecy.PLAIN:
            return value
        case Secrecy.LAST4:
            return last4(value)
        case Secrecy.HIDDEN | Secrecy.TAGS:
            return f"({len(value)} characters)"


def last4(value: str) -> str:
    """The last four characters of *value*, the rest as stars; nothing of a short one."""
    return "*" * (len(value) - 4) + value[-4:] if len(value) > 8 else "*" * len(value)
