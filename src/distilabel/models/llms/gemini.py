"""LLMs of Google behind the Gemini API."""

from typing import Any, ClassVar, Optional

from distilabel.config import RuntimeParameter
from distilabel.models.llms.chat_formats import google_chat, google_tool_config, google_tools
from distilabel.models.llms.parameter_ranges import check_ranges
from distilabel.models.llms.remote import RemoteLLM
from distilabel.models.llms.structure import json_schema
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = ["GeminiLLM"]


class GeminiLLM(RemoteLLM):
    """A model behind the Gemini API of Google AI Studio.

    Chats are in OpenAI's format. System messages, text and image parts (URLs and data URLs), tool calls and tool results
    are converted to Google's format. Parts in Google's own format are sent unchanged.

    Attributes:
        model: For example `gemini-3.8-flash`.
        base_url: Default: `GOOGLE_GEMINI_BASE_URL`, or `https://generativelanguage.googleapis.com`.
        api_key: Default: `GEMINI_API_KEY`.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, sent
            as Google's `responseJsonSchema`.

    References:
        https://ai.google.dev/gemini-api/docs/batch-api, https://ai.google.dev/api/generate-content

    Examples:
        >>> llm = GeminiLLM(model="gemini-3.8-flash", api_key="...")
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.2)
        {'contents': [{'role': 'user', 'parts': [{'text': 'Hi'}]}], 'generationConfig': {'temperature': 0.2}}
    """

    platform_name: ClassVar[str] = "gemini"
    endpoint: ClassVar[str] = "generateContent"

    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None

    def request(  # noqa: D417 - the other arguments have the API's names
        self,
        input: FormattedInput,
        max_output_tokens: Optional[int] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
        top_k: Optional[int] = None,
        stop_sequences: Optional[list[str]] = None,
        frequency_penalty: Optional[float] = None,
        presence_penalty: Optional[float] = None,
        seed: Optional[int] = None,
        logprobs: Optional[bool] = None,
        top_logprobs: Optional[int] = None,
        thinking_config: Optional[dict[str, Any]] = None,
        safety_settings: Optional[list[dict[str, Any]]] = None,
        tools: Optional[list[dict[str, Any]]] = None,
        tool_choice: Optional[str | dict[str, Any]] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one input; None values are left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_output_tokens: The maximum number of tokens to generate, including thinking, at least 1.
            temperature: From 0 to 2.
            top_p: From 0 to 1.
            logprobs: Whether to return each token's log probability, if the model supports it.
            top_logprobs: The number of likely tokens to return at each position, from 0 to 20; needs `logprobs=True`.
            thinking_config: For example `{"thinkingBudget": 0}` or `{"includeThoughts": True}`.
            safety_settings: For example `[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]`.
            tools: Tools in OpenAI's or in Google's format.
            tool_choice: `auto`, `any`, `required`, `none`, a function in OpenAI's format, or a `toolConfig`.
            extra_body: Further fields of the body, sent unchanged; they override all others.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        check_ranges(max_output_tokens=(max_output_tokens, 1, None), temperature=(temperature, 0, 2))
        check_ranges(top_p=(top_p, 0, 1), top_logprobs=(top_logprobs, 0, 20))
        schema = self._schema(structure or self.structured_output)
        config = {
            "maxOutputTokens": max_output_tokens,
            "temperature": temperature,
            "topP": top_p,
            "topK": top_k,
            "stopSequences": stop_sequences,
            "frequencyPenalty": frequency_penalty,
            "presencePenalty": presence_penalty,
            "seed": seed,
            "responseLogprobs": logprobs,
            "logprobs": top_logprobs,
            "thinkingConfig": thinking_config,
            "responseMimeType": "application/json" if schema else None,
            "responseJsonSchema": schema,
        }
        body = {
            **google_chat(chat),
            "generationConfig": {name: value for name, value in config.items() if value is not None} or None,
            "safetySettings": safety_settings,
            "tools": google_tools(tools),
            "toolConfig": google_tool_config(tool_choice),
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})

    def _schema(self, structure: StructuredOutputType | None) -> dict[str, Any] | None:
        return json_schema(structure)[1] if structure else None
