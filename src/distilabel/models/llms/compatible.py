"""Models behind any OpenAI-shaped service, online and, where it has a batch API, by batch."""

from distilabel.models.llms.chat import ChatLLM

__all__ = ["OpenAICompatibleLLM"]


class OpenAICompatibleLLM(ChatLLM):
    """A model behind an OpenAI-shaped service that has no class of its own here, or behind one of your own.

    Attributes:
        model: The model's name there.
        platform: The service's name in the registry, such as `deepinfra` (docs/platforms.md lists them), or that of a
            platform of your own; by default nothing is known of it, and it is taken to do as OpenAI does.
        base_url: Default: the service's own address, or its environment variable.
        api_key: Default: the service's environment variable, where it wants a key.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    Examples:
        >>> llm = OpenAICompatibleLLM(model="Qwen/Qwen3-8B", platform="deepinfra", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}])["model"]
        'Qwen/Qwen3-8B'
    """

    platform: str = "compatible"

    def _platform(self) -> str:
        return self.platform
