"""LLMs behind OpenAI's API, and behind platforms with a compatible API."""

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

# Reasoning models reject `max_tokens`. Other models accept both names, but many compatible servers know only `max_tokens`.
# https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_completion_tokens (November 2026)
_WANTS_MAX_COMPLETION_TOKENS = re.compile(r"^(ft:)?(o\d|gpt-([5-9]|\d\d)|chatgpt-|codex-)")
_LIMITS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens"})
_MAX_TOKENS_PARAMETER = "The name under which `max_new_tokens` is sent."


class ChatLLM(RemoteLLM):
    """The base of LLMs behind a Chat Completions API.

    A subclass names the platform. Image parts of chats, in OpenAI's format, are sent unchanged.

    Attributes:
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, sent
            as OpenAI's `json_schema` response format.
        max_tokens_parameter: The name under which `max_new_tokens` is sent; default: chosen by the model's name.

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
    _has_strict_mode: ClassVar[bool] = True

    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None
    max_tokens_parameter: Optional[RuntimeParameter[Literal["max_tokens", "max_completion_tokens"]]] = Field(
        default=None, description=_MAX_TOKENS_PARAMETER
    )

    def request(  # noqa: D417 - the other arguments have the API's names
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
        """Return the body of the request for one input; None values are left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_new_tokens: The maximum number of tokens to generate, at least 1.
            temperature: From 0 to 2.
            top_p: From 0 to 1.
            response_format: Sent unchanged; overrides `structured_output`.
            extra_body: Further fields of the body, sent unchanged; they override all others.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        structure = structure or self.structured_output
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
            "response_format": response_format
            or (response_format_of(structure) if structure is not None else None),
            "tools": tools,
            "tool_choice": tool_choice,
        }
        extra = extra_body or {}
        # The platform refuses a request that has its limit of tokens under two names.
        limited = not _LIMITS.isdisjoint(extra)
        given = {
            name: value
            for name, value in body.items()
            if value is not None and not (limited and name == max_tokens)
        }
        return self._shaped(given) | extra

    def _shaped(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body in the format of the endpoint."""
        return body


class OpenAILLM(ChatLLM):
    """A model behind OpenAI's API, or behind another server with the same API.

    Attributes:
        model: For example `gpt-4.1-mini`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`.
        api: `chat` for the Chat Completions API, `responses` for the Responses API. The latter has no `stop`, `seed` and
            penalties. The outputs have the same format.
        organization: The organization whose quota is used; default: `OPENAI_ORG_ID`, or that of the key.
        project: The project that the usage is counted for; default: `OPENAI_PROJECT_ID`, or none.
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
    """A deployment of Azure OpenAI; offline use needs a batch deployment type.

    Attributes:
        model: The deployment's name. If it does not contain the name of its reasoning model, set
            `max_tokens_parameter`.
        base_url: Default: `AZURE_OPENAI_ENDPOINT`, such as `https://my-name.openai.azure.com`.
        api_key: Default: `AZURE_OPENAI_API_KEY`.
        api_version: A dated version such as `2024-10-21`; default: `OPENAI_API_VERSION`, or the v1 API without a date.
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
    """A model behind a custom service on Anyscale.

    The hosted Anyscale Endpoints no longer exist.

    Attributes:
        model: For example `meta-llama/Llama-3.1-8B-Instruct`.
        base_url: The address of the service; default: `ANYSCALE_BASE_URL`.
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
        model: For example `accounts/fireworks/models/llama-v3p1-8b-instruct`.
        base_url: Default: `FIREWORKS_BASE_URL`, or `https://api.fireworks.ai`.
        api_key: Default: `FIREWORKS_API_KEY`.
        account_id: The account that owns the batch jobs, for offline use only; default: `FIREWORKS_ACCOUNT_ID`.
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
        model: For example `llama-3.1-8b-instant`.
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
    """A model behind an Ollama server, through its OpenAI-compatible API.

    Attributes:
        model: For example `llama3.2`.
        host: The server's address; default: `OLLAMA_HOST`, or `http://localhost:11434`.
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
        model: For example `meta-llama/Llama-3.3-70B-Instruct-Turbo`.
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
        # Together's `logprobs` is a number: how many likely tokens are returned at each position.
        wanted, most = body.get("logprobs"), body.get("top_logprobs")
        rest = {name: value for name, value in body.items() if name not in ("logprobs", "top_logprobs")}
        return rest | ({"logprobs": max(most or 0, 1)} if wanted else {})


class OpenAICompatibleLLM(ChatLLM):
    """A model behind any OpenAI-compatible service, such as a custom one.

    Attributes:
        model: The model's name on the service.
        platform: The platform's name in the registry, such as `deepinfra` (docs/platforms.md lists them), or that of a
            custom platform. By default the service is assumed to have OpenAI's behaviour.
        base_url: Default: the platform's environment variable, or its public address.
        api_key: Default: the platform's environment variable, if it needs a key.
        structured_output, max_tokens_parameter: See `ChatLLM`.

    Examples:
        >>> llm = OpenAICompatibleLLM(model="Qwen/Qwen3-8B", platform="deepinfra", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}])["model"]
        'Qwen/Qwen3-8B'
    """

    platform: str = "compatible"

    def _platform(self) -> str:
        return self.platform
