"""Datasets made with LLMs: an independent implementation of the distilabel API."""

from distilabel import doors, plainly

__version__ = "2.0.0.dev0"

plainly.install()
doors.install()
