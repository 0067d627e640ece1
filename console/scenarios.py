"""``puntual terminal run``: scenarios, and how they went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rich_click as click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.options import print_json
from console.till import DECLINED_EXIT_CODE, TillOptions, till_options
from loyalty.clock import SystemClock
from simulator.client import HostLink
from simulator.memory import Memory, Remembered
from simulator.scenario import Check, Played, Scenario, play
from simulator.scenario_file import load_scenario
from simulator.terminal import Terminal
from simulator.till import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """How a scenario went: the steps that were played, as far as answers came."""

    name: str
    scenario: Scenario
    steps: Sequence[Played]

    @property
    def holds(self) -> bool:
        return len(self.steps) == len(self.scenario.steps) and all(step.holds for step in self.steps)


@click.command(epilog="Example: puntual terminal run till lost-answers --set card=6390120000000019")
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a variable another value.")
@till_options
@click.pass_context
def run(ctx: click.Context, *, options: TillOptions, scenarios: Sequence[str], given: Sequence[str]) -> None:
    """Play scenario files, or shipped ones by name, and compare every answer with what is expected.

    Shipped are lost-answers, refusals and till. Exit code 1 when something is not as expected.
    """
    variables = dict(_pair(text) for text in given)
    loaded = {name: load_scenario(name, variables) for name in scenarios}
    memory = Memory(options.memory)
    remembered = memory.load()
    till = Till(options.identity, SystemClock(), stan=remembered.stan)
    with HostLink(Terminal(till), options.address, timeout_s=options.timeout_s) as link:
        runs = [
            _Run(name=name, scenario=scenario, steps=list(play(scenario, till, link.exchange)))
            for name, scenario in loaded.items()
        ]
    memory.save(Remembered(till.stan, remembered.kept))
    if options.as_json:
        print_json([_as_json(run) for run in runs])
    else:
        console = Console()
        for each in runs:
            console.print(_table(each, verbose=not options.quiet))
    if not all(each.holds for each in runs):
        ctx.exit(DECLINED_EXIT_CODE)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    return name, value


def _table(run: _Run, *, verbose: bool) -> Table:
    verdict = (
        Text("as expected", style="bold green") if run.holds else Text("not as expected", style="bold red")
    )
    table = Table(
        title=Text.assemble((f"{run.name}: ", "bold"), run.scenario.title, "  ", verdict),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("step")
    table.add_column("answer")
    table.add_column("expectations", overflow="fold")
    table.add_column("")
    for played in run.steps:
        mark = Text("pass", style="green") if played.holds else Text("fail", style="bold red")
        code = "none" if played.answer is None else played.answer.code
        about = played.step.about or played.step.name
        told = (
            Text(played.trouble, style="red")
            if played.trouble
            else _expectations(played.checks, verbose=verbose)
        )
        table.add_row(Text(about), Text(code), told, mark)
    for step in run.scenario.steps[len(run.steps) :]:
        table.add_row(Text(step.about or step.name), "", "", Text("not played", style="yellow"))
    return table


def _expectations(checks: Sequence[Check], *, verbose: bool) -> Text:
    """The failed ones in full, the others by their number and what was wanted of them."""
    text = Text()
    for check in checks:
        if not check.holds:
            found = "is not there" if check.found is None else f"is {check.found}"
            text.append(f"{check.key} {found}, not {check.expected}\n", style="red")
    held = [check for check in checks if check.holds]
    if verbose:
        text.append(", ".join(f"{check.key} {check.expected}" for check in held), style="dim")
    else:
        text.append(f"{len(held)} hold", style="dim")
    return text


def _as_json(run: _Run) -> dict[str, Any]:
    return {
        "scenario": run.name,
        "as_expected": run.holds,
        "steps": [
            {
                "name": played.step.name,
                "about": played.step.about,
                "as_expected": played.holds,
                "code": None if played.answer is None else played.answer.code,
                "trouble": played.trouble or None,
                "failed": [
                    {"element": check.key, "expected": check.expected, "found": check.found}
                    for check in played.checks
                    if not check.holds
                ],
            }
            for played in run.steps
        ],
        "not_played": len(run.scenario.steps) - len(run.steps),
    }
