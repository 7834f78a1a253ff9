"""Models that Ollama serves, online."""

from typing import ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.chat import ChatLLM

__all__ = ["OllamaLLM"]


class OllamaLLM(ChatLLM):
    """A model behind an Ollama server, asked by its OpenAI-shaped route.

    Attributes:
        model: Such as `llama3.2`.
        host: The server; default: `OLLAMA_HOST`, or `http://localhost:11434`.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://docs.ollama.com/openai

    Examples:
        >>> llm = OllamaLLM(model="llama3.2", host="http://gpu-box:11434")
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.0)["temperature"]
        0.0
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"host"})
    platform_name: ClassVar[str] = "ollama"

    host: Optional[RuntimeParameter[str]] = None

    def _address(self) -> str | None:
        return self.host or super()._address()
