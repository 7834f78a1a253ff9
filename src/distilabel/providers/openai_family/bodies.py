"""Reading the body of one answer, whichever of OpenAI's endpoints gave it: a line does not say which.

Shapes: https://platform.openai.com/docs/api-reference (chat, responses, embeddings, images), read in November 2026.
"""

from typing import Any

from distilabel.providers.openai_family.chat import chat_reply
from distilabel.providers.openai_family.images import image_outcome
from distilabel.providers.openai_family.responses import response_failure, response_reply
from distilabel.providers.parsing.errors import failure_of
from distilabel.providers.parsing.vectors import vector_of
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["body_outcome"]


def body_outcome(status: int, body: Any) -> Outcome:
    """Read an answer of any shape: a reply, or why there is none.

    Args:
        status: The HTTP status that came with it.
        body: JSON already read, or bytes that are none.
    """
    if status != 200 or (isinstance(body, dict) and body.get("error")):  # noqa: PLR2004
        # A 200 that carries an error is the platform's fault, as is a status that is none.
        return failure_of(status if status != 200 else 500, body)  # noqa: PLR2004
    outcome = _outcome(body) if isinstance(body, dict) else None
    return outcome or Failure(
        "empty_reply", "The platform answered 200 with no answer in it.", retryable=True
    )


def _outcome(body: dict[str, Any]) -> Outcome | None:
    if isinstance(body.get("output"), list):
        return response_failure(body) or response_reply(body)
    if isinstance(body.get("data"), list):
        return _embedding(body) or image_outcome(body)
    return chat_reply(body)


def _embedding(body: dict[str, Any]) -> Reply | None:
    """Read an embedding: no text, and the vector in `extras`, as it was sent."""
    first = body["data"][0] if body["data"] else None
    vector = first.get("embedding") if isinstance(first, dict) else None
    if vector_of(vector) is None:
        return None
    usage = body.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    counted = Usage(input_tokens=tokens) if isinstance(tokens, int) and tokens >= 0 else Usage()
    return Reply(None, counted, extras={"embedding": vector})
