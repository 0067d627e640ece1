"""A black-box suite: the real product as a process, against a client of its own.

Nothing here imports the switch. The client is written from ``docs/terminal-interface.md`` and pyiso8583's
bundled ``default_ascii`` only, so that the two can disagree.
"""
