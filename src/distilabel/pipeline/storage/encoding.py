"""Row values in other encodings: any value as JSON, an image as a file, text without unpaired surrogates."""

import base64
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from io import BytesIO
from typing import Any, NamedTuple

from pydantic import BaseModel

__all__ = ["encodable", "image_file", "is_image", "json_text"]

_KEPT_BY_PNG = frozenset({"1", "L", "LA", "RGB", "RGBA"})

# The missing values of pandas, which need not be installed.
_MISSING = frozenset({"NAType", "NaTType"})
_INT64 = range(-(2**63), 2**63)
_NO_NUMBERS = frozenset({float("inf"), float("-inf")})


def json_text(value: Any) -> str:
    """Return a value as JSON.

    What JSON lacks becomes text or lists: an integer beyond 64 bits (which few readers take), bytes as base64, an Enum as its
    value, a date in ISO 8601, a set, deque or range as a list, a dataclass and a pydantic model as an object, an image as a data
    URL, anything else by `str`. NaN, infinity and the missing values of pandas become null.

    Examples:
        >>> json_text({1: 10**20, "set": {3}, "nan": float("nan")})
        '{"1": "100000000000000000000", "set": [3], "nan": null}'
    """
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table of types
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool():
            return value
        case str():
            return encodable(value)
        case int():
            return value if value in _INT64 else str(value)
        case float():
            return None if value != value or value in _NO_NUMBERS else value  # noqa: PLR0124 - NaN
        case Mapping():
            return {encodable(str(_plain(key))): _plain(item) for key, item in value.items()}
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case Sequence() | AbstractSet():
            return [_plain(item) for item in value]
        case datetime() | date() | time():
            return None if type(value).__name__ in _MISSING else value.isoformat()
        case timedelta():
            return value.total_seconds()
    if is_image(value):
        file = image_file(value)
        return f"data:image/{file.format};base64,{base64.b64encode(file.data).decode()}"
    if type(value).__name__ in _MISSING:
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, BaseModel):
        return _plain(value.model_dump())
    # numpy's scalars and arrays, and tensors
    as_list = getattr(value, "tolist", None)
    return _plain(as_list()) if callable(as_list) else encodable(str(value))


def encodable(value: Any) -> Any:
    """Replace each unpaired surrogate by U+FFFD, also within lists and dicts; UTF-8 cannot encode it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    return [encodable(item) for item in value] if isinstance(value, list | tuple) else value


class ImageFile(NamedTuple):
    """An encoded image: `png`, or `tiff` where PNG cannot hold its mode."""

    format: str
    data: bytes


def is_image(value: Any) -> bool:
    """Tell whether a value is an image of Pillow's, which need not be installed."""
    return type(value).__module__.startswith("PIL.") and hasattr(value, "save")


def image_file(image: Any) -> ImageFile:
    """Encode an image of Pillow's without loss."""
    kind = "png" if image.mode in _KEPT_BY_PNG else "tiff"
    buffer = BytesIO()
    image.save(buffer, format=kind.upper())
    return ImageFile(kind, buffer.getvalue())
