"""LLMs of Anthropic."""

from dataclasses import replace
from typing import Any, ClassVar, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.chat_formats import anthropic_chat, anthropic_tool_choice, anthropic_tools
from distilabel.models.llms.parameter_ranges import check_ranges
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.structure import output_format_of
from distilabel.offline.client import ModelClient
from distilabel.providers.anthropic.dialect import VERSION, Anthropic
from distilabel.providers.base import Provider
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = ["AnthropicLLM"]

# https://platform.claude.com/docs/en/api/versioning (November 2026): from this version on, the API
# rejects sampling arguments.
_WITHOUT_SAMPLING = "2026-10-21"


class AnthropicLLM(RemoteLLM):
    """A model behind Anthropic's API.

    Chats are in OpenAI's format. System messages, text and image parts (URLs and data URLs), tool calls and tool results
    are converted to Anthropic's format. Parts in Anthropic's own format, such as documents, are sent unchanged, as is
    `cache_control` in any part.

    Attributes:
        model: For example `claude-sonnet-5`.
        base_url: Default: `ANTHROPIC_BASE_URL`, or `https://api.anthropic.com`.
        api_key: Default: `ANTHROPIC_API_KEY`.
        timeout: Seconds without a byte from the platform until a call fails; 600 by default.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, sent
            as Anthropic's `output_config.format`.
        version: The version of the API (`anthropic-version`). Versions after the default reject `temperature`, `top_p` and
            `top_k`.

    References:
        https://platform.claude.com/docs/en/build-with-claude/batch-processing,
        https://platform.claude.com/docs/en/api/messages

    Examples:
        >>> llm = AnthropicLLM(model="claude-sonnet-5", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.2)
        {'model': 'claude-sonnet-5', 'max_tokens': 4096, 'messages': [{'role': 'user', 'content': 'Hi'}], 'temperature': 0.2}
    """

    platform_name: ClassVar[str] = "anthropic"
    endpoint: ClassVar[str] = "/v1/messages"

    timeout: RuntimeParameter[float] = Field(default=600, gt=0)
    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None
    version: RuntimeParameter[str] = VERSION

    def request(  # noqa: D417 - the other arguments have the API's names
        self,
        input: FormattedInput,
        max_tokens: int = 4096,
        stop_sequences: Optional[list[str]] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
        top_k: Optional[int] = None,
        thinking: Optional[dict[str, Any]] = None,
        effort: Optional[str] = None,
        tools: Optional[list[dict[str, Any]]] = None,
        tool_choice: Optional[str | dict[str, Any]] = None,
        cache_control: Optional[dict[str, Any]] = None,
        metadata: Optional[dict[str, Any]] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one input; None values are left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_tokens: The maximum number of tokens to generate, including thinking, at least 1.
            temperature: From 0 to 1.
            top_p: From 0 to 1.
            thinking: For example `{"type": "adaptive"}`, or `{"type": "enabled", "budget_tokens": 2048}` with `max_tokens`
                above that budget.
            effort: `low`, `medium`, `high`, `xhigh` or `max`.
            tools: Tools in OpenAI's or in Anthropic's format.
            tool_choice: `auto`, `any`, `required`, `none`, or a tool in OpenAI's or in Anthropic's format.
            extra_body: Further fields of the body, sent unchanged; they override all others.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        check_ranges(max_tokens=(max_tokens, 1, None), temperature=(temperature, 0, 1), top_p=(top_p, 0, 1))
        self._check(max_tokens, thinking, temperature=temperature, top_p=top_p, top_k=top_k)
        config = {"effort": effort, "format": output_format_of(structure or self.structured_output)}
        body = {
            "model": self.model,
            "max_tokens": max_tokens,
            **anthropic_chat(chat),
            "stop_sequences": stop_sequences,
            "temperature": temperature,
            "top_p": top_p,
            "top_k": top_k,
            "thinking": thinking,
            "output_config": {name: value for name, value in config.items() if value is not None} or None,
            "tools": anthropic_tools(tools),
            "tool_choice": anthropic_tool_choice(tool_choice),
            "cache_control": cache_control,
            "metadata": metadata,
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})

    def _check(self, max_tokens: int, thinking: dict[str, Any] | None, **sampling: float | None) -> None:
        chosen = [name for name, value in sampling.items() if value is not None]
        if chosen and (self.version or VERSION) >= _WITHOUT_SAMPLING:
            raise DistilabelUserError(
                f"The generation argument `{chosen[0]}` is rejected by version {self.version} of Anthropic's API: remove "
                f"it, or set version={VERSION!r}."
            )
        budget = (thinking or {}).get("budget_tokens")
        if budget is not None and budget >= max_tokens:
            raise DistilabelUserError(
                f"The generation argument `max_tokens` is {max_tokens}: set it above thinking's budget_tokens, {budget}."
            )

    def _provider(self) -> Provider:
        return Anthropic(self.version or VERSION)

    def _open_client(self) -> ModelClient:
        client = super()._open_client()
        if self.version in (None, VERSION):
            return client
        # The version is part of the request's identity: one version may accept what another rejects.
        endpoint = f"{self.endpoint}@{self.version}"
        return replace(client, target=replace(client.target, endpoint=endpoint))
