"""Reading embedding vectors: a list of numbers, or base64 of little-endian 32-bit floats.

Shape: https://platform.openai.com/docs/api-reference/embeddings/create (`encoding_format`), read in November 2026.
"""

import binascii
import sys
from array import array
from math import isfinite
from typing import Any

__all__ = ["as_vector"]


def as_vector(value: Any) -> list[float] | None:
    """Return the numbers of a vector; None for anything that is empty, not finite, or of another shape.

    Examples:
        >>> as_vector([1, 0.5]), as_vector("AACAPgAAAL8="), as_vector([])
        ([1.0, 0.5], [0.25, -0.5], None)
    """
    numbers = _from_base64(value) if isinstance(value, str) else value
    if not isinstance(numbers, list) or not numbers or not all(map(_is_number, numbers)):
        return None
    return [float(number) for number in numbers]


def _is_number(value: Any) -> bool:
    # An integer may be too large for a float.
    return (type(value) is float and isfinite(value)) or (type(value) is int and abs(value) < 2**63)


def _from_base64(text: str) -> list[float] | None:
    try:
        numbers = array("f", binascii.a2b_base64(text, strict_mode=True))
    except ValueError:
        return None
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
