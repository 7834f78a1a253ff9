"""What image models behind a platform hand on of its answers: images, counts and reasons; pure."""

from collections.abc import Sequence
from typing import Any

from distilabel.models.image_generation.base import ImageOutput
from distilabel.records import Failure
from distilabel.typing import FailureReason

__all__ = ["output_of"]


def output_of(answers: Sequence[dict[str, Any] | Failure]) -> ImageOutput:
    """Return the output for one prompt, made of the answers to its requests.

    Args:
        answers: `image` in base64 and `usage` each, or why there is none.

    Examples:
        >>> output_of([{"image": "R0lGODlhAQABAAAAACw=", "usage": {}}])["images"]
        ['R0lGODlhAQABAAAAACw=']
    """
    made = [{} if isinstance(answer, Failure) else answer for answer in answers]
    usages = [one.get("usage", {}) for one in made]
    output: ImageOutput = {
        "images": [one.get("image") for one in made],
        "statistics": {
            "input_tokens": [usage.get("input_tokens") or 0 for usage in usages],
            "output_tokens": [usage.get("output_tokens") or 0 for usage in usages],
        },
    }
    failures = [_reason(answer) for answer in answers]
    if any(failures):
        output["failures"] = failures
    return output


def _reason(answer: dict[str, Any] | Failure) -> FailureReason | None:
    if not isinstance(answer, Failure):
        return None
    return {"code": answer.code, "message": answer.message, "attempts": 1, "job_id": None}
