"""Groq's dialect: OpenAI's, with smaller files and lists of a single page.

Shapes: https://console.groq.com/docs/batch and the official SDK, groq 1.7, read in November 2026.
"""

from collections.abc import Mapping
from typing import ClassVar

from distilabel.providers.base import Limits
from distilabel.providers.openai_family.dialect import OpenAI

__all__ = ["Groq"]


class Groq(OpenAI):
    """Groq."""

    name = "groq"
    # The documentation of `batches.create` says 100 MB, other pages 200 MB; the smaller one counts.
    limits = Limits(requests=50_000, size=100_000_000)
    first_page: ClassVar[Mapping[str, str]] = {}
