"""``python -m console`` is ``puntual``: the switch starts its exporter so, whatever the shell's path is."""

from console.cli import main

main()
