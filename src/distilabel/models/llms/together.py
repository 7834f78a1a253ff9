"""Together's models, online and by batch."""

from typing import ClassVar

from distilabel.models.llms.chat import ChatLLM

__all__ = ["TogetherLLM"]


class TogetherLLM(ChatLLM):
    """A model behind Together's API.

    Attributes:
        model: Such as `meta-llama/Llama-3.3-70B-Instruct-Turbo`.
        base_url: Default: `TOGETHER_BASE_URL`, or `https://api.together.ai/v1`.
        api_key: Default: `TOGETHER_API_KEY`.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://docs.together.ai/docs/batch-inference

    Examples:
        >>> llm = TogetherLLM(model="meta-llama/Llama-3.3-70B-Instruct-Turbo", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], max_new_tokens=9)["max_tokens"]
        9
    """

    platform_name: ClassVar[str] = "together"
