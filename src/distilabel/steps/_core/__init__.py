"""Internals of all steps."""
