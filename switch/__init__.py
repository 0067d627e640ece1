"""The switch: the only place where the pillars meet."""
