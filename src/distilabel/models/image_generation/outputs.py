"""Conversion of a platform's answers to the output of an image model."""

from collections.abc import Sequence

from distilabel.models.image_generation.base import ImageOutput
from distilabel.offline.session import Answer
from distilabel.records import Failure, Usage
from distilabel.typing import FailureReason

__all__ = ["output_of"]


def output_of(answers: Sequence[Answer]) -> ImageOutput:
    """Return the output for one prompt from the answers to its requests.

    Each answer has its image in `extras`.

    Examples:
        >>> from distilabel.records import Reply
        >>> output_of([Answer(Reply(None, extras={"image": "R0lGODlhAQABAAAAACw="}))])["images"]
        ['R0lGODlhAQABAAAAACw=']
    """
    usages = [Usage() if isinstance(one.outcome, Failure) else one.outcome.usage for one in answers]
    output: ImageOutput = {
        "images": [_image(answer) for answer in answers],
        "statistics": {
            "input_tokens": [usage.input_tokens for usage in usages],
            "output_tokens": [usage.output_tokens for usage in usages],
        },
    }
    failures = [_reason(answer) for answer in answers]
    if any(failures):
        output["failures"] = failures
    return output


def _image(answer: Answer) -> str | None:
    return None if isinstance(answer.outcome, Failure) else answer.outcome.extras.get("image")


def _reason(answer: Answer) -> FailureReason | None:
    if _image(answer) is not None:
        return None
    outcome = answer.outcome
    failure = outcome if isinstance(outcome, Failure) else Failure("no_image", "The platform sent no image.")
    attempts, job_id = answer.attempts, answer.job_id
    return {"code": failure.code, "message": failure.message, "attempts": attempts, "job_id": job_id}
