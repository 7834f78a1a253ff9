"""Reading what platforms write: JSON of any shape becomes what is expected, or nothing."""

import json
import re
from datetime import datetime
from typing import Any

import orjson

__all__ = ["as_dict", "as_dicts", "as_number", "as_text", "count_of", "counted", "read_json", "seconds_of"]

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: bytes) -> Any:
    """Read JSON as platforms write it: what orjson refuses, an unpaired surrogate or a NaN, loses no answer.

    An unpaired surrogate, half of a character that a token limit cut in two, becomes U+FFFD.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return _whole(json.loads(text.decode()))
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value


def as_dict(value: Any) -> dict[str, Any]:
    """Return a dict as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_dicts(value: Any) -> list[dict[str, Any]]:
    """Return the dicts of a list; none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def as_number(value: Any) -> int | None:
    """Return a whole number; Google writes 64-bit ones as texts.

    Examples:
        >>> as_number("12"), as_number(-1), as_number("many")
        (12, None, None)
    """
    if type(value) is int:
        return value if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:  # noqa: PLR2004
        return int(value)
    return None


def count_of(value: Any, name: str) -> int:
    """Return a count that is 0 where it is not given."""
    return counted(value, name) or 0


def counted(value: Any, name: str) -> int | None:
    """Return a count, None where it is not given."""
    return as_number(value.get(name)) if isinstance(value, dict) else None


def seconds_of(value: Any) -> float | None:
    """Return a time as RFC 3339 writes it, in seconds since 1970.

    Examples:
        >>> seconds_of("2026-11-22T10:00:00.5Z")
        1795341600.5
    """
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
