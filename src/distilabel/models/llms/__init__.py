"""Large language models: one class a platform, one base for a user's own."""

from distilabel.models.llms.base import LLM, AsyncLLM
from distilabel.models.llms.mixture import MixtureOfAgentsLLM
from distilabel.models.llms.openai import OpenAILLM

__all__ = ["LLM", "AsyncLLM", "MixtureOfAgentsLLM", "OpenAILLM"]
