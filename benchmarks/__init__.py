"""Benchmarks: each prints our figure beside a reference of the same run, never alone."""
