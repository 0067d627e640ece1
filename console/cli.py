"""The list of all commands of ``puntual``; each is in another module, which is loaded when it is given."""

import importlib
import importlib.metadata
import io
import os
import sys
from dataclasses import dataclass
from typing import Final

import rich_click as click
from click.exceptions import Exit

from loyalty.errors import LoyaltyError


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the list: where it is (``module:name``) and what it does."""

    place: str
    summary: str

    def load(self) -> click.Command:
        """The command itself."""
        module, name = self.place.split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


CHAPTERS: Final = {
    "Start": {
        "demo": Entry("console.demo:demo", "Live a whole day on this machine, in a temporary folder."),
        "init": Entry("console.folder:init", "Write a deployment that runs as it is."),
        "check": Entry("console.folder:check", "Tell all that is wrong with a deployment."),
        "serve": Entry("console.serve:serve", "Run the switch."),
        "doctor": Entry("console.doctor:doctor", "Tell what on this machine endangers the switch."),
    },
    "Cards and books": {
        "cards": Entry("console.cards:cards", "Import, issue, show, block, replace cards; codes and PINs."),
        "import": Entry("console.balances:import_", "Take in balances that another system kept."),
        "adjust": Entry("console.corrections:adjust", "Give or take points, or write off debt, by hand."),
        "budget": Entry("console.corrections:budget", "Show and load the budgets of campaigns."),
        "days": Entry("console.days:days", "Show, close and open business days."),
        "members": Entry(
            "console.members:members", "Import what rules ask of members, show it, sweep tiers."
        ),
        "ledger": Entry("console.ledger:ledger", "Verify and read the books."),
        "exceptions": Entry("console.ledger:exceptions", "List what a person must look at."),
        "export": Entry("console.export:export", "Run the feed to analytics as a process of its own."),
    },
    "Programme": {
        "rules": Entry("console.rules:rules", "Check, show, explain, activate and roll back the programme."),
        "pause": Entry("console.lifecycle:pause", "Pause a campaign, earning or redeeming, at once."),
        "resume": Entry("console.lifecycle:resume", "Let what was paused count again."),
    },
    "Terminals and messages": {
        "terminal": Entry("console.terminal:terminal", "Be one terminal: a sale, a redemption, a scenario."),
        "load": Entry("console.load:load", "Be many terminals, and measure honestly."),
        "simulate": Entry("console.simulate:simulate", "Live through whole worlds: one seed, one history."),
        "message": Entry("console.message:message", "Explain bytes, masked; guess framing and dialect."),
        "bench": Entry("console.bench:bench", "Measure the parts of the switch beside their peers."),
    },
}
_ENTRIES: Final = {name: entry for chapter in CHAPTERS.values() for name, entry in chapter.items()}


class LazyGroup(click.RichGroup):
    """Knows its commands by name and summary; loads the one that is given."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(_ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (as above)
        entry = _ENTRIES.get(cmd_name)
        return None if entry is None else click.RichCommand(name=cmd_name, help=entry.summary)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, _ENTRIES[name].load() if name else command, rest

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a mistake of its user is told in words, without a traceback."""
        try:
            return super().invoke(ctx)
        except LoyaltyError as error:
            told = str(error)
        except OSError as error:
            if error.filename is None:
                raise
            told = f"{error.filename}: {error.strerror}"
        except KeyboardInterrupt:
            raise Exit(130) from None  # as a shell reports SIGINT
        click.echo(told, err=True)
        raise Exit(2)


_HELP: Final = click.RichHelpConfiguration(
    command_groups={
        "puntual": [{"name": title, "commands": list(chapter)} for title, chapter in CHAPTERS.items()]
    },
)


@click.group(
    cls=LazyGroup, epilog="Example: puntual demo", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.rich_config(help_config=_HELP)
@click.version_option(importlib.metadata.version("puntual"), prog_name="puntual")
def cli() -> None:
    """Puntual: an authorization switch for loyalty, ISO 8583 in, points in a double-entry ledger."""


def main() -> None:
    """The entry point of the command line."""
    for stream in (sys.stdout, sys.stderr):  # what the terminal's own encoding lacks is told as "?"
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    cli.main(prog_name="puntual", obj=give_way)


def give_way() -> None:
    """Let a switch on this machine have the processor first: for commands that read much.

    Not the lowest priority: on a machine with nothing to spare such a command would never end.
    """
    os.nice(10)
