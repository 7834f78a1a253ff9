"""Models: large language models, asked online or by offline batch."""

from distilabel.models.llms import LLM, AsyncLLM, MixtureOfAgentsLLM, OpenAILLM

__all__ = ["LLM", "AsyncLLM", "MixtureOfAgentsLLM", "OpenAILLM"]
