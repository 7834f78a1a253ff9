"""Reading a generated image in OpenAI's shape.

Shape: https://platform.openai.com/docs/api-reference/images/object, read in November 2026.
"""

import re
from typing import Any

from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_number, as_text
from distilabel.records import Outcome, Reply, Usage

__all__ = ["image_outcome"]

_DATA_URL = re.compile(r"^data:[^,]*;base64,")


def image_outcome(body: dict[str, Any]) -> Outcome | None:
    """Read an image: its text is None, and in `extras` stands the file in base64, or its URL; None where there is no image.

    Examples:
        >>> image_outcome({"data": [{"b64_json": "R0lGODlh"}]}).extras["image"]
        'R0lGODlh'
        >>> image_outcome({"data": [{"url": "https://example.com/image.png"}]}).extras["image"]
        'https://example.com/image.png'
    """
    first = next(iter(as_dicts(body.get("data"))), {})
    image, usage = as_text(first.get("b64_json")) or as_text(first.get("url")), as_dict(body.get("usage"))
    if image is None:
        return None
    counts = Usage(as_number(usage.get("input_tokens")) or 0, as_number(usage.get("output_tokens")) or 0)
    return Reply(None, counts, extras={"image": _DATA_URL.sub("", image)})
