"""Large language models: one class a platform, one base for a user's own; each is loaded when it is first named."""

from typing import TYPE_CHECKING

from distilabel.lazily import loaded_by_name

if TYPE_CHECKING:
    from distilabel.models.llms.anthropic import AnthropicLLM
    from distilabel.models.llms.base import LLM, AsyncLLM
    from distilabel.models.llms.gemini import GeminiLLM
    from distilabel.models.llms.mixture import MixtureOfAgentsLLM
    from distilabel.models.llms.openai import OpenAILLM
    from distilabel.models.llms.vertex import VertexAILLM

__all__ = [
    "LLM",
    "AnthropicLLM",
    "AsyncLLM",
    "GeminiLLM",
    "MixtureOfAgentsLLM",
    "OpenAILLM",
    "VertexAILLM",
]

_PLACES = {
    "AnthropicLLM": "distilabel.models.llms.anthropic",
    "AsyncLLM": "distilabel.models.llms.base",
    "GeminiLLM": "distilabel.models.llms.gemini",
    "LLM": "distilabel.models.llms.base",
    "MixtureOfAgentsLLM": "distilabel.models.llms.mixture",
    "OpenAILLM": "distilabel.models.llms.openai",
    "VertexAILLM": "distilabel.models.llms.vertex",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = loaded_by_name(__name__, _PLACES)
