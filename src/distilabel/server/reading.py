"""Reads what handlers need out of a request, or refuses."""

import orjson
from starlette.requests import ClientDisconnect, Request

from distilabel.server.errors import ApiError
from distilabel.server.http import Body


async def json_body(request: Request) -> Body:
    """The request's JSON object."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise ApiError(f"We could not parse the JSON body of your request: {error}") from error
    except ClientDisconnect as error:
        raise ApiError("The request was cut short.") from error
    if not isinstance(body, dict):
        raise ApiError("The body of the request must be a JSON object.")
    return body


def limit_of(request: Request, default: int, most: int) -> int:
    """The `limit` of a list."""
    text = request.query_params.get("limit", str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ApiError(f"Invalid 'limit': expected an integer from 1 to {most}, got '{text}'.", param="limit")
    return int(text)


def newest_first(request: Request) -> bool:
    """The `order` of a list."""
    order = request.query_params.get("order", "desc")
    if order not in ("asc", "desc"):
        raise ApiError(f"Invalid 'order': expected 'asc' or 'desc', got '{order}'.", param="order")
    return order == "desc"
