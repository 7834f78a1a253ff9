"""Anthropic's dialect: Messages and Message Batches.

Shapes: https://platform.claude.com/docs/en/build-with-claude/batch-processing and the types of the official SDK 2.12,
read in November 2026. A batch has neither name nor metadata, so the custom_ids carry the job's tag; whose a batch is
shows only in its results, which are there when it has ended.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path

from distilabel.exceptions import DistilabelModelNotFoundError, DistilabelPlatformError
from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse
from distilabel.providers.anthropic.batches import (
    ENDPOINT,
    batches_of,
    first_line,
    may_be,
    remote_job,
    tag_in,
)
from distilabel.providers.anthropic.messages import message_outcome, result_outcome
from distilabel.providers.base import DAY, INLINE, Limits, call, call_json
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import as_dict, read_json
from distilabel.records import (
    Decoded,
    Failure,
    Found,
    Job,
    Outcome,
    RemoteJob,
    Target,
    canonical_json,
)

__all__ = ["VERSION", "Anthropic"]

VERSION = "2023-06-01"
"""Of the API; later ones refuse `temperature`, `top_p` and `top_k`.

https://platform.claude.com/docs/en/api/versioning (November 2026)
"""

_BATCHES = "/v1/messages/batches"
_PAGE = "1000"
# The beginning of a result file holds the custom_id of its first line.
_BEGINNING = 1 << 16
_GONE = 404


class Anthropic:
    """Anthropic.

    Args:
        version: Of the API, as the header `anthropic-version` names it.
    """

    name = "anthropic"
    # 100,000 requests and 256 MB, by the guide; half of that, since the whole body goes out in one unsafe call.
    # Results are there for 29 days after the batch was made.
    limits = Limits(requests=100_000, size=128_000_000, kept=29 * DAY)
    tags_ids = True

    def __init__(self, version: str = VERSION) -> None:
        self._version = version

    def headers(self, key: str) -> Mapping[str, str]:
        return {"x-api-key": key, "anthropic-version": self._version}

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - there is one
        return b'{"custom_id":"%b","params":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        try:
            # Not orjson: it refuses unpaired surrogates and rounds large integers, and keys stand for the exact bytes.
            value = json.loads(line)
            return str(value["custom_id"]), canonical_json(value["params"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    # Online

    def online(self, target: Target, body: bytes) -> HttpRequest:  # noqa: ARG002 - there is one endpoint
        return HttpRequest("POST", ENDPOINT, json=body)

    def answer(self, response: HttpResponse) -> Outcome:
        if response.status in (401, 403):
            raise parse_error(response)
        try:
            body = read_json(response.body)
        except ValueError:
            body = response.body
        outcome = message_outcome(response.status, body)
        if response.status == _GONE and isinstance(outcome, Failure):
            raise DistilabelModelNotFoundError(
                f"The platform does not know the model ({outcome.message}): check the name given as `model`.",
                status=_GONE, code=outcome.code,
            )  # fmt: skip
        return outcome

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        try:
            body = read_json(response.body)
        except ValueError:
            body = None
        result = {"type": "online", "status_code": response.status, "message": body}
        return canonical_json({"custom_id": custom_id, "result": result}) + b"\n"

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:  # noqa: ARG002 - nothing is uploaded
        yield from ()
        return INLINE

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - a batch takes no name
        body = FromFile(path, b'{"requests":[', b",", b"]}", "application/json")
        answer = yield from call_json(HttpRequest("POST", _BATCHES, content=body, safe=False), having="id")
        return remote_job(answer)

    def find(self, job: Job | None) -> Flow[Found]:
        # To the last page: no clock can be trusted to stop early.
        ours: list[RemoteJob] = []
        doubtful: list[RemoteJob] = []
        params = {"limit": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", _BATCHES, params=params))
            batches = batches_of(page)
            for remote in map(remote_job, batches):
                if may_be(remote, job):
                    told = yield from _told(remote, job)
                    ours += told.ours
                    doubtful += told.doubtful
            if not page.get("has_more") or not batches:
                return Found(tuple(ours), tuple(doubtful))
            params = {"limit": _PAGE, "after_id": str(batches[-1]["id"])}

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(HttpRequest("GET", f"{_BATCHES}/{remote_id}"), having="id")
        except DistilabelPlatformError as error:
            if error.status == _GONE:
                return None
            raise
        return remote_job(answer)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        # Not from `results_url`: behind a gateway it leads past the gateway, and the key with it.
        try:
            yield from call(HttpRequest("GET", f"{_BATCHES}/{file}/results", save_to=path))
        except DistilabelPlatformError as error:
            if error.status == _GONE:
                return False
            raise
        return True

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_BATCHES}/{remote_id}/cancel"))

    def decode(self, line: bytes) -> Decoded:
        try:
            value = read_json(line)
        except ValueError:
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
            message = "The platform sent a line that is not JSON, or has no name."
            return Decoded(None, Failure("unreadable_line", message, retryable=True))
        return Decoded(value["custom_id"], result_outcome(as_dict(value.get("result"))))


def _told(remote: RemoteJob, job: Job | None) -> Generator[HttpRequest, HttpResponse, Found]:
    """Tell by its first result whose an ended batch is; one that is still running is doubtful."""
    doubtful = Found(doubtful=(remote,))
    if not remote.phase.has_ended:
        return doubtful
    request = HttpRequest("GET", f"{_BATCHES}/{remote.remote_id}/results", most=_BEGINNING)
    try:
        beginning = (yield from call(request)).body
    except DistilabelPlatformError as error:
        if error.status == _GONE:  # deleted, or older than 29 days
            return Found()
        raise
    name, model = first_line(beginning)
    if name is None:
        return doubtful
    tag = tag_in(name)
    if not tag or (job is not None and tag != job.tag[:16]):
        return Found()
    return Found(ours=(replace(remote, tag=job.tag if job else tag, model=model),))
