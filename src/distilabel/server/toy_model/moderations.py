"""Moderations: https://platform.openai.com/docs/api-reference/moderations.

A text is flagged in a category whose name it holds: "this is violence" is flagged as `violence`. So a test reaches both
ways of its code; no other text is flagged.
"""

import re
from hashlib import blake2b

from distilabel.server.http import Body, new_id
from distilabel.server.toy_model.request_validation import check_moderation

MODEL = "omni-moderation-latest"
# Categories, and whether they are judged in images too (API reference, the moderation object).
CATEGORIES = {
    "harassment": False,
    "harassment/threatening": False,
    "hate": False,
    "hate/threatening": False,
    "illicit": False,
    "illicit/violent": False,
    "self-harm": True,
    "self-harm/intent": True,
    "self-harm/instructions": True,
    "sexual": True,
    "sexual/minors": False,
    "violence": True,
    "violence/graphic": True,
}
FLAGGED_SCORE = 0.9


def moderation(body: Body) -> Body:
    """The answer to a request for moderation: one result for each text, or one for a list of parts."""
    inputs = check_moderation(body)
    return {
        "id": new_id("modr-"),
        "model": body.get("model") or MODEL,
        "results": [_result(text, kinds) for text, kinds in inputs],
    }


def _result(text: str, kinds: list[str]) -> Body:
    words = text.lower()
    flags = {name: re.search(rf"\b{re.escape(name)}\b", words) is not None for name in CATEGORIES}
    scores = {name: FLAGGED_SCORE if flag else _low(name, text) for name, flag in flags.items()}
    applied = {
        name: [kind for kind in kinds if kind == "text" or in_images]
        for name, in_images in CATEGORIES.items()
    }
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": applied,
    }


def _low(name: str, text: str) -> float:
    return blake2b(f"{name}\0{text}".encode(), digest_size=1).digest()[0] / 1e4
