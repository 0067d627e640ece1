"""A programme on a terminal of any width, and as a page."""

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from console.outline import page, print_listings
from rules.outline import Listing
from tests.console.commands import puntual

ROWS = (
    ("bonus\nfirst (best)", "pharmacy-medicine-" * 3, "when [bold]it[/bold] rains & <pours>", "[/nothing]"),
    ("base", "b", "", 'a "quoted" word'),
)
LISTINGS = [
    Listing("Terms & more", (), (("earns", "1 for each 1.00 " * 20),)),
    Listing("Rules", ("lane", "rule", "when", "gives"), ROWS),
]
KNOWN = "meta html head title style body h1 h2 p table thead tbody tr th td".split()  # noqa: SIM905  (words)


class Reading(HTMLParser):
    """The cells of a page; every element must end where it should."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[list[str]] = []
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in KNOWN, attrs
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["title"]:
            self.title += data
        if self.open[-1:] in (["td"], ["th"]):
            self.cells[-1][-1] += data


def read(text: str) -> Reading:
    reading = Reading()
    reading.feed(text)
    reading.close()
    assert reading.open == []
    return reading


def test_a_page_says_what_it_was_given() -> None:
    """Whatever characters there are: nothing an author writes can become a part of the page."""
    reading = read(page("A <b>shop</b>", LISTINGS, "Beside it: <i>"))
    assert reading.title == "A <b>shop</b>"
    assert reading.cells == [
        ["earns", "1 for each 1.00 " * 20],
        ["lane", "rule", "when", "gives"],
        *map(list, ROWS),
    ]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_is_cut_on_a_terminal(width: int) -> None:
    """Long names are folded, and brackets are not taken for markup."""
    file = io.StringIO()
    print_listings("Shop [x]", LISTINGS, Console(file=file, width=width))
    text = file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert text.startswith("Shop [x]\n")
    inside = "".join(text.split("Rules")[1].split())
    for word in ("[bold]it[/bold]", "[/nothing]", "<pours>"):
        assert word in inside.replace("│", "") or width == 40
    folded = "".join(line.split("│")[2].strip() for line in text.splitlines() if line.count("│") == 5)
    assert "pharmacy-medicine-" * 3 in folded


def test_show_names_what_stands_beside(tmp_path: Path) -> None:
    """Each programme of a deployment is a page of its own, and says that there are others."""
    puntual("init", tmp_path / "shop")
    config = tmp_path / "shop" / "puntual.toml"
    main = (tmp_path / "shop" / "programme.toml").read_text()
    folder = tmp_path / "shop" / "programmes" / "cafe"
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text(main.replace("639012", "639013").replace("Starter", "Cafe [1]"))
    assert puntual("rules", "show", "--config", config).output.endswith(
        "Beside it stand: cafe (--programme)\n"
    )
    told = puntual("rules", "show", "--programme", "cafe", "--config", config).output
    assert told.startswith("Cafe [1], version ")
    assert "Beside it" not in told
    assert puntual("rules", "show", "--html", tmp_path / "p.html", "--config", config).output == ""
    assert "Beside it stand: cafe" in (tmp_path / "p.html").read_text("utf-8")
    read((tmp_path / "p.html").read_text("utf-8"))
