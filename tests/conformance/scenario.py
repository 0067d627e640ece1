"""A few words for stories of one or several cards, run against the switch over a socket.

A line is ``verb card amount word… -> code fact…``; ``-`` stands for no card or no amount. Cards are
letters and get a fresh active card each; ``?`` is a card that nobody has. Words:

====================  ==============================================================================
``as=NAME``           keep the message and its answer under a name
``of=NAME``           name the original, by DE 90 unless ``by=013``, ``by=37`` or ``by=38`` says otherwise
``zero=PART,…``       these parts of DE 90 are zeros (mti, stan, time, acquirer)
``key=NAME``          use that message's terminal, DE 11, 7, 12 and 13
``at=TERMINAL``       another terminal than T0000001
``mti=MTI`` ``pc=…``  another MTI, another DE 3
``final=AMOUNT``      DE 95
``lines=BASKET``      DE 63 in the notation of ``baskets``; the amount ``=`` is its sum
``to=CARD``           tag 012: the card that receives
``cert=NAME``         tag 021: the certificate in the answer to that message
``NNN=VALUE``         a tag of DE 48
``deN=VALUE``         an element, ``deN=-`` leaves it out
====================  ==============================================================================

Verbs are the operations; ``later`` before a verb only builds the message; ``send NAME`` sends it, ``again
NAME`` sends a copy with the line's changes. Facts: ``earned`` (050, signed), ``used`` (051), ``value`` (063),
``owed`` (062), ``balance`` (052), ``pending`` (053), ``reason`` (059), ``redeemable`` (064 as points/value),
``gets`` (058: kind and value), ``left`` (DE 54, account type 60), ``ledger`` (the second balance of DE 54),
``deN`` (``*`` present, ``-`` absent), and ``same=NAME``, the same bytes as that answer.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.conformance import baskets
from tests.conformance.answers import APPROVED, check_answer, check_found_card
from tests.conformance.cards import UNKNOWN
from tests.conformance.till import Answer, Link, Message, Till, original, replacement

FIGURES = {"earned": "050", "used": "051", "value": "063", "owed": "062", "balance": "052", "pending": "053"}
HOME = "T0000001"


@dataclass(slots=True, kw_only=True)
class Told:
    """A message that a story has named."""

    message: Message
    till: Till
    card: str | None
    answer: Answer | None = None


@dataclass(slots=True)
class Story:
    """The state of one story: its cards and the messages that it named."""

    link: Link
    cards: Iterator[str]
    stans: Iterator[int]
    card_of: dict[str, str] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)

    def check(self, text: str) -> None:
        """Run every line of *text*; the first wrong answer fails with the line and both messages."""
        for line in filter(None, (raw.split("#")[0].strip() for raw in text.splitlines())):
            request, _, expected = line.partition("->")
            self._run(line, request.split(), expected.split())

    def card(self, letter: str) -> str | None:
        """The number behind a letter; ``-`` is none."""
        if letter == "-":
            return None
        if letter == "?":
            return UNKNOWN
        if letter not in self.card_of:
            self.card_of[letter] = next(self.cards)
        return self.card_of[letter]

    def _run(self, line: str, words: list[str], expected: list[str]) -> None:
        is_later = words[0] == "later"
        verb, *rest = words[1:] if is_later else words
        options = [(key, value) for key, _, value in (word.partition("=") for word in rest if "=" in word)]
        plain = [word for word in rest if "=" not in word or word == "="]
        options = [(key, value) for key, value in options if key]
        if verb in {"send", "again"}:
            known = self.told[plain[0]]
            changed = self._changed(known.message, options)
            told = known if verb == "send" else Told(message=changed, till=known.till, card=known.card)
            told.message = changed
        else:
            told = self._new(verb, plain[0], plain[1] if len(plain) > 1 else "-", options)
        named = dict(options).get("as")
        if named is not None:
            self.told[named] = told
        if is_later:
            return
        told.answer = self.link.ask(told.message)
        try:
            self._check_line(told, expected)
        except AssertionError as error:
            sent, got = told.message, told.answer
            raise AssertionError(f"{line}\n  {error}\n  sent {sent}\n  got {got.message}") from error

    def _new(self, verb: str, letter: str, amount: str, options: list[tuple[str, str]]) -> Told:
        named = dict(options)
        key = self.told[named["key"]] if "key" in named else None
        till = key.till if key else Till(named.get("at", HOME), self.stans)
        card = self.card(letter)
        lines = baskets.elements(named["lines"]) if "lines" in named else {}
        if amount == "=":
            minor: int | None = baskets.total(baskets.parse(named["lines"]))
        else:
            minor = None if amount == "-" else int(amount)
        of = self.told[named["of"]] if "of" in named else None
        if verb == "reverse" and of is not None:  # DE 3 as original
            lines[3] = of.message.elements[3]
        if of is not None:
            options = [*options, *_reference(of, named)]
        if "to" in named:
            options = [*options, ("012", self.card(named["to"]) or "")]
        if "cert" in named:
            answer = self.told[named["cert"]].answer
            assert answer is not None
            options = [*options, ("021", answer.tag("058")[24:])]
        values = [(word, value) for word, value in options if len(word) == 3 and word.isdecimal()]
        message = till.message(verb, card=card, amount=minor, values=values, elements=lines)
        if key is not None:
            message = message.but({n: key.message.elements.get(n) for n in (7, 11, 12, 13)})
        return Told(message=self._changed(message, options), till=till, card=card)

    def _changed(self, message: Message, options: list[tuple[str, str]]) -> Message:
        changes: dict[int, str | None] = {}
        mti = None
        for word, value in options:
            if word == "mti":
                mti = value
            elif word == "pc":
                changes[3] = value
            elif word == "final":
                changes[95] = replacement(int(value))
            elif word.startswith("de") and word[2:].isdecimal():
                changes[int(word[2:])] = None if value == "-" else value
            elif word == "card":
                changes[2] = self.card(value)
        return message.but(changes, mti=mti)

    def _check_line(self, told: Told, expected: list[str]) -> None:
        answer = told.answer
        assert answer is not None
        check_answer(told.message, answer)
        assert answer.code == expected[0], f"DE 39 is {answer.code} {answer.reason}, expected {expected[0]}"
        is_request = told.message.mti[1] in "12" and told.message.mti[2] == "0"
        if answer.code in APPROVED and told.card in self.card_of.values() and is_request:
            check_found_card(answer)
        for fact in expected[1:]:
            name, _, value = fact.partition("=")
            self._check_fact(answer, name, value)

    def _check_fact(self, answer: Answer, name: str, value: str) -> None:
        if name == "same":
            other = self.told[value].answer
            assert other is not None
            assert answer.raw == other.raw, f"not the bytes of {value}: {other.message}"
        elif name.startswith("de"):
            got = answer.message.elements.get(int(name[2:]), "-")
            assert got == value or (value == "*" and got != "-"), f"{name} is {got!r}, expected {value!r}"
        else:
            got = _FACTS[name](answer)
            assert got == value.lstrip("+"), f"{name} is {got}, expected {value}"


def _reference(of: Told, named: Mapping[str, str]) -> list[tuple[str, str]]:
    by = named.get("by", "90")
    if by == "90":
        zero = tuple(filter(None, named.get("zero", "").split(",")))
        return [("de90", original(of.message, zero=zero))]
    assert of.answer is not None
    if by == "38":
        return [("de38", of.answer.element(38))]
    rrn = of.answer.element(37)
    return [("013", rrn)] if by == "013" else [("de37", rrn)]


def _redeemable(answer: Answer) -> str:
    text = answer.tag("064") or "0" * 24
    return f"{int(text[:12])}/{int(text[12:])}"


def _figure(tag: str) -> Callable[[Answer], str]:
    return lambda answer: str(answer.figure(tag))


_FACTS: Mapping[str, Callable[[Answer], str]] = {
    **{name: _figure(tag) for name, tag in FIGURES.items()},
    "reason": lambda answer: answer.reason,
    "ledger": lambda answer: str(int(answer.element(54)[28:])),
    "redeemable": _redeemable,
    "gets": lambda answer: answer.tag("058")[:16],
    "left": lambda answer: str(int(answer.element(54)[48:60] or 0)),
}
