"""Conversion of chats in OpenAI's format to the formats of other platforms."""

import json
import mimetypes
import re
from collections.abc import Iterable, Sequence
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import ChatType

__all__ = [
    "anthropic_chat",
    "anthropic_tool_choice",
    "anthropic_tools",
    "google_chat",
    "google_tool_config",
    "google_tools",
]

_SYSTEM = ("system", "developer")
_DATA_URL = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)

Part = dict[str, Any]


def anthropic_chat(chat: ChatType) -> dict[str, Any]:
    """Return the fields `system` and `messages`.

    A part that is not in OpenAI's format is sent unchanged, as one in Anthropic's format.

    https://platform.claude.com/docs/en/api/messages (November 2026)

    Examples:
        >>> anthropic_chat([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
        {'system': 'Be brief.', 'messages': [{'role': 'user', 'content': 'Hi'}]}
    """
    system = [message["content"] for message in chat if message["role"] in _SYSTEM]
    messages: list[Part] = []
    for message in chat:
        if message["role"] not in _SYSTEM:
            _append_turn(messages, dict(message))
    fields: dict[str, Any] = {"messages": messages}
    if system:
        texts = [content for content in system if isinstance(content, str)]
        whole = (
            "\n\n".join(texts) if len(texts) == len(system) else [part for c in system for part in _blocks(c)]
        )
        fields = {"system": whole, **fields}
    return fields


def _append_turn(messages: list[Part], message: Part) -> None:
    """Append a message; consecutive tool results go into one user message."""
    if message["role"] == "tool":
        result = {
            "type": "tool_result",
            "tool_use_id": message.get("tool_call_id"),
            "content": _content(message),
        }
        if messages and messages[-1].get("content") and _is_results(messages[-1]):
            messages[-1]["content"].append(result)
        else:
            messages.append({"role": "user", "content": [result]})
        return
    calls = [_tool_use(call) for call in message.get("tool_calls") or ()]
    content = [*_blocks(message.get("content") or []), *calls] if calls else _content(message)
    messages.append({"role": message["role"], "content": content})


def _is_results(message: Part) -> bool:
    content = message["content"]
    return isinstance(content, list) and content[0].get("type") == "tool_result"


def _content(message: Part) -> str | list[Part]:
    content = message.get("content")
    return content if isinstance(content, str) else _blocks(content or [])


def _blocks(content: str | list[Part]) -> list[Part]:
    return (
        [{"type": "text", "text": content}]
        if isinstance(content, str)
        else [_block(part) for part in content]
    )


def _block(part: Part) -> Part:
    if part.get("type") != "image_url":
        return part
    url = _url(part)
    data = _DATA_URL.fullmatch(url)
    source = (
        {"type": "base64", "media_type": data[1], "data": data[2]} if data else {"type": "url", "url": url}
    )
    rest = {name: value for name, value in part.items() if name not in ("type", "image_url")}
    return {"type": "image", "source": source, **rest}


def _url(part: Part) -> str:
    image = part["image_url"]
    return str(image["url"] if isinstance(image, dict) else image)


def _tool_use(call: Part) -> Part:
    return {"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": _arguments(call)}


def _arguments(call: Part) -> Any:
    text = call["function"].get("arguments") or "{}"
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise DistilabelUserError(
            f"A chat has a call of {call['function']['name']!r} whose arguments are not JSON: {text!r}."
        ) from None


def anthropic_tools(tools: Sequence[Part] | None) -> list[Part] | None:
    """Return tools in Anthropic's format; tools not in OpenAI's are unchanged."""
    return [_anthropic_tool(tool) for tool in tools] if tools else None


def _anthropic_tool(tool: Part) -> Part:
    if "function" not in tool:
        return tool
    function = tool["function"]
    named = {name: function[name] for name in ("name", "description") if name in function}
    return {**named, "input_schema": function.get("parameters") or {"type": "object"}}


