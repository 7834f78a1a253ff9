"""Platforms' wire dialects: each a set of flows without I/O, with its limits and quirks as data."""
