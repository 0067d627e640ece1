"""What the page for authors shows must load."""

import re
from pathlib import Path

from rules.conditions import AMOUNT_ATTRIBUTES, SET_ATTRIBUTES, TEXT_ATTRIBUTES
from rules.effectset import EFFECTS
from rules.parse import MAIN, parse_programme

PAGE = (Path(__file__).parents[2] / "docs" / "programme.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```toml{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_of_the_page_loads() -> None:
    """The programme, with all rules and the campaign of the page."""
    (main,) = blocks("")
    (campaign,) = blocks(" campaign")
    rules = blocks(" rules")
    (qualification,) = blocks(" qualification")
    assert len(re.findall("```toml", PAGE)) == 3 + len(rules)
    main += "".join(rules) + qualification
    made = parse_programme({MAIN: main, "campaigns/summer.toml": campaign})
    assert len(made.rules) == 23


def test_the_page_knows_every_word() -> None:
    """An attribute or effect that nobody can read about is of no use."""
    for word in (*TEXT_ATTRIBUTES, *SET_ATTRIBUTES, *AMOUNT_ATTRIBUTES, *EFFECTS):
        assert f"`{word}`" in PAGE, word
