"""Large language models: one class a platform, one base for a user's own."""

from distilabel.models.llms.anthropic import AnthropicLLM
from distilabel.models.llms.base import LLM, AsyncLLM
from distilabel.models.llms.gemini import GeminiLLM
from distilabel.models.llms.openai import OpenAILLM
from distilabel.models.llms.vertex import VertexAILLM

__all__ = ["LLM", "AnthropicLLM", "AsyncLLM", "GeminiLLM", "OpenAILLM", "VertexAILLM"]
