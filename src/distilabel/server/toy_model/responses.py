"""The Responses API: https://platform.openai.com/docs/api-reference/responses/create.

A request is turned into the chat that asks the same, and the toy's answer to that chat into items. This platform keeps no
responses: a request that refers to an earlier one is refused, and `store` is false in each answer.
"""

import re
import time
from typing import Any

from distilabel.server.errors import ApiError, missing
from distilabel.server.http import Body, new_id
from distilabel.server.toy_model.model import Sample, chat_tokens, sample
from distilabel.server.toy_model.request_validation import check_chat, check_number

# How the parameters of a chat are called in a request for a response, as patterns of whole names.
NAMES = (
    (r"tools\[(\d+)\]\.function\.", r"tools[\1]."),
    (r"response_format\.json_schema\.", "text.format."),
    (r"response_format\.type$", "text.format.type"),
    (r"response_format$", "text.format.schema"),
)
TEXTS = {"input_text", "output_text", "text"}
TYPES = {"instructions": str, "text": dict, "tools": list, "reasoning": dict, "metadata": dict}
# "Expected a value >= 16" is OpenAI's answer to less.
LEAST_OUTPUT_TOKENS = 16
KEPT = ("model", "temperature", "top_p", "top_logprobs", "parallel_tool_calls")


def response(body: Body, salt: str) -> Body:
    """A response object: https://platform.openai.com/docs/api-reference/responses/object."""
    _check_stateless(body)
    asked = _as_chat(body)
    try:
        check_chat(asked)
        said = sample(asked, salt, 0)
    except ApiError as refusal:
        raise _renamed(refusal) from refusal
    cut = said.finish_reason == "length"
    now = int(time.time())
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": now,
        "completed_at": None if cut else now,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "model": body["model"],
        "output": [_item(said, "incomplete" if cut else "completed")],
        "usage": _usage(chat_tokens(asked), said.tokens),
        **_settings(body),
    }


def _settings(body: Body) -> Body:
    """What a response repeats of its request."""
    text = body.get("text") or {}
    return {
        "background": False,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": 1.0 if body.get("temperature") is None else body["temperature"],
        "text": {"format": {"type": "text"}, "verbosity": "medium"} | text,
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [{"strict": True, "parameters": None} | tool for tool in body.get("tools") or ()],
        "top_logprobs": 0,
        "top_p": 1.0 if body.get("top_p") is None else body["top_p"],
        "truncation": body.get("truncation") or "disabled",
        "user": body.get("user"),
    }


def _check_stateless(body: Body) -> None:
    earlier = body.get("previous_response_id")
    if earlier is not None:
        raise ApiError(
            f"Previous response with id '{earlier}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    for name in ("background", "conversation", "prompt"):
        if body.get(name):
            message = f"This platform keeps no responses, conversations or prompts: leave out '{name}'."
            raise ApiError(message, param=name, code="unsupported_parameter")


def _as_chat(body: Body) -> Body:
    limit = body.get("max_output_tokens")
    if limit is not None:
        check_number("max_output_tokens", limit, True, LEAST_OUTPUT_TOKENS, float("inf"))
    asked = {name: body[name] for name in KEPT if name in body}
    for name, kind in TYPES.items():
        if not isinstance(body.get(name), kind | None):
            message = f"Invalid type for '{name}': expected {kind.__name__}, but got {type(body[name]).__name__} instead."
            raise ApiError(message, param=name, code="invalid_type")
    instructions = body.get("instructions")
    asked["messages"] = [{"role": "system", "content": instructions}] if instructions else []
    asked["messages"] += _messages(body.get("input"))
    if limit is not None:
        asked["max_completion_tokens"] = limit
    wanted = (body.get("text") or {}).get("format")
    if wanted is not None:
        asked["response_format"] = _response_format(wanted)
    if body.get("tools"):
        asked["tools"] = [_nested(tool) for tool in body["tools"]]
    if body.get("tool_choice") is not None:
        asked["tool_choice"] = _choice(body["tool_choice"])
    return asked


def _messages(given: Any) -> list[Body]:
    if given is None:
        raise missing("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list):
        message = f"Invalid type for 'input': expected a string or an array of items, but got {type(given).__name__} instead."
        raise ApiError(message, param="input", code="invalid_type")
    messages = [
        _message(f"input[{at}]", item)
        for at, item in enumerate(given)
        if not (isinstance(item, dict) and item.get("type") == "reasoning")
    ]
    if not messages:
        message = "Invalid 'input': empty array. Expected an array with minimum length 1."
        raise ApiError(message, param="input", code="empty_array")
    return messages


def _message(param: str, item: Any) -> Body:
    match item:
        case {
            "type": "function_call",
            "call_id": str(number),
            "name": str(name),
            "arguments": str(arguments),
        }:
            called = {"name": name, "arguments": arguments}
            return {
                "role": "assistant",
                "tool_calls": [{"id": number, "type": "function", "function": called}],
            }
        case {"type": "function_call_output", "call_id": str(number), "output": output}:
            return {"role": "tool", "tool_call_id": number, "content": _content(f"{param}.output", output)}
        case {"type": "item_reference", "id": number}:
            raise ApiError(f"Item with id '{number}' not found.", status=404, param="input")
        case {"role": str(role), "content": content} if item.get("type", "message") == "message":
            return {"role": role, "content": _content(f"{param}.content", content)}
    raise ApiError(
        f"Invalid '{param}': expected a message, a function_call or a function_call_output.",
        param=param,
        code="invalid_value",
    )


def _content(param: str, content: Any) -> Any:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(
        isinstance(part, dict) and isinstance(part.get("type"), str) for part in content
    ):
        raise ApiError(
            f"Invalid type for '{param}': expected a string or an array of parts.",
            param=param,
            code="invalid_type",
        )
    return [{**part, "type": "text"} if part["type"] in TEXTS else part for part in content]


def _response_format(wanted: Any) -> Any:
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return wanted
    given = {name: value for name, value in wanted.items() if name != "type"}
    if "schema" not in given:
        raise missing("text.format.schema")
    return {"type": "json_schema", "json_schema": given}


def _nested(tool: Any) -> Any:
    """A tool as chats have it. Strict is the default of this API, but a schema that cannot be strict is taken without."""
    if not isinstance(tool, dict) or tool.get("type") != "function":
        return tool
    return {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}}


def _choice(choice: Any) -> Any:
    match choice:
        case {"type": "function", "name": name}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "mode": mode, "tools": list(tools)}:
            allowed = {"mode": mode, "tools": [_nested(tool) for tool in tools]}
            return {"type": "allowed_tools", "allowed_tools": allowed}
    return choice


def _item(said: Sample, status: str) -> Body:
    if said.call is not None:
        return {
            "id": new_id("fc_"),
            "type": "function_call",
            "status": status,
            "call_id": new_id("call_"),
            "name": said.call.function.name,
            "arguments": said.text,
        }
    part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
    return {
        "id": new_id("msg_"),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [part],
    }


def _usage(read: int, written: int) -> Body:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _renamed(refusal: ApiError) -> ApiError:
    param = refusal.param
    for pattern, name in NAMES:
        if param is not None:
            param = re.sub(f"^{pattern}", name, param)
    message = refusal.message.replace(f"'{refusal.param}'", f"'{param}'")
    # Chats refuse a schema without a code, this API with one: https://github.com/mavam/pi-web-providers/issues/14
    code = "invalid_json_schema" if param == "text.format.schema" else refusal.code
    return ApiError(message, status=refusal.status, kind=refusal.kind, param=param, code=code)
