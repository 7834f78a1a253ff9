"""Models: large language models, asked online or by offline batch."""

from distilabel.models.llms import LLM, AnthropicLLM, AsyncLLM, GeminiLLM, OpenAILLM, VertexAILLM

__all__ = ["LLM", "AnthropicLLM", "AsyncLLM", "GeminiLLM", "OpenAILLM", "VertexAILLM"]
