"""Door for the old import path: the LLMs live in `distilabel.models.llms`."""

from distilabel.models.llms import LLM, AsyncLLM, MixtureOfAgentsLLM, OpenAILLM

__all__ = ["LLM", "AsyncLLM", "MixtureOfAgentsLLM", "OpenAILLM"]
