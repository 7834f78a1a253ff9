"""Models that are served on Anyscale, online."""

from typing import ClassVar

from distilabel.models.llms.chat import ChatLLM

__all__ = ["AnyscaleLLM"]


class AnyscaleLLM(ChatLLM):
    """A model behind a service of one's own on Anyscale; the hosted endpoints of that name exist no more.

    Attributes:
        model: Such as `meta-llama/Llama-3.1-8B-Instruct`.
        base_url: Default: `ANYSCALE_BASE_URL`; each service has another.
        api_key: Default: `ANYSCALE_API_KEY`.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://docs.anyscale.com/llm/serving

    Examples:
        >>> llm = AnyscaleLLM(model="meta-llama/Llama-3.1-8B-Instruct", api_key="...", base_url="https://my.anyscale.test/v1")
        >>> llm.request([{"role": "user", "content": "Hi"}], max_new_tokens=9)["max_tokens"]
        9
    """

    platform_name: ClassVar[str] = "anyscale"
