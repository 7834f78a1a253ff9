"""Together's models, online and by batch."""

from typing import Any, ClassVar

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

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        # Together's `logprobs` is a number: of the likeliest tokens that are given along.
        wanted, most = body.get("logprobs"), body.get("top_logprobs")
        rest = {name: value for name, value in body.items() if name not in ("logprobs", "top_logprobs")}
        return rest | ({"logprobs": max(most or 0, 1)} if wanted else {})
