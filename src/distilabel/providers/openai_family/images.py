"""Reading one image as OpenAI sends it.

Shape: https://platform.openai.com/docs/api-reference/images/object, read in November 2026.
"""

from typing import Any

from distilabel.providers.parsing.json_values import count_of
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["image_outcome"]

_AN_ADDRESS = "The platform sent an address in place of an image: set response_format='b64_json'."


def image_outcome(body: dict[str, Any]) -> Outcome | None:
    """Read an image: no text, and the file in base64 in `extras`; None where there is none.

    Examples:
        >>> image_outcome({"data": [{"b64_json": "R0lGODlh"}]}).extras["image"]
        'R0lGODlh'
        >>> image_outcome({"data": [{"url": "https://example.com/image.png"}]}).code
        'no_image'
    """
    data = body.get("data")
    first = data[0] if isinstance(data, list) and data else None
    if not isinstance(first, dict):
        return None
    image, usage = first.get("b64_json"), body.get("usage")
    if isinstance(image, str) and image:
        told = usage if isinstance(usage, dict) else {}
        counted = Usage(count_of(told, "input_tokens"), count_of(told, "output_tokens"))
        return Reply(None, counted, extras={"image": image})
    # Asking again would be answered alike, and paid for again.
    return Failure("no_image", _AN_ADDRESS) if first.get("url") else None
