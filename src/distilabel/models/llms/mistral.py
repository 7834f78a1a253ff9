"""LLMs of Mistral."""

from typing import Any, ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.parameter_ranges import check_ranges
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.structure import response_format_of
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = ["MistralLLM"]


class MistralLLM(RemoteLLM):
    """A model behind Mistral's API.

    Attributes:
        model: For example `mistral-small-latest`.
        base_url: Default: `MISTRAL_BASE_URL`, or `https://api.mistral.ai/v1`.
        api_key: Default: `MISTRAL_API_KEY`.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`.

    References:
        https://docs.mistral.ai/capabilities/batch, https://docs.mistral.ai/api/#tag/chat

    Examples:
        >>> llm = MistralLLM(model="mistral-small-latest", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], random_seed=7)
        {'model': 'mistral-small-latest', 'messages': [{'role': 'user', 'content': 'Hi'}], 'random_seed': 7}
    """

    platform_name: ClassVar[str] = "mistral"
    _has_strict_mode: ClassVar[bool] = True

    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None

    def request(  # noqa: D417 - the other arguments have the API's names
        self,
        input: FormattedInput,
        max_new_tokens: Optional[int] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
        frequency_penalty: Optional[float] = None,
        presence_penalty: Optional[float] = None,
        stop: Optional[str | list[str]] = None,
        random_seed: Optional[int] = None,
        safe_prompt: Optional[bool] = None,
        response_format: Optional[dict[str, Any]] = None,
        tools: Optional[list[dict[str, Any]]] = None,
        tool_choice: Optional[str | dict[str, Any]] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one input; None values are left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_new_tokens: The maximum number of tokens to generate, at least 1.
            temperature: From 0 to 1.5.
            top_p: From 0 to 1.
            response_format: Sent unchanged; overrides `structured_output`.
            extra_body: Further fields of the body, sent unchanged; they override all others.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        structure = structure or self.structured_output
        check_ranges(
            max_new_tokens=(max_new_tokens, 1, None), temperature=(temperature, 0, 1.5), top_p=(top_p, 0, 1)
        )
        check_ranges(frequency_penalty=(frequency_penalty, -2, 2), presence_penalty=(presence_penalty, -2, 2))
        body = {
            "model": self.model,
            "messages": chat,
            "max_tokens": max_new_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "stop": stop,
            "random_seed": random_seed,
            "safe_prompt": safe_prompt,
            "response_format": response_format
            or (response_format_of(structure) if structure is not None else None),
            "tools": tools,
            "tool_choice": tool_choice,
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})
