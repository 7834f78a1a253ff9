"""Reading JSON values of unknown shape: each `as_*` function returns its type, or a neutral value for anything else.

| function | accepts | returns for anything else |
|---|---|---|
| `as_json` | bytes that hold JSON | the given default |
| `as_dict` | an object | `{}` |
| `as_list` | an array | `[]` |
| `as_dicts` | an array; members that are not objects are dropped | `[]` |
| `as_text` | a string that is not empty | `None` |
| `as_number` | a whole number >= 0, also written as `5.0` or as a string of digits | `None` |
| `as_timestamp` | Unix seconds, or an RFC 3339 string | `None` |
"""

import json
import re
from datetime import datetime
from math import isfinite
from typing import Any

import orjson

__all__ = [
    "as_dict",
    "as_dicts",
    "as_json",
    "as_list",
    "as_number",
    "as_text",
    "as_timestamp",
    "read_json",
]

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: bytes) -> Any:
    """Parse JSON, including two things that orjson rejects: unpaired surrogates and NaN.

    An unpaired surrogate is half of a character that a token limit cut in two. It becomes U+FFFD.

    Raises:
        ValueError: `text` is not JSON, or is nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return _replace_surrogates(json.loads(text.decode()))
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None


def _replace_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_replace_surrogates(name): _replace_surrogates(item) for name, item in value.items()}
    return value


def as_json(text: bytes, default: Any = None) -> Any:
    """Parse JSON like `read_json`; return `default` where `text` is not JSON.

    Examples:
        >>> as_json(b'{"a": 1}'), as_json(b"<html>"), as_json(b"<html>", b"<html>")
        ({'a': 1}, None, b'<html>')
    """
    try:
        return read_json(text)
    except ValueError:
        return default


def as_dict(value: Any) -> dict[str, Any]:
    """Return an object unchanged, and `{}` for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return an array unchanged, and `[]` for anything else."""
    return value if isinstance(value, list) else []


def as_dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an array, and `[]` for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    """Return a string that is not empty, and None for anything else."""
    return value if isinstance(value, str) and value else None


def as_number(value: Any) -> int | None:
    """Return a count: a whole number that is not negative, and None for anything else.

    Google writes 64-bit integers as strings, Cohere writes counts as `5.0`.

    Examples:
        >>> as_number("12"), as_number(5.0), as_number(-1), as_number(True), as_number("many")
        (12, 5, None, None, None)
    """
    if type(value) is int:
        return value if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:  # noqa: PLR2004
        return int(value)
    return int(value) if isinstance(value, float) and value >= 0 and value.is_integer() else None


def as_timestamp(value: Any) -> float | None:
    """Return a point in time as Unix seconds, and None for anything else.

    Examples:
        >>> as_timestamp("2026-11-22T10:00:00.5Z"), as_timestamp(1795341600), as_timestamp("soon")
        (1795341600.5, 1795341600, None)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if isfinite(value) else None
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return None
