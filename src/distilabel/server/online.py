"""Requests answered while the client waits, and the list of models.

https://platform.openai.com/docs/api-reference/chat/create
https://platform.openai.com/docs/api-reference/completions/create
https://platform.openai.com/docs/api-reference/responses/create
https://platform.openai.com/docs/api-reference/embeddings/create
https://platform.openai.com/docs/api-reference/images/create
https://platform.openai.com/docs/api-reference/moderations/create
https://platform.openai.com/docs/api-reference/models
"""

from collections.abc import Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from distilabel.server import upstream
from distilabel.server.errors import ApiError, unknown_model
from distilabel.server.http import Body, json_response, new_id
from distilabel.server.platform import Platform, platform_of
from distilabel.server.reading import json_body
from distilabel.server.streaming import chat_events, completion_events, response_events
from distilabel.server.toy_model import model as toy

OK = 200


async def chat_completions(request: Request) -> Response:
    """`POST /v1/chat/completions`."""
    return await _maybe_streamed(request, chat_events)


async def completions(request: Request) -> Response:
    """`POST /v1/completions`."""
    return await _maybe_streamed(request, completion_events)


async def responses(request: Request) -> Response:
    """`POST /v1/responses`."""
    return await _maybe_streamed(request, response_events)


async def whole(request: Request) -> Response:
    """`POST` to an endpoint whose answers are not streamed."""
    status, answer = await _ask(request, await json_body(request))
    return json_response(answer, status=status)


async def list_models(request: Request) -> Response:
    """`GET /v1/models`: those of the settings, else those of the upstream, else the toy."""
    names = await _models(platform_of(request))
    return json_response({"object": "list", "data": [_model(name) for name in names]})


async def retrieve_model(request: Request) -> Response:
    """`GET /v1/models/{model}`: a platform without a list of models has them all."""
    name = request.path_params["model"]
    _check_model(platform_of(request), name)
    return json_response(_model(name))


async def _maybe_streamed(request: Request, events: Callable[[Body, bool], Iterator[bytes]]) -> Response:
    """Answer, with `stream` as events.

    The whole answer is made first and then sent in pieces: clients that stream work, nobody waits less.
    """
    body = await json_body(request)
    options = body.get("stream_options") or {}
    kept = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    streams = bool(body.get("stream"))
    status, answer = await _ask(request, kept if streams else body)
    if status != OK or not streams:
        return json_response(answer, status=status)
    return StreamingResponse(
        events(answer, bool(options.get("include_usage"))), media_type="text/event-stream"
    )


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
