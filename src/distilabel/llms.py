"""Door for the old import path: the LLMs live in `distilabel.models.llms`."""

from distilabel.models.llms import LLM, AnthropicLLM, AsyncLLM, GeminiLLM, OpenAILLM, VertexAILLM

__all__ = ["LLM", "AnthropicLLM", "AsyncLLM", "GeminiLLM", "OpenAILLM", "VertexAILLM"]
