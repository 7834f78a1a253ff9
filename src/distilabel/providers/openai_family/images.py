"""Reading a generated image in OpenAI's shape.

Shape: https://platform.openai.com/docs/api-reference/images/object, read in November 2026.
"""

from typing import Any

from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_number
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["image_outcome"]


def image_outcome(body: dict[str, Any]) -> Outcome | None:
    """Read an image: its text is None, and the file stands in base64 in `extras`; None where there is no image.

    Examples:
        >>> image_outcome({"data": [{"b64_json": "R0lGODlh"}]}).extras["image"]
        'R0lGODlh'
        >>> image_outcome({"data": [{"url": "https://example.com/image.png"}]}).code
        'no_image'
    """
    first = next(iter(as_dicts(body.get("data"))), {})
    image, usage = first.get("b64_json"), as_dict(body.get("usage"))
    if isinstance(image, str) and image:
        counts = Usage(as_number(usage.get("input_tokens")) or 0, as_number(usage.get("output_tokens")) or 0)
        return Reply(None, counts, extras={"image": image})
    if first.get("url"):
        # Not retryable: a second request would get the same response, and be paid for.
        return Failure(
            "no_image", "The platform sent a URL in place of an image: set response_format='b64_json'."
        )
    return None
