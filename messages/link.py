"""One connection's conversation, without the connection: bytes in, events out, answers made to send.

What concerns the link alone is answered here at once: keep-alives, network messages, broken formats. The
rest becomes events for the switch. Answers stay in the order of their requests when the caller sends
``AnswerReady`` and the answers to the other events in the order in which it got them.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from loyalty.card import IdentifierKind
from loyalty.decision import Reason
from loyalty.transaction import Proof, Transaction
from messages.codec import Codec
from messages.errors import Kind, MessageError, WireError
from messages.framing import FrameReader, Framing
from messages.hints import hint_for
from messages.keys import MacKey, PinKey
from messages.message import Message
from messages.mti import answer_mti
from messages.profile import Profile
from messages.reading import FormatFault, Refused, Unanswerable
from messages.seal import MAC_ELEMENTS, is_sealed, sealed
from messages.security import SecurityError

_PIN: Final = 52
_CODE: Final = 39  # all that an accepted network message is answered
_ADVICE: Final = "2"  # third digit

__all__ = ["AnswerReady", "CutOver", "Event", "Link", "LinkFailed", "Refused", "TransactionReceived"]


@dataclass(frozen=True, slots=True)
class TransactionReceived:
    """A transaction to decide; *message* is what its answer is made from."""

    message: Message
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class CutOver:
    """A link that owns the business day opens the next one; *elements* are the answer's own."""

    message: Message
    elements: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class AnswerReady:
    """A frame to send as it is."""

    data: bytes


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """The connection must end, after what came before was answered."""

    error: WireError


Event = TransactionReceived | Refused | CutOver | AnswerReady | LinkFailed


class Link:
    """A conversation with one peer.

    With *mac_key* every message has to carry a MAC, and gets one back. With *pin_key* DE 52 is a PIN of the
    loyalty card; without one it is thrown away unread. With *owns_day* its cut-over messages open the next
    business day.

    Raises:
        Problems: The profile cannot read the dialect.

    Attributes:
        profile: May be replaced between two calls, when terms or register change.
    """

    def __init__(
        self,
        *,
        framing: Framing,
        codec: Codec,
        profile: Profile,
        frame_size_max: int,
        mac_key: MacKey | None = None,
        owns_day: bool = False,
        pin_key: PinKey | None = None,
    ) -> None:
        if profile.name not in codec.suits:
            profile.check(codec.dialect)
            codec.suits.add(profile.name)
        self._framing = framing
        self._mac_key = mac_key
        self._owns_day = owns_day
        self._pin_key = pin_key
        self._codec = codec
        self._frames = FrameReader(framing, frame_size_max)
        self._failed = False
        self.profile = profile

    @property
    def frame_started(self) -> bool:
        """The beginning of a frame is here, its end is not."""
        return self._frames.frame_started

    def receive_data(self, data: bytes, received_at: datetime) -> list[Event]:
        """Take in *data* and return what it completes, in order; never raises.

        After ``LinkFailed`` the link is dead: whatever it is given, it returns nothing.
        """
        events: list[Event] = []
        if self._failed:
            return events
        for header, frame in self._frames.receive_data(data):
            event = self._event(frame, header, received_at) if frame else AnswerReady(header)
            if event is not None:
                events.append(event)
                if type(event) is LinkFailed:
                    self._failed = True
                    return events
        if self._frames.failed is not None:
            self._failed = True
            events.append(LinkFailed(self._frames.failed))
        return events

    def answer(self, request: Message, elements: Mapping[int, str]) -> bytes:
        """The frame that answers *request*: echoes and *elements*, which are the answer's own.

        DE 37 of the request goes before that of *elements*.
        """
        mti = answer_mti(request.mti)
        assert mti is not None
        asked = request.elements
        told = {number: asked[number] for number in self.profile.echo_of(request) if number in asked}
        rrn = told.get(37)
        told.update(elements)
        if rrn is not None:
            told[37] = rrn
        sheet = self.profile.sheet
        if request.mti[2] == _ADVICE and sheet.advice_codes and told.get(39) not in sheet.advice_codes:
            # Whoever tells what has happened is told to tell it again.
            told[39] = sheet.codes[Reason.OWN_FAULT]
        try:
            data = self._codec.encode(mti, told)
            if self._mac_key is not None and not asked.keys().isdisjoint(MAC_ELEMENTS):
                with suppress(SecurityError):  # whoever named no key of his could check no MAC
                    data = sealed(self._codec, mti, told, self._mac_key, asked)
        except WireError as error:
            raise AssertionError(f"the answer to a {request.mti} cannot be written: {error}") from error
        return self._framing.wrap(data, request.header)

    def _event(self, frame: bytes, header: bytes, received_at: datetime) -> Event | None:
        try:
            message = self._codec.examine(frame, header)
        except MessageError as error:
            error.hint = hint_for(frame)
            return LinkFailed(error)
        if answer_mti(message.mti) is None:
            return None  # an answer: answering it could go on for ever
        pin_block = message.elements.pop(_PIN) if _PIN in message.elements else None
        is_genuine = self._mac_key is None or is_sealed(self._codec, frame, message, self._mac_key)
        if self.profile.is_network(message):
            return self._network_event(message, is_genuine=is_genuine)
        reading = self.profile.read(message, received_at, self._codec.dialect)
        match reading:
            case FormatFault(element):
                return AnswerReady(self.answer(message, self.profile.refusal(Reason.FORMAT_ERROR, element)))
            case Unanswerable(element):
                return LinkFailed(_unanswerable(message, element))
            case _ if not is_genuine:
                return Refused(message, Reason.MAC_WRONG)
            case Transaction():
                if pin_block is not None and self._pin_key is not None:
                    reading.proof = self._proof(message, reading, self._pin_key, pin_block)
                return TransactionReceived(message, reading)
            case Refused():
                return reading

    def _proof(self, message: Message, asked: Transaction, key: PinKey, block: str) -> Proof:
        """What the customer shows, with what the PIN in *block* is recognised by in place of it."""
        named = asked.identifier
        card = named.value if named is not None and named.kind is IdentifierKind.CARD else None
        code = None if asked.proof is None else asked.proof.code
        return Proof(code=code, pin_value=key.value_of(block, card, message.elements))

    def _network_event(self, message: Message, *, is_genuine: bool) -> Event:
        elements = self.profile.answer_network(message, owns_day=self._owns_day)
        if elements is None:
            return LinkFailed(_unanswerable(message, 11))
        if not is_genuine and 44 not in elements:  # what is wrong with the format goes first
            elements = self.profile.refusal(Reason.MAC_WRONG)
        elif self._owns_day and elements.keys() == {_CODE} and self.profile.is_cut_over(message):
            return CutOver(message, elements)
        return AnswerReady(self.answer(message, elements))


def _unanswerable(message: Message, element: int) -> WireError:
    """Why *message* cannot even be refused."""
    for fault in message.faults:
        if fault.element == element:
            return fault
    if message.is_cut:
        return message.faults[-1]
    return MessageError("it is missing", kind=Kind.MISSING, element=element, hint="send it in every message")
