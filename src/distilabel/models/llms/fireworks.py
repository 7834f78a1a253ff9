"""Fireworks' models, online and by batch."""

from typing import ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.chat import ChatLLM
from distilabel.providers.base import Provider
from distilabel.providers.openai_family.fireworks import Fireworks

__all__ = ["FireworksLLM"]


class FireworksLLM(ChatLLM):
    """A model behind Fireworks' API.

    Attributes:
        model: Such as `accounts/fireworks/models/llama-v3p1-8b-instruct`.
        base_url: Default: `FIREWORKS_BASE_URL`, or `https://api.fireworks.ai`.
        api_key: Default: `FIREWORKS_API_KEY`.
        account_id: Whose batch jobs they are; wanted offline only; default: `FIREWORKS_ACCOUNT_ID`.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://docs.fireworks.ai/guides/batch-inference

    Examples:
        >>> llm = FireworksLLM(model="accounts/fireworks/models/llama-v3p1-8b-instruct", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], max_new_tokens=9)["max_tokens"]
        9
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"account_id"})
    platform_name: ClassVar[str] = "fireworks"

    account_id: Optional[RuntimeParameter[str]] = None

    def _provider(self) -> Provider | None:
        return Fireworks(self.account_id) if self.account_id else None
