"""Terminals, traffic and scenarios: the switch seen from the other side of the wire."""
