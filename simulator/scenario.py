"""Scenarios: requests and what their answers shall hold, element by element. They are TOML files.

::

    title = "A sale and its repeat"
    [variables]
    card = "6390120000000019"               # $card; another value: --set card=…

    [[step]]
    name = "sale"                           # later steps name it: $sale.37, $sale.original
    about = "A sale of 25.00"
    request = { mti = "0200", 2 = "$card", 3 = "000000", 4 = "000000002500", 48 = { 023 = "A1" } }
    expect = { 39 = "00", 4 = "@echoed", 38 = "@present", 44 = "@absent", 48 = { 050 = "C000000000025" } }

    [[step]]
    about = "The same again"
    again = "sale"                          # the message as it was sent; request changes it
    request = { mti = "0201" }
    expect = { 37 = "$sale.37" }

DE 7, 11, 12, 13 and 41 are filled in; ``"@absent"`` in a request leaves one out. DE 48 is a table of tags,
DE 63 a list of lines ``[product, quantity, unit, amount, category, flags]`` or text. What is expected is a
text, which must be equal, or one of ``@echoed``, ``@present``, ``@absent``, ``@any``. ``$name.N`` is element
N of that step's answer, ``$name.48.050`` a tag of it, ``$name.sent.N`` an element of its request, and
``$name.original`` its DE 90; ``$$`` is ``$``.
"""

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from loyalty.errors import LoyaltyError
from simulator.mask import masked_element, masked_tag
from simulator.message import Answer, Request
from simulator.private import read_tags, write_tags
from simulator.terminal import Answered, Result
from simulator.till import Till
from simulator.wire import WireError

ABSENT: Final = "@absent"
MARKS: Final = ("@echoed", "@present", ABSENT, "@any")


class FilledText(string.Template):
    """Text with ``$card`` and ``$sale.37``."""

    idpattern = r"[a-z][a-z0-9_]*(?:\.[a-z0-9]+)*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request and what its answer shall hold. Keys are ``t``, element numbers and ``48.tag``."""

    name: str
    about: str
    again: str | None
    request: Mapping[str, str]
    expect: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A file of steps."""

    title: str
    variables: Mapping[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation; both texts may be shown. *found* is ``None`` when the element is not there."""

    key: str
    expected: str
    found: str | None
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A step that was played. Without an *answer* nothing holds, and *trouble* says why there is none."""

    step: Step
    answer: Answer | None
    checks: tuple[Check, ...] = ()
    trouble: str = ""

    @property
    def holds(self) -> bool:
        return self.answer is not None and all(check.holds for check in self.checks)


def play(scenario: Scenario, till: Till, exchange: Callable[[Request], Result]) -> Iterator[Played]:
    """Play *scenario* as *till*, step by step, as far as answers come."""
    known = dict(scenario.variables)
    requests: dict[str, Request] = {}
    for step in scenario.steps:
        try:
            request = _request(step, till, requests, known)
            requests[step.name] = request
            sent = _flat(request.elements)
            known |= {f"{step.name}.sent.{key}": text for key, text in sent.items()}
            known[f"{step.name}.original"] = request.original
            result = exchange(request)
            if not isinstance(result, Answered):
                yield Played(step=step, answer=None, trouble="no answer came")
                return
            found = _flat(result.answer.elements)
            known |= {f"{step.name}.{key}": text for key, text in found.items()}
            wanted = {key: _filled(text, known) for key, text in step.expect.items()}
        except LoyaltyError as error:
            yield Played(step=step, answer=None, trouble=error.what)
            return
        checks = tuple(_check(key, text, sent.get(key), found.get(key)) for key, text in wanted.items())
        yield Played(step=step, answer=result.answer, checks=checks)


def _request(step: Step, till: Till, requests: Mapping[str, Request], known: Mapping[str, str]) -> Request:
    wanted = {key: _filled(text, known) for key, text in step.request.items()}
    if step.again is not None:
        base = requests[step.again]
        flat = _flat(base.elements) | wanted
    else:
        base = till.plain(wanted["t"], {})
        flat = dict(base.elements) | wanted
    flat = {key: text for key, text in flat.items() if text != ABSENT}
    tags = [
        (key[3:], value) for key, text in flat.items() if key.startswith("48.") for value in text.split("\n")
    ]
    elements = {key: text for key, text in flat.items() if "." not in key}
    if tags:
        elements["48"] = write_tags(sorted(tags, key=lambda tag: tag[0]))
    return replace(base, elements=elements)


def _filled(text: str, known: Mapping[str, str]) -> str:
    try:
        return FilledText(text).substitute(known)
    except KeyError as error:
        name = error.args[0]
        raise LoyaltyError(
            f"the answer had no ${name}", where=name, hint="expect it to be @present there"
        ) from error


def _check(key: str, expected: str, sent: str | None, found: str | None) -> Check:
    match expected:
        case "@any":
            holds = True
        case "@absent":
            holds = found is None
        case "@present":
            holds = found is not None
        case "@echoed":
            holds = found is not None and found == sent
        case _:
            holds = found == expected
    shown = expected if expected in MARKS else _masked(key, expected)
    return Check(key, shown, None if found is None else _masked(key, found), holds)


def _masked(key: str, text: str) -> str:
    element, _, tag = key.partition(".")
    if not tag:
        return masked_element(element, text)
    return ", ".join(masked_tag(tag, value) for value in text.split("\n"))


def _flat(elements: Mapping[str, str]) -> dict[str, str]:
    """*elements* with each tag of DE 48 as ``48.tag``; values of a repeated one are joined by line ends."""
    flat = {key: text for key, text in elements.items() if key != "48"}
    if "48" not in elements:
        return flat
    try:
        tags = read_tags(elements["48"])
    except WireError:
        return dict(elements)  # the raw text can be expected as it is
    for tag, value in tags:
        key = f"48.{tag}"
        flat[key] = f"{flat[key]}\n{value}" if key in flat else value
    return flat
