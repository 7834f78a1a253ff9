"""LLMs behind OpenAI's API and behind platforms with the same API: Azure, Anyscale, Fireworks, Groq, Ollama, Together."""

import re
from typing import Annotated, Any, ClassVar, Literal, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.responses import as_responses_body
from distilabel.models.llms.structure import response_format_of
from distilabel.providers.base import Provider
from distilabel.providers.openai_family.azure import Azure
from distilabel.providers.openai_family.fireworks import Fireworks
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = [
    "AnyscaleLLM",
    "AzureOpenAILLM",
    "ChatLLM",
    "FireworksLLM",
    "GroqLLM",
    "OllamaLLM",
    "OpenAICompatibleLLM",
    "OpenAILLM",
    "TogetherLLM",
]

# Reasoning models refuse `max_tokens`; the others take both, and so do most servers that are OpenAI in shape only.
# https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_completion_tokens (November 2026)
_WANTS_MAX_COMPLETION_TOKENS = re.compile(r"^(ft:)?(o\d|gpt-([5-9]|\d\d)|chatgpt-|codex-)")
_MAX_TOKENS_PARAMETER = "The name under which `max_new_tokens` is sent."


class ChatLLM(RemoteLLM):
    """The base of LLMs whose platform speaks OpenAI's Chat Completions; a subclass names the platform.

    Chats may hold image parts in OpenAI's shape; they go out as they are.

    Attributes:
        structured_output: What every answer must look like: `{"schema": <pydantic model or JSON schema>}`; becomes
            OpenAI's `json_schema` response format.
        max_tokens_parameter: The name under which `max_new_tokens` is sent; chosen by the model's name where not given.

    References:
        https://platform.openai.com/docs/api-reference/chat/create

    Examples:
        >>> class AcmeLLM(ChatLLM):
        ...     platform_name = "compatible"
        >>> llm = AcmeLLM(model="acme-1", base_url="https://acme.test/v1")
        >>> llm.request([{"role": "user", "content": "Hi"}], max_new_tokens=9)
        {'model': 'acme-1', 'messages': [{'role': 'user', 'content': 'Hi'}], 'max_tokens': 9}
    """

    platform_name: ClassVar[str] = "compatible"

    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None
    max_tokens_parameter: Optional[RuntimeParameter[Literal["max_tokens", "max_completion_tokens"]]] = Field(
        default=None, description=_MAX_TOKENS_PARAMETER
    )

    def request(  # noqa: D417 - the last ones are described together
        self,
        input: FormattedInput,
        max_new_tokens: Optional[Annotated[int, Field(ge=1)]] = None,
        logprobs: Optional[bool] = None,
        top_logprobs: Optional[Annotated[int, Field(ge=0, le=20)]] = None,
        frequency_penalty: Optional[Annotated[float, Field(ge=-2, le=2)]] = None,
        presence_penalty: Optional[Annotated[float, Field(ge=-2, le=2)]] = None,
        temperature: Optional[Annotated[float, Field(ge=0, le=2)]] = None,
        top_p: Optional[Annotated[float, Field(ge=0, le=1)]] = None,
        stop: Optional[str | list[str]] = None,
        seed: Optional[int] = None,
        reasoning_effort: Optional[str] = None,
        response_format: Optional[dict[str, Any]] = None,
        tools: Optional[list[dict[str, Any]]] = None,
        tool_choice: Optional[str | dict[str, Any]] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one input; what is None is left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_new_tokens: The most tokens to generate, at least 1.
            temperature: From 0 to 2.
            top_p: From 0 to 1.
            response_format: Sent as it is; goes before `structured_output`.
            extra_body: Further fields of the body, sent as they are; they go before all others.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        reasons = _WANTS_MAX_COMPLETION_TOKENS.match(self.model)
        max_tokens = self.max_tokens_parameter or ("max_completion_tokens" if reasons else "max_tokens")
        body = {
            "model": self.model,
            "messages": chat,
            max_tokens: max_new_tokens,
            "logprobs": logprobs,
            "top_logprobs": top_logprobs,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "temperature": temperature,
            "top_p": top_p,
            "stop": stop,
            "seed": seed,
            "reasoning_effort": reasoning_effort,
            "response_format": response_format or response_format_of(structure or self.structured_output),
            "tools": tools,
            "tool_choice": tool_choice,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self._shaped(given) | (extra_body or {})

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a chat's body as the endpoint wants it."""
        return body


class OpenAILLM(ChatLLM):
    """A model behind OpenAI's API, or behind any address that speaks like it.

    Attributes:
        model: Such as `gpt-4.1-mini`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`.
        api: Which endpoint is asked: `chat` for Chat Completions, `responses` for the Responses API, which takes no
            `stop`, `seed` and penalties. The answers read the same.
        organization: Whose quota is used; default: `OPENAI_ORG_ID`, or the key's own.
        project: Under which the usage is counted; default: `OPENAI_PROJECT_ID`, or none.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    References:
        https://platform.openai.com/docs/guides/batch,
        https://platform.openai.com/docs/api-reference/chat/create,
        https://platform.openai.com/docs/api-reference/responses/create

    Examples:
        >>> llm = OpenAILLM(model="gpt-4.1-mini", api_key="...", generation_kwargs={"temperature": 0.2})
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.2)
        {'model': 'gpt-4.1-mini', 'messages': [{'role': 'user', 'content': 'Hi'}], 'temperature': 0.2}
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"organization", "project"})
    platform_name: ClassVar[str] = "openai"

    api: Literal["chat", "responses"] = "chat"
    organization: Optional[RuntimeParameter[str]] = None
    project: Optional[RuntimeParameter[str]] = None

    def _endpoint(self) -> str:
        return "/v1/responses" if self.api == "responses" else super()._endpoint()

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        return as_responses_body(body) if self.api == "responses" else body

    def _headers(self) -> dict[str, str]:
        named = {"openai-organization": self.organization, "openai-project": self.project}
        return {name: value for name, value in named.items() if value} | super()._headers()


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


class AnyscaleLLM(ChatLLM):
    """A model behind a self-hosted service on Anyscale; the hosted endpoints of that name no longer exist.

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
