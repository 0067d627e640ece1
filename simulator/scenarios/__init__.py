"""Scenarios that come with the simulator. Each says at its top what it needs of the switch."""
