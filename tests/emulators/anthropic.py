"""Anthropic's Message Batches and Messages.

Shapes: the types of the `anthropic` package 2.12 (`types/messages/message_batch*.py`, `types/message.py`), and
https://docs.claude.com/en/docs/build-with-claude/batch-processing, November 2026.
"""

import re
from collections.abc import Mapping
from typing import Any

from tests.emulators.base import (
    Emulator,
    Refused,
    Route,
    Value,
    Visit,
    bearer,
    lines_of,
    moment,
    openai_line,
)
from tests.emulators.completions import Hollow, arguments, read
from tests.support.asgi import Response, json_response

__all__ = ["ANTHROPIC"]

_STATUSES = {
    "validating": "in_progress", "in_progress": "in_progress", "finalizing": "in_progress", "cancelling": "canceling",
    "completed": "ended", "expired": "ended", "cancelled": "ended", "failed": "ended",
}  # fmt: skip
_STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 408: "timeout_error", 504: "timeout_error",
    529: "overloaded_error",
}  # fmt: skip
_NEVER_RUN = {"batch_expired": "expired", "batch_cancelled": "canceled"}
_MOST = 100_000
_NEWEST = "2026-10-21"


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    return headers.get("x-api-key") or bearer(headers, query)


def _refusal(status: int, message: str, _code: str) -> Value:
    return {"type": "error", "error": {"type": _TYPES.get(status, "api_error"), "message": message}}


async def _create(visit: Visit) -> Response:
    _check_version(visit)
    requests = visit.json().get("requests")
    if not isinstance(requests, list) or not 0 < len(requests) <= _MOST:
        raise Refused(400, f"requests: List should have 1 to {_MOST} items")
    names = [str(request.get("custom_id")) for request in requests]
    for name in names:
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
            raise Refused(
                400, f"requests.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$': {name}"
            )
    if len(set(names)) < len(names):
        raise Refused(400, "requests: custom_id must be unique")
    for request in requests:
        if request["params"].get("stream"):
            raise Refused(400, "requests.params.stream: must not be true")
    lines = [openai_line(request["custom_id"], _chat(request["params"])) for request in requests]
    batch = await visit.submit(lines)
    visit.memory.jobs[batch["id"]] = {"total": len(lines)}
    return json_response(_shown(visit, batch))


async def _list(visit: Visit) -> Response:
    batches = [_shown(visit, batch) for batch in await visit.batches()]
    names = [batch["id"] for batch in batches]
    after, size = visit.query.get("after_id"), int(visit.query.get("limit", 20))
    if not 1 <= size <= 1000:
        raise Refused(400, "limit: must be from 1 to 1000")
    start = names.index(after) + 1 if after in names else 0
    page = batches[start : start + size]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return json_response({"data": page, "has_more": start + size < len(batches), **ends})


async def _retrieve(visit: Visit) -> Response:
    return json_response(_shown(visit, await _batch(visit)))


async def _cancel(visit: Visit) -> Response:
    batch = await _batch(visit)
    if _status(batch) != "ended":
        batch |= await visit.ask("POST", f"/v1/batches/{batch['id']}/cancel")
    return json_response(_shown(visit, batch))


async def _results(visit: Visit) -> Response:
    batch = await _batch(visit)
    if _status(batch) != "ended":
        raise Refused(404, "The results are not there yet.")
    lines = [line if isinstance(line, bytes) else _result(line) for line in await visit.results(batch)]
    return Response(200, {"content-type": "application/x-jsonl"}, lines_of(lines))


async def _message(visit: Visit) -> Response:
    _check_version(visit)
    params = visit.json()
    if not isinstance(params.get("max_tokens"), int):
        raise Refused(400, "max_tokens: Field required")
    if visit.headers["anthropic-version"] >= _NEWEST and {"temperature", "top_p", "top_k"} & params.keys():
        raise Refused(400, "temperature, top_p and top_k are not supported")
    return json_response(_rendered(await visit.ask("POST", "/v1/chat/completions", _chat(params))))


def _check_version(visit: Visit) -> None:
    if "anthropic-version" not in visit.headers:
        raise Refused(400, "anthropic-version: header is required")


async def _batch(visit: Visit) -> Value:
    return await visit.ask("GET", f"/v1/batches/{visit.found['id'].removeprefix('msg')}")


def _status(batch: Value) -> Any:
    return _STATUSES.get(batch["status"], batch["status"])


