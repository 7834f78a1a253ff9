"""What LLMs share that are asked in the shape of OpenAI's Chat Completions: the body, and how it is checked."""

import re
from typing import Annotated, Any, ClassVar, Literal, Optional

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.structure import response_format_of
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = ["ChatLLM"]

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
        body = {
            "model": self.model,
            "messages": chat,
            "max_tokens" if max_new_tokens is None else self._max_tokens_name(): max_new_tokens,
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

    def _max_tokens_name(self) -> str:
        if self.max_tokens_parameter:
            return self.max_tokens_parameter
        return "max_completion_tokens" if _WANTS_MAX_COMPLETION_TOKENS.match(self.model) else "max_tokens"
