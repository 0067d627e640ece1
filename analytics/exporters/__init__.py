"""Ways to bring records to somebody, one module each."""
