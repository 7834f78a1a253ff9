"""Requests answered while the client waits: chat completions, embeddings, images, and the list of models.

https://platform.openai.com/docs/api-reference/chat/create
https://platform.openai.com/docs/api-reference/embeddings/create
https://platform.openai.com/docs/api-reference/images/create
https://platform.openai.com/docs/api-reference/models
"""

import re
from collections.abc import Iterator

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from distilabel.server import upstream
from distilabel.server.errors import ApiError, unknown_model
from distilabel.server.http import Body, json_response, new_id
from distilabel.server.platform import Platform, platform_of
from distilabel.server.reading import json_body
from distilabel.server.toy_model import model as toy

OK = 200


async def chat_completions(request: Request) -> Response:
    """`POST /v1/chat/completions`.

    With `stream` the whole answer is made first and then sent in pieces: clients that stream work, nobody waits less.
    """
    body = await json_body(request)
    if not body.get("stream"):
        return await _answered(request, body)
    options = body.get("stream_options") or {}
    body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    status, answer = await _ask(request, body)
    if status != OK:
        return json_response(answer, status=status)
    return StreamingResponse(
        _events(answer, bool(options.get("include_usage"))), media_type="text/event-stream"
    )


async def embeddings(request: Request) -> Response:
    """`POST /v1/embeddings`."""
    return await _answered(request, await json_body(request))


async def images(request: Request) -> Response:
    """`POST /v1/images/generations`."""
    return await _answered(request, await json_body(request))


async def list_models(request: Request) -> Response:
    """`GET /v1/models`: those of the settings, else those of the upstream, else the toy."""
    names = await _models(platform_of(request))
    return json_response({"object": "list", "data": [_model(name) for name in names]})


async def retrieve_model(request: Request) -> Response:
    """`GET /v1/models/{model}`: a platform without a list of models has them all."""
    name = request.path_params["model"]
    _check_model(platform_of(request), name)
    return json_response(_model(name))


async def _answered(request: Request, body: Body) -> Response:
    status, answer = await _ask(request, body)
    return json_response(answer, status=status)


async def _ask(request: Request, body: Body) -> tuple[int, Body]:
    platform = platform_of(request)
    model = body.get("model")
    if isinstance(model, str):
        _check_model(platform, model)
    # A seed makes the answer repeatable; without one, equal requests are answered differently.
    custom_id = "" if body.get("seed") is not None else new_id("online-")
    return await platform.answer(request.url.path, body, custom_id)


def _check_model(platform: Platform, model: str) -> None:
    known = platform.settings.models
    if known is not None and model not in known:
        raise unknown_model(model)


async def _models(platform: Platform) -> list[str]:
    if platform.settings.models is not None:
        return list(platform.settings.models)
    if platform.settings.upstream is None:
        return [toy.MODEL]
    status, names = await upstream.models(platform.settings)
    if status != OK:
        raise ApiError("The upstream does not list its models.", status=502, kind="server_error")
    return names


def _model(name: str) -> Body:
    return {"id": name, "object": "model", "created": 0, "owned_by": "distilabel"}


def _events(answer: Body, include_usage: bool) -> Iterator[bytes]:
    head = {
        "id": answer["id"],
        "object": "chat.completion.chunk",
        "created": answer["created"],
        "model": answer["model"],
    }
    for choice in answer["choices"]:
        for delta, reason in _pieces(choice):
            piece = {"index": choice["index"], "delta": delta, "logprobs": None, "finish_reason": reason}
            yield _event({**head, "choices": [piece]})
    if include_usage:
        yield _event({**head, "choices": [], "usage": answer["usage"]})
    yield b"data: [DONE]\n\n"


def _pieces(choice: Body) -> Iterator[tuple[Body, str | None]]:
    yield {"role": "assistant", "content": ""}, None
    content = choice["message"].get("content") or ""
    for piece in re.findall(r"\s*\S+\s*$|\s*\S+|\s+", content):
        yield {"content": piece}, None
    yield {}, choice["finish_reason"]


def _event(chunk: Body) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
