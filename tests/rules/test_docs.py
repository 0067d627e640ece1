"""What the page for authors shows must load."""

import re
from pathlib import Path

from rules.conditions import AMOUNT_ATTRIBUTES, FREE_TRAITS, TEXT_ATTRIBUTES, TRAIT_VALUES
from rules.conditionset import HAS_ALL, WRITTEN_SETS
from rules.effectset import EFFECTS
from rules.holdings import BALANCE, EXPIRING
from rules.parse import MAIN, parse_programme
from rules.programme import Programme

PAGE = (Path(__file__).parents[2] / "docs" / "programme.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```toml{kind}\n(.*?)```", PAGE, re.DOTALL)


def whole_page() -> Programme:
    """The programme, with all rules and the campaigns of the page."""
    (main,) = blocks("")
    campaigns = blocks(" campaign")
    rules = blocks(" rules")
    (qualification,) = blocks(" qualification")
    assert len(re.findall("```toml", PAGE)) == 2 + len(rules) + len(campaigns)
    main += "".join(rules) + qualification
    files = {f"campaigns/{number}.toml": campaign for number, campaign in enumerate(campaigns)}
    return parse_programme({MAIN: main} | files)


def test_every_block_of_the_page_loads() -> None:
    made = whole_page()
    assert (len(made.campaigns), len(made.rules)) == (3, 47)


def test_the_page_knows_every_word() -> None:
    """An attribute or effect that nobody can read about is of no use."""
    for word in (
        *TEXT_ATTRIBUTES,
        *WRITTEN_SETS,
        *TRAIT_VALUES,
        *FREE_TRAITS,
        *HAS_ALL,
        *AMOUNT_ATTRIBUTES,
        BALANCE,
        EXPIRING,
        *EFFECTS,
    ):
        assert f"`{word}`" in PAGE, word