def _shown(visit: Visit, batch: Value) -> Value:
    status, made = _status(batch), batch.get("created_at", 0)
    there = status == "ended" and (batch.get("output_file_id") or batch.get("error_file_id"))
    name = f"msg{batch['id']}"
    return {
        "id": name, "type": "message_batch", "processing_status": status,
        "request_counts": _counts(batch, visit.memory.jobs.get(batch["id"], {})),
        "created_at": moment(made), "expires_at": moment(made + 86_400),
        "ended_at": moment(made) if status == "ended" else None,
        "cancel_initiated_at": moment(made) if batch["status"] in ("cancelling", "cancelled") else None,
        "archived_at": None,
        "results_url": f"{visit.root}/v1/messages/batches/{name}/results" if there else None,
    }  # fmt: skip


def _counts(batch: Value, known: Value) -> Any:
    counts = batch.get("request_counts")
    if not isinstance(counts, dict):
        return counts
    zeros = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    if _status(batch) != "ended":
        return zeros | {"processing": counts["total"] or known.get("total", 0)}
    rest = {"expired": "expired", "cancelled": "canceled"}.get(batch["status"], "errored")
    return zeros | {"succeeded": counts["completed"], rest: counts["failed"]}


def _chat(params: Value) -> Value:
    """Return a request to Messages as a chat. Every parameter stays: scripted answers are looked up by the whole request."""
    system = [{"role": "system", "content": _flat(params["system"])}] if params.get("system") else []
    messages = [{**message, "content": _flat(message["content"])} for message in params["messages"]]
    return {**params, "messages": system + messages}


def _flat(content: Any) -> Any:
    if isinstance(content, list) and all(block.get("type") == "text" for block in content):
        return "".join(block.get("text", "") for block in content)
    return content


def _result(line: Value) -> Value:
    return {"custom_id": line["custom_id"], "result": _outcome(line.get("response"), line.get("error"))}


def _outcome(response: Value | None, error: Value | None) -> Value:
    if response and response["status_code"] == 200:
        return {"type": "succeeded", "message": _rendered(response["body"])}
    if response and response["status_code"]:
        return _errored(response["status_code"], response["body"]["error"]["message"])
    if error and error["code"] in _NEVER_RUN:
        return {"type": _NEVER_RUN[error["code"]]}
    if error:
        return _errored(504 if error["code"] == "timeout" else 500, error["message"])
    return {}


def _errored(status: int, message: str) -> Value:
    return {"type": "errored", "error": _refusal(status, message, "")}


def _rendered(body: Any) -> Any:
    """Return a completion as a message."""
    reply = read(body)
    frame = {"id": "msg_1", "type": "message", "role": "assistant", "stop_sequence": None}
    usage = {"input_tokens": 7, "output_tokens": 9}
    if isinstance(reply, Hollow):
        hollow = {**frame, "model": "", "content": reply.value, "stop_reason": "end_turn", "usage": usage}
        return hollow if reply.inside else reply.value
    refused = reply.refusal is not None
    content: list[Value] = (
        [{"type": "thinking", "thinking": reply.reasoning, "signature": "s"}] if reply.reasoning else []
    )
    content += [] if reply.text is None else [{"type": "text", "text": reply.text}]
    for call in reply.calls:
        name, values = arguments(call)
        content.append({"type": "tool_use", "id": call["id"], "name": name, "input": values})
    cached, details = reply.usage.get("prompt_tokens_details"), reply.usage.get("completion_tokens_details")
    read_there = {"cache_read_input_tokens": cached["cached_tokens"]} if cached else {}
    return {
        **frame, "id": reply.id, "model": reply.model, "content": content,
        "stop_reason": "refusal" if refused else _STOPS[reply.finish],
        "usage": {
            "input_tokens": reply.usage["prompt_tokens"] - read_there.get("cache_read_input_tokens", 0),
            "output_tokens": reply.usage["completion_tokens"], **read_there,
            **({"output_tokens_details": {"thinking_tokens": details["reasoning_tokens"]}} if details else {}),
        },
    }  # fmt: skip


_BATCHES = "/v1/messages/batches"
_ID = r"(?P<id>msgbatch_[^/]+)"

ANTHROPIC = Emulator(
    "anthropic",
    (
        Route("create", "POST", _BATCHES, _create),
        Route("list", "GET", _BATCHES, _list),
        Route("poll", "GET", f"{_BATCHES}/{_ID}", _retrieve),
        Route("cancel", "POST", f"{_BATCHES}/{_ID}/cancel", _cancel),
        Route("download", "GET", f"{_BATCHES}/{_ID}/results", _results),
        Route("online", "POST", "/v1/messages", _message),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing={"data": [], "has_more": False, "first_id": None, "last_id": None},
    more={"has_more": True},
)
