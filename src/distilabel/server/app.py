"""The app: which path leads to which handler, and who is let in."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from distilabel.server import batches, files, online
from distilabel.server.errors import ApiError, answer_api_error, answer_crash, answer_http
from distilabel.server.http import json_response, new_id
from distilabel.server.parts import Parts
from distilabel.server.platform import open_platform
from distilabel.server.settings import Settings

ROUTES = (
    Route("/v1/files", files.upload, methods=["POST"]),
    Route("/v1/files", files.list_files, methods=["GET"]),
    Route("/v1/files/{file_id}", files.retrieve_file, methods=["GET"]),
    Route("/v1/files/{file_id}", files.delete_file, methods=["DELETE"]),
    Route("/v1/files/{file_id}/content", files.file_content, methods=["GET"]),
    Route("/v1/batches", batches.create_batch, methods=["POST"]),
    Route("/v1/batches", batches.list_batches, methods=["GET"]),
    Route("/v1/batches/{batch_id}", batches.retrieve_batch, methods=["GET"]),
    Route("/v1/batches/{batch_id}/cancel", batches.cancel_batch, methods=["POST"]),
    Route("/v1/chat/completions", online.chat_completions, methods=["POST"]),
    Route("/v1/responses", online.responses, methods=["POST"]),
    Route("/v1/completions", online.completions, methods=["POST"]),
    Route("/v1/embeddings", online.whole, methods=["POST"]),
    Route("/v1/images/generations", online.whole, methods=["POST"]),
    Route("/v1/moderations", online.whole, methods=["POST"]),
    Route("/v1/models", online.list_models, methods=["GET"]),
    Route("/v1/models/{model:path}", online.retrieve_model, methods=["GET"]),
)


def create_app(settings: Settings, parts: Parts | None = None) -> Starlette:
    """The platform as an ASGI app; its folder is opened and its batches go on when the app's lifespan starts.

    Args:
        settings: What the person who starts it chose.
        parts: Exchanged parts, for a platform that answers or writes otherwise; None: the usual ones.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_platform(settings, parts or Parts(), time.time()) as platform:
            app.state.platform = platform
            yield

    return Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        middleware=[Middleware(BearerAuthMiddleware, keys=settings.keys)],
        exception_handlers={ApiError: answer_api_error, HTTPException: answer_http, Exception: answer_crash},
    )


class BearerAuthMiddleware:
    """Lets in who brings a key, and gives each answer an `x-request-id`."""

    def __init__(self, app: ASGIApp, keys: tuple[str, ...]) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = new_id("req_")
            await send(message)

        refusal = self._refusal(Headers(scope=scope).get("authorization", ""))
        app = self._app if refusal is None else json_response(refusal.body(), status=refusal.status)
        await app(scope, receive, send_tagged)

    def _refusal(self, authorization: str) -> ApiError | None:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            message = (
                "You didn't provide an API key. Provide it in an Authorization header, as Bearer YOUR_KEY."
            )
            return ApiError(message, status=401)
        if self._keys and key.strip() not in self._keys:
            return ApiError("Incorrect API key provided.", status=401, code="invalid_api_key")
        return None
