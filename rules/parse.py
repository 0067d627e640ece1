"""Makes a ``Programme`` of TOML: ``programme.toml`` and the ``campaigns/*.toml`` beside it.

All problems are told at once. The canonical text is JSON with sorted keys of everything the files say,
comments and layout apart; it is kept with the decisions, and ``restore_programme`` makes the same programme
of it again.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from loyalty.card import CardRange
from loyalty.clock import zone_named
from loyalty.errors import LoyaltyError, Problems
from loyalty.terms import Terms
from rules.bundle import FOLDER, MAIN, conflicts, joined, located, sources_of, split
from rules.caps import read_caps
from rules.clashes import refuse_clashes, refuse_twins
from rules.couponset import read_coupons, settle_coupons
from rules.earnset import read_earning
from rules.experimentset import HOLDOUT_MAX_BP
from rules.goalset import read_goals
from rules.instruments import read_certificates, read_family, read_partners, read_prizes
from rules.mcc import read_families
from rules.names import PRODUCTS, Names, read_calendars, read_day_parts, read_products
from rules.namesets import read_sets
from rules.programme import (
    HOLD_KEPT,
    PointsBack,
    Programme,
    RefundPolicy,
    Shortfall,
    Validity,
    WithoutOriginal,
)
from rules.reading import NAME, Inexact, ProgrammeError, Section, did_you_mean
from rules.redemptionset import read_redemption
from rules.restraint import read_restraint
from rules.ruleset import read_campaign, read_groups, read_rules
from rules.span import Span, SpanUnit
from rules.stockset import read_pools, read_stamp_cards
from rules.text import Text
from rules.tierset import read_qualification

__all__ = ["LANGUAGES", "MAIN", "load_programme", "parse_programme", "restore_programme", "version_of"]

LANGUAGES: Final = ("en", "es")
VERSION_DIGITS: Final = 12
_CURRENCY: Final = re.compile(r"[0-9]{3}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{8,19}", re.ASCII)  # ISO/IEC 7812-1: at most 19
_AT_ONCE: Final = Span(0, SpanUnit.DAYS)


def load_programme(path: Path, *, is_restored: bool = False) -> Programme:
    """The programme of the file *path* and of ``campaigns/*.toml`` beside it, with those of ``programmes/*``.

    One that *is_restored* was in force once: what is only refused today is taken as it was then.

    Raises:
        Problems: All that is wrong, with file, key and hint.
    """
    problems: list[LoyaltyError] = []
    sources = sources_of(path, "", problems)
    for folder in sorted(each for each in path.parent.glob(f"{FOLDER}/*") if each.is_dir()):
        sources |= sources_of(folder / MAIN, f"{FOLDER}/{folder.name}/", problems)
    if problems:
        raise Problems(problems, where=str(path))
    return parse_programme(sources, is_restored=is_restored)


def parse_programme(sources: Mapping[str, str], *, is_restored: bool = False) -> Programme:
    """The programme of these texts by file name; ``programme.toml`` must be among them.

    Raises:
        Problems: All that is wrong.
    """
    own, others = split(sources)
    problems: list[LoyaltyError] = []
    documents = _documents(own, problems)
    parts: dict[str, dict[str, Any]] = {}
    for folder, texts in others.items():
        wrong: list[LoyaltyError] = []
        parts[folder] = _documents(texts, wrong)
        problems += located(wrong, folder)
    if problems:
        raise Problems(problems, where=MAIN)
    return _bundle(documents, parts, is_restored=is_restored)


def _documents(sources: Mapping[str, str], problems: list[LoyaltyError]) -> dict[str, Any]:
    documents: dict[str, Any] = {}
    for name, text in sources.items():
        if name == PRODUCTS:
            documents[name] = text
            continue
        try:
            documents[name] = tomllib.loads(text, parse_float=Inexact)
        except tomllib.TOMLDecodeError as error:
            problems.append(ProgrammeError(f"is not TOML: {error}", where=name))
        except (ValueError, RecursionError):
            hint = "look for numbers of thousands of digits, and brackets inside brackets"
            problems.append(ProgrammeError("is not TOML that can be read", where=name, hint=hint))
    return documents


def restore_programme(text: str) -> Programme:
    """The programme whose canonical text is *text*, version and all."""
    documents = json.loads(text)
    parts = documents.pop(FOLDER, {})
    programme = _bundle(documents, parts, is_restored=True)  # what is refused today was not always
    assert programme.text == text
    return programme


def version_of(text: str) -> str:
    """The version of the programme with the canonical *text*: the beginning of its SHA-256."""
    return hashlib.sha256(text.encode("ascii", "replace")).hexdigest()[:VERSION_DIGITS]


def _canonical(documents: Mapping[str, Any]) -> str:
    def plain(value: object) -> str:
        assert isinstance(value, (date, datetime, time))  # all that TOML has and JSON has not
        return value.isoformat()

    return json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=plain)


def _bundle(
    documents: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]], *, is_restored: bool = False
) -> Programme:
    """The deployment's own programme with those of its folders, if there are any."""
    if not parts:
        return _programme(documents, is_restored=is_restored)
    problems: list[LoyaltyError] = []
    made: dict[str, Programme] = {}
    for folder, its in {"": documents, **parts}.items():
        try:
            made[folder] = _programme(its, folder, is_restored=is_restored)
        except Problems as error:
            problems += located(list(error.problems), folder)
    if not problems:
        own = made.pop("")
        problems += () if is_restored else conflicts(own, made)
    if problems:
        raise Problems(problems, where=MAIN)
    return joined(own, made)


def _programme(documents: Mapping[str, Any], folder: str = "", *, is_restored: bool = False) -> Programme:
    problems: list[LoyaltyError] = []
    main = Section(documents[MAIN], MAIN, problems, is_restored=is_restored)
    head = main.section("programme") or _missing(main, "programme")
    name = head.text("name")
    terms, day_starts = _read_terms(head)
    tiers, activates = _read_tiers(head), _read_activation(head)
    holdout_bp = head.whole("holdout_bp", 0, high=HOLDOUT_MAX_BP)
    head.close()
    main.currency = terms.currency
    names = _read_names(main, tiers, documents.get(PRODUCTS), terms)
    cards = _read_cards(main)
    earning = read_earning(main.section("earn") or _missing(main, "earn"))
    validity = _read_validity(main.section("points") or _missing(main, "points"))
    redemption = read_redemption(main.section("redemption") or _missing(main, "redemption"), names)
    refund = _read_refund(main.section("refund") or _missing(main, "refund"))
    holds = main.section("holds")
    hold_kept = HOLD_KEPT if holds is None else _read_hold_kept(holds)
    certificates = read_certificates(main, redemption)
    prizes = read_prizes(main, tiers)
    partners, family = read_partners(main), read_family(main)
    groups = read_groups(main)
    qualification = read_qualification(main, tiers)
    restraint, goals = read_restraint(main), read_goals(main, names)
    names.asks_costs |= qualification is not None and qualification.metric == "profit"
    limits = read_caps(main, f"programme:{folder}" if folder else "programme", redemption.value)
    rules = read_rules(main, None, names, groups, redemption)
    found = read_coupons(main, None)
    main.close()
    campaigns = []
    for file in sorted(documents):
        if file in (MAIN, PRODUCTS):
            continue
        section = Section(documents[file], file, problems, terms.currency, is_restored=is_restored)
        campaign = read_campaign(section, names, redemption.value)
        campaigns.append(campaign)
        rules += read_rules(section, campaign, names, groups, redemption)
        found += read_coupons(section, campaign)
        section.close()
    refuse_twins([(each.id, "campaign") for each in campaigns], MAIN, problems)
    refuse_twins([(rule.id, "rule") for rule, _ in rules], MAIN, problems)
    refuse_clashes(rules, certificates)
    counting = {campaign.id for campaign in campaigns if campaign.counts} | {""}
    coupons = settle_coupons(found, rules, counting)
    if problems:
        raise Problems(problems, where=MAIN)
    kept = names.kept(costs=names.asks_costs)
    told = {file: document for file, document in documents.items() if file != PRODUCTS}
    text = _canonical(told | {PRODUCTS: kept} if kept else told)
    return Programme(
        version=version_of(text),
        source=Text.of(text),
        name=name,
        terms=terms,
        day_starts=day_starts,
        card_ranges=cards,
        base=earning.base,
        validity=validity,
        redemption=redemption,
        refund=refund,
        hold_kept=hold_kept,
        certificates=certificates,
        prizes=prizes,
        partners=partners,
        family=family,
        tiers=tiers,
        activates=activates,
        groups=groups,
        limits=limits,
        campaigns=tuple(campaigns),
        coupons=coupons,
        rules=sorted((rule for rule, _ in rules if rule.campaign in counting), key=lambda rule: rule.order),
        holdout_bp=holdout_bp,
        restraint=restraint,
        goals=goals,
        near_miss_within_minor=earning.near_miss_within_minor,
        near_miss_tiers=earning.near_miss_tiers,
        qualification=qualification,
        declared=names.declared(),
        categories=names.categories(),
        costs={row[0]: row[4] for row in names.products or ()} if names.asks_costs else {},
    )


def _read_names(main: Section, tiers: tuple[str, ...], products: object, terms: Terms) -> Names:
    names = Names(
        tiers,
        read_calendars(main),
        read_day_parts(main),
        read_products(products, main),
        read_stamp_cards(main),
        read_pools(main),
        (terms.currency, terms.unit_code),
    )
    read_families(main, names)
    read_sets(main, names)
    return names


def _missing(main: Section, key: str) -> Section:
    main.wrong("is missing", key, f"begin a table with [{key}]")
    return Section({}, main.at(key), [])  # what it lacks is told once


def _read_terms(head: Section) -> tuple[Terms, time]:
    currency = head.text("currency", pattern=_CURRENCY)
    zone_name = head.text("time_zone")
    zone = zone_named("UTC")
    try:
        zone = zone_named(zone_name or "UTC")
    except (KeyError, ValueError, OSError):  # what zoneinfo raises for names that are no zones
        head.wrong(f"{zone_name} is not a zone", "time_zone", did_you_mean(zone_name, available_timezones()))
    day_starts = head.clock("day_starts") if "day_starts" in head else 0
    seconds = (day_starts or 0) % 86_400
    terms = Terms(
        currency=currency,
        unit_code=head.text("unit_code", "999", _CURRENCY),
        unit=head.text("unit"),
        zone=zone,
        language=head.choice("language", {each: each for each in LANGUAGES}),
    )
    return terms, time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _read_tiers(head: Section) -> tuple[str, ...]:
    tiers = head.take("tiers")
    if tiers is None or tiers == []:
        return ()
    if not isinstance(tiers, list):
        head.wrong("is not a list", "tiers", 'write ["silver", "gold"], from the lowest to the highest')
        return ()
    for name in sorted(head.names("tiers")):
        if not NAME.fullmatch(name):
            head.wrong(f"holds {name!r}", "tiers", "use letters, digits, _ . and -")
    return tuple(each for each in tiers if isinstance(each, str))


def _read_activation(head: Section) -> bool:
    """Whether the first purchase activates a card."""
    choices = {"by_command": False, "first_purchase": True}
    return head.choice("activation", choices) if "activation" in head else False


def _read_cards(main: Section) -> tuple[CardRange, ...]:
    ranges: list[CardRange] = []
    sections = main.sections("cards")
    if not sections:
        main.wrong("is missing", "cards", "name one range of card numbers at least: [[cards]]")
    for section in sections:
        first, last = section.text("first", pattern=_DIGITS), section.text("last", pattern=_DIGITS)
        luhn = section.choice("check", {"luhn": True, "none": False})
        section.close()
        if len(first) != len(last) or first > last:
            section.wrong("ends before it begins, or its ends differ in length", "last")
        for other in ranges:
            if len(other.first) == len(first) and first <= other.last and other.first <= last:
                section.wrong("overlaps another range", hint="let each number belong to one range")
        ranges.append(CardRange(first, last, luhn))
    return tuple(ranges)


def _read_validity(section: Section) -> Validity:
    last = None
    if section.take("last") != "for ever":
        last = section.span("last")
        if last.count == 0:
            section.wrong("must be a day at least", "last", 'write "2 years", or "for ever"')
    wait = section.span("available_after", _AT_ONCE)
    end_of_month = section.flag("end_of_month", default=False)
    section.close()
    some_day = date(2024, 1, 1)
    if last is not None and wait.after(some_day) > last.after(some_day):
        section.wrong("is later than the last day of the points", "available_after")
    return Validity(wait, last, end_of_month)


def _read_refund(section: Section) -> RefundPolicy:
    policy = RefundPolicy(
        points_back=section.choice("points_back", {each.value: each for each in PointsBack}),
        without_original=section.choice("without_original", {each.value: each for each in WithoutOriginal}),
        shortfall=section.choice("shortfall", {each.value: each for each in Shortfall}),
        grace=section.span("grace") if "grace" in section else None,
    )
    section.close()
    return policy


def _read_hold_kept(section: Section) -> timedelta:
    kept = section.duration("kept", HOLD_KEPT)
    section.close()
    return kept
