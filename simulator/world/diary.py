"""What each till sent and was told: all that the auditor may know of the outside."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from simulator.message import Answer
from simulator.wire import Elements, read_body

TRANSIENT: Final = frozenset({"91", "96"})  # nothing was booked, and the same message may come again


class Key(NamedTuple):
    """What makes messages the same one: terminal, class, DE 11, DE 13 and 12."""

    terminal_id: str
    message_class: str
    stan: str
    local: str

    @classmethod
    def of(cls, elements: Elements) -> "Key":
        """That of a message or of its answer."""
        digit = elements["t"][1]
        return cls(
            elements.get("41", "").rstrip(),
            "2" if digit == "3" else digit,
            elements.get("11", ""),
            elements.get("13", "") + elements.get("12", ""),
        )


@dataclass(slots=True)
class Page:
    """One message, however often it was sent, and whatever was answered to it."""

    sent: list[Elements] = field(default_factory=list)
    told: list[tuple[bytes, Answer]] = field(default_factory=list)

    @property
    def final(self) -> list[tuple[bytes, Answer]]:
        """Answers that stand for ever."""
        return [(body, answer) for body, answer in self.told if answer.code not in TRANSIENT]


class Diary:
    """The pages of all tills, in the order in which they were begun."""

    def __init__(self) -> None:
        self.pages: dict[Key, Page] = {}

    def sent(self, frame: bytes) -> Elements:
        """A till sends *frame*."""
        elements = read_body(frame[2:])
        self.pages.setdefault(Key.of(elements), Page()).sent.append(elements)
        return elements

    def told(self, frame: bytes) -> Answer:
        """A till is told *frame*."""
        answer = Answer(read_body(frame[2:]))
        page = self.pages.get(Key.of(answer.elements))
        assert page is not None, "an answer that nobody asked for"
        page.told.append((frame, answer))
        return answer