def anthropic_tool_choice(choice: str | Part | None) -> Part | None:
    """Return `tool_choice` in Anthropic's format.

    Args:
        choice: `auto`, `required`, `any`, `none`, or a choice in OpenAI's or in Anthropic's format.
    """
    if isinstance(choice, str):
        return {"type": "any" if choice == "required" else choice}
    if choice and "function" in choice:
        return {"type": "tool", "name": choice["function"]["name"]}
    return choice


def google_chat(chat: ChatType) -> dict[str, Any]:
    """Return the fields `systemInstruction` and `contents`.

    A part that is not in OpenAI's format is sent unchanged, as one in Google's format.

    https://ai.google.dev/api/caching#Content (November 2026)

    Examples:
        >>> google_chat([{"role": "assistant", "content": "Hi"}])
        {'contents': [{'role': 'model', 'parts': [{'text': 'Hi'}]}]}
    """
    messages: list[Part] = [dict(message) for message in chat]
    system = [part for m in messages if m["role"] in _SYSTEM for part in _parts(m.get("content"))]
    names = {call["id"]: call["function"]["name"] for m in messages for call in m.get("tool_calls") or ()}
    turns = [_turn(message, names) for message in messages if message["role"] not in _SYSTEM]
    fields: dict[str, Any] = {"contents": list(_joined(turns))}
    return {"systemInstruction": {"parts": system}, **fields} if system else fields


def _turn(message: Part, names: dict[str, str]) -> Part:
    if message["role"] == "tool":
        name = names.get(message.get("tool_call_id", ""), message.get("name") or "")
        response = {"name": name, "response": _result(message.get("content"))}
        return {"role": "user", "parts": [{"functionResponse": response}]}
    calls = [
        {"functionCall": {"name": call["function"]["name"], "args": _arguments(call)}}
        for call in message.get("tool_calls") or ()
    ]
    role = "model" if message["role"] == "assistant" else message["role"]
    return {"role": role, "parts": [*_parts(message.get("content")), *calls]}


def _joined(turns: Iterable[Part]) -> Iterable[Part]:
    """Join consecutive function results into one turn, as their calls are."""
    last: Part | None = None
    for turn in turns:
        results = all("functionResponse" in part for part in turn["parts"])
        if last and results and turn["parts"] and "functionResponse" in last["parts"][-1]:
            last["parts"] += turn["parts"]
            continue
        last = turn if turn["parts"] else None
        yield turn


def _result(content: Any) -> Part:
    try:
        value = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        value = content
    return value if isinstance(value, dict) else {"result": value}


def _parts(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [{"text": content}]
    return [_part(part) for part in content or ()]


def _part(part: Part) -> Part:
    if part.get("type") == "text":
        return {"text": part["text"]}
    if part.get("type") != "image_url":
        return part
    url = _url(part)
    data = _DATA_URL.fullmatch(url)
    if data:
        return {"inlineData": {"mimeType": data[1], "data": data[2]}}
    kind, _ = mimetypes.guess_type(url.partition("?")[0])
    return {"fileData": {"fileUri": url, **({"mimeType": kind} if kind else {})}}


def google_tools(tools: Sequence[Part] | None) -> list[Part] | None:
    """Return tools in Google's format; tools not in OpenAI's are unchanged."""
    if not tools:
        return None
    functions = [_declaration(tool["function"]) for tool in tools if "function" in tool]
    others = [tool for tool in tools if "function" not in tool]
    return [*([{"functionDeclarations": functions}] if functions else []), *others]


def _declaration(function: Part) -> Part:
    named: Part = {name: function[name] for name in ("name", "description") if name in function}
    schema = function.get("parameters")
    return {**named, **({"parametersJsonSchema": schema} if schema else {})}


def google_tool_config(choice: str | Part | None) -> Part | None:
    """Return `toolConfig` in Google's format.

    Args:
        choice: `auto`, `required`, `any`, `none`, or a choice in OpenAI's or in Google's format.
    """
    if isinstance(choice, str):
        return {"functionCallingConfig": {"mode": "ANY" if choice == "required" else choice.upper()}}
    if choice and "function" in choice:
        names = [choice["function"]["name"]]
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": names}}
    return choice
