"""JSON in and out, and the ids that OpenAI's objects carry."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
from starlette.responses import Response

Body = dict[str, Any]


def json_response(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose body is `body` as JSON."""
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


def new_id(prefix: str) -> str:
    """A fresh id such as `file-5f0c...`; the prefix carries its own dash or underscore."""
    return prefix + uuid4().hex


def page(items: list[Body], *, has_more: bool) -> Body:
    """One page of a list, with the cursors a client needs to ask for the next."""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }
