"""Datasets made with LLMs: an independent implementation of the distilabel API."""

__version__ = "2.0.0.dev0"
