"""Conversion of Chat Completions bodies to bodies of OpenAI's Responses API.

https://platform.openai.com/docs/guides/migrate-to-responses (November 2026)
"""

from collections.abc import Iterator
from typing import Any

from distilabel.exceptions import DistilabelUserError

__all__ = ["as_responses_body"]

_UNKNOWN_THERE = ("stop", "seed", "frequency_penalty", "presence_penalty")
_SAME_THERE = ("model", "temperature", "top_p", "top_logprobs")


def as_responses_body(body: dict[str, Any]) -> dict[str, Any]:
    """Convert a body for `/v1/chat/completions` to one for `/v1/responses`.

    Raises:
        DistilabelUserError: The body contains an argument that the Responses API does not support.

    Examples:
        >>> as_responses_body({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9})
        {'model': 'm', 'input': [{'role': 'user', 'content': 'Hi'}], 'max_output_tokens': 9}
    """
    for name in _UNKNOWN_THERE:
        if name in body:
            raise DistilabelUserError(
                f"The Responses API does not support the generation argument `{name}`: remove it, or set api='chat'."
            )
    made = {
        **{name: body[name] for name in _SAME_THERE if name in body},
        "input": [item for message in body["messages"] for item in _items(message)],
        "max_output_tokens": body.get("max_tokens") or body.get("max_completion_tokens"),
        "include": ["message.output_text.logprobs"] if body.get("logprobs") else None,
        "reasoning": {"effort": body["reasoning_effort"]} if "reasoning_effort" in body else None,
        "text": {"format": _format(body["response_format"])} if "response_format" in body else None,
        "tools": [_tool(tool) for tool in body["tools"]] if "tools" in body else None,
        "tool_choice": _choice(body.get("tool_choice")),
    }
    return {name: value for name, value in made.items() if value is not None}


def _items(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the items for one message: the message, tool calls, or a tool result."""
    if message.get("role") == "tool":
        called = message.get("tool_call_id")
        yield {"type": "function_call_output", "call_id": called, "output": message.get("content")}
        return
    if message.get("content") is not None:
        yield {"role": message.get("role"), "content": _content(message["content"], message.get("role"))}
    for call in message.get("tool_calls") or ():
        yield {"type": "function_call", "call_id": call.get("id"), **call.get("function", {})}


def _content(content: Any, role: Any) -> Any:
    return [_part(part, role) for part in content] if isinstance(content, list) else content


def _part(part: dict[str, Any], role: Any) -> dict[str, Any]:
    if part.get("type") == "text":
        return {**part, "type": "output_text" if role == "assistant" else "input_text"}
    image = part.get("image_url")
    if part.get("type") == "image_url" and isinstance(image, dict):
        return {"type": "input_image", "image_url": image.get("url"), "detail": image.get("detail", "auto")}
    return part


def _format(response_format: dict[str, Any]) -> dict[str, Any]:
    kind = response_format.get("type")
    return {"type": kind, **response_format["json_schema"]} if kind == "json_schema" else response_format


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    # The Responses API is strict by default, Chat Completions is not.
    return {"type": "function", "strict": False, **function} if isinstance(function, dict) else tool


def _choice(choice: Any) -> Any:
    function = choice.get("function") if isinstance(choice, dict) else None
    return {"type": "function", "name": function.get("name")} if isinstance(function, dict) else choice
