"""The Batch API: https://platform.openai.com/docs/api-reference/batch."""

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from distilabel.server.batch_rules import BatchParameters, batch_parameters
from distilabel.server.errors import ApiError
from distilabel.server.http import json_response, page
from distilabel.server.platform import Platform, platform_of
from distilabel.server.reading import json_body, limit_of
from distilabel.server.records import Batch, Status

DEFAULT_LIST = 20
MAX_LIST = 100


async def create_batch(request: Request) -> Response:
    """`POST /v1/batches`: the answer is sent once the batch is safely in the database."""
    platform = platform_of(request)
    parameters = batch_parameters(await json_body(request), platform.settings)
    batch = await run_in_threadpool(_create, platform, parameters, time.time())
    platform.worker.wake()
    return json_response(batch.wire())


def retrieve_batch(request: Request) -> Response:
    """`GET /v1/batches/{batch_id}`."""
    return json_response(platform_of(request).store.batch(request.path_params["batch_id"]).wire())


def list_batches(request: Request) -> Response:
    """`GET /v1/batches`: newest first."""
    limit = limit_of(request, DEFAULT_LIST, MAX_LIST)
    after = request.query_params.get("after")
    batches, has_more = platform_of(request).store.batches(limit=limit, after=after)
    return json_response(page([batch.wire() for batch in batches], has_more=has_more))


def cancel_batch(request: Request) -> Response:
    """`POST /v1/batches/{batch_id}/cancel`: 409 once it is over."""
    batch = platform_of(request).store.cancel(request.path_params["batch_id"], time.time())
    if batch.status is not Status.CANCELLING:
        raise ApiError(f"Cannot cancel a batch with status '{batch.status}'.", status=409)
    return json_response(batch.wire())


def _create(platform: Platform, parameters: BatchParameters, now: float) -> Batch:
    _check_input(platform, parameters.input_file_id, now)
    return platform.store.add_batch(
        input_file_id=parameters.input_file_id,
        endpoint=parameters.endpoint,
        completion_window=parameters.completion_window,
        metadata=parameters.metadata,
        output_seconds=parameters.output_seconds,
        now=now,
        expires_at=now + platform.settings.expire_after,
    )


def _check_input(platform: Platform, file_id: str, now: float) -> None:
    try:
        file = platform.store.file(file_id, now)
    except ApiError as refusal:
        raise ApiError(refusal.message, param="input_file_id") from refusal
    if file.purpose != "batch":
        message = f"The input file must have purpose 'batch'; {file_id} has '{file.purpose}'."
        raise ApiError(message, param="input_file_id")
