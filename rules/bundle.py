"""Several programmes of one switch: that of the deployment, and those of the folders ``programmes/*``.

They are read, checked and put into force together, under one version. What could meet in the books or on the
wire (card numbers, ids, the currency and the business day) is held apart or in common here.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final

from loyalty.errors import LoyaltyError
from rules.effects import GiveAway
from rules.names import PRODUCTS
from rules.programme import Programme
from rules.reading import NAME, ProgrammeError
from rules.text import Text

MAIN: Final = "programme.toml"
FOLDER: Final = "programmes"


def sources_of(path: Path, prefix: str, problems: list[LoyaltyError]) -> dict[str, str]:
    """The files of the programme *path*, by their names with *prefix* before them."""
    sources = {f"{prefix}{MAIN}": _read(path, f"{prefix}{path.name}", problems)}
    for campaign in sorted(path.parent.glob("campaigns/*.toml")):
        name = f"{prefix}campaigns/{campaign.name}"
        sources[name] = _read(campaign, name, problems)
    products = path.parent / PRODUCTS
    if products.is_file():
        sources[f"{prefix}{PRODUCTS}"] = _read(products, f"{prefix}{PRODUCTS}", problems)
    return sources


def _read(path: Path, where: str, problems: list[LoyaltyError]) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors write a mark of the byte order
    except OSError as error:
        problems.append(ProgrammeError(f"cannot be read: {error.strerror}", where=where))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 at byte {error.start}, in line {line}"
        problems.append(ProgrammeError(what, where=where, hint="save it as UTF-8"))
    return ""


def split(sources: Mapping[str, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The files of the deployment's own programme, and by folder those of the others."""
    own: dict[str, str] = {}
    others: dict[str, dict[str, str]] = {}
    for name, text in sources.items():
        if name.startswith(f"{FOLDER}/"):
            _, folder, file = name.split("/", 2)
            others.setdefault(folder, {})[file] = text
        else:
            own[name] = text
    return own, others


def located(problems: list[LoyaltyError], folder: str) -> Iterator[LoyaltyError]:
    """*problems* of the programme in *folder*, each with its place in the deployment."""
    for problem in problems:
        where = f"{FOLDER}/{folder}/{problem.where}" if folder else problem.where
        yield ProgrammeError(problem.what, where=where, hint=problem.hint)


def conflicts(own: Programme, others: Mapping[str, Programme]) -> Iterator[LoyaltyError]:
    """What the programmes of one switch may not have in common, or have to."""
    made = {"": own, **others}
    for at, (folder, programme) in enumerate(made.items()):
        if folder and not NAME.fullmatch(folder):
            yield _problem(folder, f"{folder} is no name", "", "use letters, digits, _ . and -")
        yield from _differences(folder, programme, own)
        for other in list(made)[:at]:
            yield from _overlaps(folder, programme, other, made[other])
    yield from _twins(made)


def _differences(folder: str, programme: Programme, own: Programme) -> Iterator[LoyaltyError]:
    for key, its, common in (
        ("currency", programme.terms.currency, own.terms.currency),
        ("unit_code", programme.terms.unit_code, own.terms.unit_code),
        ("time_zone", str(programme.terms.zone), str(own.terms.zone)),
        ("day_starts", str(programme.day_starts), str(own.day_starts)),
    ):
        if its != common:
            hint = "a till closes one batch, in one currency and on one business day, for all programmes"
            what = f"is {its}, and {common} in the deployment's own programme"
            yield _problem(folder, what, f"programme.{key}", hint)


def _overlaps(folder: str, programme: Programme, other: str, theirs: Programme) -> Iterator[LoyaltyError]:
    for one, two in product(programme.card_ranges, theirs.card_ranges):
        if len(one.first) == len(two.first) and one.first <= two.last and two.first <= one.last:
            what = f"{one.first} to {one.last} overlaps a range of {_called(other)}"
            yield _problem(folder, what, "cards", "let each number belong to one programme")


def _twins(made: Mapping[str, Programme]) -> Iterator[LoyaltyError]:
    seen: dict[tuple[str, str], str] = {}
    for folder, programme in made.items():
        for kind, name in _ids(programme):
            other = seen.setdefault((kind, name), folder)
            if other != folder:
                yield _problem(folder, f"{name} stands in {_called(other)} too", kind, "give each its own")


def _problem(folder: str, what: str, key: str, hint: str) -> LoyaltyError:
    file = f"{FOLDER}/{folder}/{MAIN}" if folder else MAIN
    return ProgrammeError(what, where=f"{file}: {key}" if key else file, hint=hint)


def joined(own: Programme, others: Mapping[str, Programme]) -> Programme:
    """*own* with *others*, which nobody has seen yet, under the version of all their texts."""
    told: dict[str, Any] = json.loads(own.text)
    told[FOLDER] = {folder: json.loads(programme.text) for folder, programme in others.items()}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    version = hashlib.sha256(text.encode("ascii")).hexdigest()[: len(own.version)]
    for folder, programme in others.items():
        _set(programme, id=folder, version=version, source=Text())
    _set(own, version=version, source=Text.of(text), parts=tuple(others[folder] for folder in sorted(others)))
    return own


def _set(programme: Programme, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(programme, name, value)


def _called(folder: str) -> str:
    return f"the programme {folder}" if folder else "the deployment's own programme"


def _ids(programme: Programme) -> Iterator[tuple[str, str]]:
    """What is counted, or has an account, under its name alone."""
    for rule in programme.rules:
        yield "rule", rule.id
        if isinstance(rule.effect, GiveAway):
            yield "pool", rule.effect.pool.id
    for campaign in programme.campaigns:
        yield "campaign", campaign.id
    for partner in programme.partners:
        yield "partner", partner.id
    for coupon in programme.coupons.values():
        yield "coupon", coupon.id
        for code in coupon.codes:
            yield "coupon.codes", code


def refuse_other_currency(current: Programme, candidate: Programme) -> None:
    """What is in two currencies cannot be held against each other.

    Raises:
        LoyaltyError: *candidate* has another than *current*.
    """
    theirs, own = candidate.terms.currency, current.terms.currency
    if theirs != own:
        what = f"is {theirs}, and sales were in {own}: their amounts would mean something else"
        raise LoyaltyError(what, where="programme.currency", hint=f'write currency = "{own}"')
