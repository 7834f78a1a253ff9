"""Typed use of the public API. Nothing here runs: `make types` checks it with mypy and with pyright, both strict.

A line that users must not be able to write has `# type: ignore[...]`. It fails the check as soon as a checker takes the
line for right, because an ignore that ignores nothing is an error here.
"""
