"""OpenAI's models, online and by batch."""

import re
from typing import Any, ClassVar, Literal, Optional

from distilabel.declared import RuntimeParameter
from distilabel.models.llms.ranges import check_ranges
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.structure import response_format_of
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = ["OpenAILLM"]

# Reasoning models refuse `max_tokens`; the others take both, and so do most servers that are OpenAI in shape only.
# https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_completion_tokens (November 2026)
_WANTS_MAX_COMPLETION_TOKENS = re.compile(r"^(ft:)?(o\d|gpt-([5-9]|\d\d)|chatgpt-|codex-)")


class OpenAILLM(RemoteLLM):
    """A model behind OpenAI's API, or behind any address that speaks like it.

    Attributes:
        model: Such as `gpt-4.1-mini`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`.
        structured_output: What every answer must look like: `{"schema": <pydantic model or JSON schema>}`; becomes
            OpenAI's `json_schema` response format.
        max_tokens_parameter: The name under which `max_new_tokens` is sent; chosen by the model's name where not given.

    References:
        https://platform.openai.com/docs/guides/batch,
        https://platform.openai.com/docs/api-reference/chat/create

    Examples:
        >>> llm = OpenAILLM(model="gpt-4.1-mini", api_key="...", generation_kwargs={"temperature": 0.2})
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.2)
        {'model': 'gpt-4.1-mini', 'messages': [{'role': 'user', 'content': 'Hi'}], 'temperature': 0.2}
    """

    platform_name: ClassVar[str] = "openai"

    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None
    max_tokens_parameter: Optional[RuntimeParameter[Literal["max_tokens", "max_completion_tokens"]]] = None

    def request(  # noqa: D417 - the last ones are described together
        self,
        input: FormattedInput,
        max_new_tokens: Optional[int] = None,
        logprobs: Optional[bool] = None,
        top_logprobs: Optional[int] = None,
        frequency_penalty: Optional[float] = None,
        presence_penalty: Optional[float] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
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
        check_ranges(
            max_new_tokens=(max_new_tokens, 1, None), temperature=(temperature, 0, 2), top_p=(top_p, 0, 1)
        )
        check_ranges(top_logprobs=(top_logprobs, 0, 20), frequency_penalty=(frequency_penalty, -2, 2))
        check_ranges(presence_penalty=(presence_penalty, -2, 2))
        body = {
            "model": self.model,
            "messages": chat,
            self._max_tokens_name(): max_new_tokens,
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
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})

    def _max_tokens_name(self) -> str:
        if self.max_tokens_parameter:
            return self.max_tokens_parameter
        return "max_completion_tokens" if _WANTS_MAX_COMPLETION_TOKENS.match(self.model) else "max_tokens"
