"""The project's benchmarks: each measures a part beside a peer that does the same work, in the same run."""

import importlib
import importlib.util
import inspect
from typing import Final

import rich_click as click

BENCHMARKS: Final = {
    "activation": "How long answers wait while a programme is put into force.",
    "authorize": "Durable decisions a second through the whole switch.",
    "codec": "Messages decoded and encoded a second.",
    "delivery": "How long answers of a running switch wait beside the delivery of a programme.",
    "ledger": "Durable transactions a second through the store, by size of batch.",
    "million": "The books' tools, starts and answers after a million transactions.",
    "programme": "What many rules cost a transaction, through the whole switch.",
    "rules": "Sales rated a second, by the number of rules.",
}


class BenchGroup(click.RichGroup):
    """Makes a command of a benchmark's ``run``: its numbers are the options."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return [name for name in BENCHMARKS if importlib.util.find_spec(f"benchmarks.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        run = importlib.import_module(f"benchmarks.{cmd_name}").run
        options = [
            click.Option([f"--{name}"], type=type(number.default), default=number.default, show_default=True)
            for name, number in inspect.signature(run).parameters.items()
        ]
        return click.RichCommand(
            name=cmd_name,
            callback=run,
            params=list(options),
            help=BENCHMARKS[cmd_name],
            epilog=f"Example: puntual bench {cmd_name}",
        )


@click.group(cls=BenchGroup, epilog="Example: puntual bench authorize")
def bench() -> None:
    """Measure the parts of the switch, each beside a peer that does the same work."""
