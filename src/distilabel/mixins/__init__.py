"""Doors for old import paths."""
