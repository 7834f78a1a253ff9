"""LLMs of Cohere."""

from typing import Any, ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.parameter_ranges import check_ranges
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.structure import json_schema
from distilabel.typing import ChatType, FormattedInput, StructuredOutputType

__all__ = ["CohereLLM"]


class CohereLLM(RemoteLLM):
    """A model behind Cohere's Chat API, version 2.

    Chats are in OpenAI's format, which Cohere accepts: text and image parts, tool calls and tool results are sent
    unchanged.

    Attributes:
        model: For example `command-a-03-2025`.
        base_url: Default: `COHERE_BASE_URL`, or `https://api.cohere.com`.
        api_key: Default: `COHERE_API_KEY`.
        client_name: The name of the client, sent as `X-Client-Name`; "distilabel" by default.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, sent
            as Cohere's `json_object` response format. The prompt should request JSON too.

    References:
        https://docs.cohere.com/reference/chat, https://docs.cohere.com/docs/structured-outputs

    Examples:
        >>> llm = CohereLLM(model="command-a-03-2025", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], k=5)
        {'model': 'command-a-03-2025', 'messages': [{'role': 'user', 'content': 'Hi'}], 'k': 5}
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"client_name"})
    platform_name: ClassVar[str] = "cohere"
    endpoint: ClassVar[str] = "/v2/chat"

    client_name: Optional[RuntimeParameter[str]] = "distilabel"
    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None

    def request(  # noqa: D417 - the other arguments have the API's names
        self,
        input: FormattedInput,
        temperature: Optional[float] = None,
        max_tokens: Optional[int] = None,
        k: Optional[int] = None,
        p: Optional[float] = None,
        seed: Optional[int] = None,
        stop_sequences: Optional[list[str]] = None,
        frequency_penalty: Optional[float] = None,
        presence_penalty: Optional[float] = None,
        raw_prompting: Optional[bool] = None,
        logprobs: Optional[bool] = None,
        safety_mode: Optional[str] = None,
        thinking: Optional[dict[str, Any]] = None,
        response_format: Optional[dict[str, Any]] = None,
        tools: Optional[list[dict[str, Any]]] = None,
        tool_choice: Optional[str] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one input; None values are left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            temperature: From 0 to 1.
            max_tokens: The maximum number of tokens to generate, at least 1.
            k: The number of likeliest tokens to sample from, from 0 to 500.
            p: The total probability of the likeliest tokens to sample from, from 0.01 to 0.99.
            frequency_penalty: From 0 to 1.
            presence_penalty: From 0 to 1.
            raw_prompting: Whether to send the message to the model without a chat template.
            thinking: For example `{"type": "disabled"}`.
            response_format: Sent unchanged; overrides `structured_output`.
            tools: Tools in OpenAI's format, which Cohere uses too.
            tool_choice: `required`, `none` or `auto`, which is Cohere's default.
            extra_body: Further fields of the body, sent unchanged; they override all others.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        check_ranges(temperature=(temperature, 0, 1), max_tokens=(max_tokens, 1, None), p=(p, 0.01, 0.99))
        check_ranges(
            k=(k, 0, 500),
            frequency_penalty=(frequency_penalty, 0, 1),
            presence_penalty=(presence_penalty, 0, 1),
        )
        body = {
            "model": self.model,
            "messages": _messages(chat),
            "temperature": temperature,
            "max_tokens": max_tokens,
            "k": k,
            "p": p,
            "seed": seed,
            "stop_sequences": stop_sequences,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "raw_prompting": raw_prompting,
            "logprobs": logprobs,
            "safety_mode": safety_mode,
            "thinking": thinking,
            "response_format": response_format or _format(structure or self.structured_output),
            "tools": tools,
            "tool_choice": None if tool_choice in (None, "auto") else tool_choice.upper(),
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})

    def _headers(self) -> dict[str, str]:
        named = {"x-client-name": self.client_name} if self.client_name else {}
        return named | super()._headers()


def _messages(chat: ChatType) -> list[dict[str, Any]]:
    """Return the messages; Cohere does not know the role `developer`."""
    return [{**m, "role": "system"} if m["role"] == "developer" else dict(m) for m in chat]


def _format(structure: StructuredOutputType | None) -> dict[str, Any] | None:
    return None if structure is None else {"type": "json_object", "json_schema": json_schema(structure)[1]}
