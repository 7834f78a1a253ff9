"""OpenAI's models as Azure serves them, online and by batch."""

from typing import ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.openai import OpenAILLM
from distilabel.providers.base import Provider
from distilabel.providers.openai_family.azure import Azure

__all__ = ["AzureOpenAILLM"]


class AzureOpenAILLM(OpenAILLM):
    """A deployment of Azure OpenAI; for offline use it must be one of the batch kinds.

    Attributes:
        model: The deployment's name. Where it is that of a reasoning model under another name, set
            `max_tokens_parameter`.
        base_url: Default: `AZURE_OPENAI_ENDPOINT`, such as `https://my-name.openai.azure.com`.
        api_key: Default: `AZURE_OPENAI_API_KEY`.
        api_version: A dated version such as `2024-10-21`; default: `OPENAI_API_VERSION`, or the v1 path without dates.
        api, structured_output, max_tokens_parameter: See `OpenAILLM`.

    References:
        https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch

    Examples:
        >>> llm = AzureOpenAILLM(model="my-deployment", api_version="2024-10-21", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}])["model"]
        'my-deployment'
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"api_version"})
    platform_name: ClassVar[str] = "azure"

    api_version: Optional[RuntimeParameter[str]] = None

    def _provider(self) -> Provider | None:
        return Azure(self.api_version) if self.api_version else None
