"""Datasets made with LLMs: an independent implementation of the distilabel API."""

from distilabel.plainly import install

__version__ = "2.0.0.dev0"

install()
del install
