"""Groq's models, online and by batch."""

from typing import ClassVar

from distilabel.models.llms.chat import ChatLLM

__all__ = ["GroqLLM"]


class GroqLLM(ChatLLM):
    """A model behind Groq's API.

    Attributes:
        model: Such as `llama-3.1-8b-instant`.
        base_url: Default: `GROQ_BASE_URL`, or `https://api.groq.com/openai/v1`.
        api_key: Default: `GROQ_API_KEY`.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://console.groq.com/docs/batch

    Examples:
        >>> llm = GroqLLM(model="llama-3.1-8b-instant", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], max_new_tokens=9)["max_tokens"]
        9
    """

    platform_name: ClassVar[str] = "groq"
