"""Parsing JSON in answers, and the function calls in it; pure."""

import json
from collections.abc import Sequence
from typing import Any

__all__ = ["calls_in", "json_in", "json_text"]

_DECODER = json.JSONDecoder()


def json_in(text: str) -> Any:
    """Parse the first JSON list or object in a text, also within other text.

    Raises:
        ValueError: There is none.

    Examples:
        >>> json_in('Here you are: [{"a": 1}] Anything else?')
        [{'a': 1}]
    """
    starts = (i for i, letter in enumerate(text) if letter in "[{")
    # An answer that is none is soon seen to be none; a long one must not be tried at each of its brackets.
    for start, _ in zip(starts, range(20), strict=False):
        try:
            return _DECODER.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue
    raise ValueError("the answer holds no JSON")


def calls_in(value: Any) -> list[dict[str, Any]]:
    """Read calls: a list of objects with `name` and `arguments`, as such or as JSON; one object counts as a list of one.

    Raises:
        ValueError: It is not like that.

    Examples:
        >>> calls_in('[{"name": "add", "arguments": {"a": 1}}]')
        [{'name': 'add', 'arguments': {'a': 1}}]
    """
    value = json.loads(value) if isinstance(value, str) else value
    calls = [value] if isinstance(value, dict) else value
    if not isinstance(calls, Sequence) or not calls:
        raise ValueError("there are no calls")
    return [_call(call) for call in calls]


def _call(call: Any) -> dict[str, Any]:
    name = call.get("name") if isinstance(call, dict) else None
    if not isinstance(name, str) or not name:
        raise ValueError("a call must be an object with a name and arguments")
    arguments = call.get("arguments")
    # OpenAI's own calls, and strict schemas, have the arguments as a text of JSON.
    arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
    if arguments is not None and not isinstance(arguments, dict):
        raise ValueError(f"the arguments of {name} must be an object")
    return {"name": name, "arguments": arguments or {}}


def json_text(value: Any) -> str:
    """Return a value as JSON text; a text does not change.

    Examples:
        >>> json_text([1]), json_text("[1]")
        ('[1]', '[1]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
