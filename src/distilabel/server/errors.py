"""Refusals, in the shape every OpenAI client knows how to read.

The shape is `{"error": {"message", "type", "param", "code"}}`:
https://platform.openai.com/docs/guides/error-codes
"""

import logging
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from distilabel.server.http import json_response

log = logging.getLogger(__name__)


class ApiError(Exception):  # it is an answer, not a fault
    """A request that the platform will not do, and why; turned into an answer at the edge of the app."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.param = param
        self.code = code

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        return error_body(self.message, kind=self.kind, param=self.param, code=self.code)


def error_body(
    message: str, *, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def missing(param: str) -> ApiError:
    """A required parameter is not there."""
    return ApiError(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def unknown_model(model: str) -> ApiError:
    """The platform has no such model."""
    return ApiError(
        f"The model `{model}` does not exist or you do not have access to it.",
        status=404,
        param="model",
        code="model_not_found",
    )


async def answer_api_error(_request: Request, refusal: Exception) -> Response:
    """Starlette's handler for `ApiError`."""
    assert isinstance(refusal, ApiError)
    return json_response(refusal.body(), status=refusal.status)


async def answer_http(request: Request, error: Exception) -> Response:
    """Starlette's handler for unknown paths and methods."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        body = error_body(
            f"Not allowed to {request.method} on {request.url.path}.", code="method_not_supported"
        )
    else:
        body = error_body(f"Invalid URL ({request.method} {request.url.path})")
    return json_response(body, status=error.status_code, headers=error.headers)


async def answer_crash(_request: Request, error: Exception) -> Response:
    """Starlette's handler for what nobody foresaw."""
    log.error("a request ended in an error of the platform", exc_info=error)
    body = error_body("The server had an error while processing your request.", kind="server_error")
    return json_response(body, status=500)
