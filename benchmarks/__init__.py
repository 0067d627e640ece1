"""Measures the parts of Puntual beside peers that do the same work."""
