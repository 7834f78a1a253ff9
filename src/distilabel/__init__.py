"""Datasets made with LLMs: an independent implementation of the distilabel API."""

from typing import TYPE_CHECKING

from distilabel._compat import old_imports
from distilabel._lazy import attach

__version__ = "2.0.0.dev0"

old_imports.install()
if not TYPE_CHECKING:
    __getattr__, __dir__ = attach(__name__, {})
