"""A message: its type and its elements as text, as a dialect read them or will write them."""

from dataclasses import dataclass, field

from messages.errors import MessageError


@dataclass(slots=True, eq=False)
class Message:
    """A message. Nobody changes one after it was made; it is not frozen because that costs time.

    Attributes:
        mti: Four digits.
        elements: Text by number. Binary elements are upper-case hexadecimal, packed digits plain digits.
        header: What the framing found before the message; its answer is made from it.
        faults: What is wrong with it, in the order of the wire; such elements are not in *elements*.
        is_cut: Reading stopped at the last fault, so that elements behind it are unknown.
    """

    mti: str
    elements: dict[int, str]
    header: bytes = b""
    faults: tuple[MessageError, ...] = field(default=())
    is_cut: bool = False

    def lost(self, number: int) -> bool:
        """Whether element *number* cannot be read although it was sent, or may have been."""
        if number in self.elements or not self.faults:
            return False
        if self.is_cut and number > self.faults[-1].element:
            return True
        return any(fault.element == number for fault in self.faults)

    def __repr__(self) -> str:
        numbers = " ".join(map(str, sorted(self.elements)))
        return f"Message({self.mti}: {numbers})"
