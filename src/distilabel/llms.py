"""Door for the old import path: the LLMs live in `distilabel.models.llms`."""

from distilabel.models.llms import LLM, AsyncLLM, OpenAILLM

__all__ = ["LLM", "AsyncLLM", "OpenAILLM"]

__path__: list[str] = []
"""So that modules below the old path are looked for; see `distilabel.doors`."""
