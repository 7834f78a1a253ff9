"""Tool calls in OpenAI's shape, which is the shape that all LLMs of this library return.

Shape: https://platform.openai.com/docs/api-reference/chat/object (`message.tool_calls`), read in November 2026.
"""

from typing import Any

import orjson

__all__ = ["tool_call"]


def tool_call(call_id: Any, name: Any, arguments: Any) -> dict[str, Any]:
    """Return a tool call whose arguments come as an object; the object becomes a JSON string.

    Examples:
        >>> tool_call("c1", "add", {"a": 1})
        {'id': 'c1', 'type': 'function', 'function': {'name': 'add', 'arguments': '{"a":1}'}}
    """
    text = orjson.dumps(arguments or {}, option=orjson.OPT_NON_STR_KEYS).decode()
    return {"id": call_id, "type": "function", "function": {"name": str(name or ""), "arguments": text}}
