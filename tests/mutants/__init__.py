"""Builds of the product that are broken on purpose, each in one place: the proofs must notice every one."""
