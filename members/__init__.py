"""Cards, members and their identifiers: who stands behind a number."""
