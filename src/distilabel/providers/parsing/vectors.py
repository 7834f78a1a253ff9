"""Reading vectors as platforms write them: lists of numbers, or base64 of 32-bit floats.

Shape: https://platform.openai.com/docs/api-reference/embeddings/create (`encoding_format`), read in November 2026.
"""

import binascii
import sys
from array import array
from math import isfinite
from typing import Any

__all__ = ["vector_of"]


def vector_of(value: Any) -> list[float] | None:
    """Return a vector's numbers; None for what is none: empty, not finite, or of another shape.

    Examples:
        >>> vector_of([1, 0.5]), vector_of("AACAPgAAAL8="), vector_of([])
        ([1.0, 0.5], [0.25, -0.5], None)
    """
    numbers = _decoded(value) if isinstance(value, str) else value
    if not isinstance(numbers, list) or not numbers or not all(map(_is_number, numbers)):
        return None
    return [float(number) for number in numbers]


def _is_number(value: Any) -> bool:
    # An integer may be too large for a float.
    return (type(value) is float and isfinite(value)) or (type(value) is int and abs(value) < 2**63)


def _decoded(text: str) -> list[float] | None:
    try:
        numbers = array("f", binascii.a2b_base64(text, strict_mode=True))
    except ValueError:
        return None
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
