"""AWS Bedrock: a bucket of S3, model invocation jobs and Converse, behind one address.

Shapes: the service models of `bedrock`, `bedrock-runtime` and `s3` in botocore 1.44, and
https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html, November 2026. Signatures are not
checked here; `tests/sigv4.py` does.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, lines_of, moment, openai_line
from tests.emulators.completions import Hollow, arguments, read
from tests.support.asgi import Response, json_response

__all__ = ["BEDROCK"]

_STATES = {
    "validating": "Validating", "in_progress": "InProgress", "finalizing": "InProgress", "cancelling": "Stopping",
    "completed": "Completed", "failed": "Failed", "expired": "Expired", "cancelled": "Stopped",
}  # fmt: skip
_STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}
_TYPES = {
    400: "ValidationException", 401: "UnrecognizedClientException", 403: "AccessDeniedException",
    404: "ResourceNotFoundException", 429: "ThrottlingException", 500: "InternalServerException",
    503: "ServiceUnavailableException",
}  # fmt: skip
_ARN = "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/"


def _key(headers: Mapping[str, str], _query: Mapping[str, str]) -> str:
    found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
    return found[1] if found else ""


def _refusal(status: int, message: str, _code: str) -> Value:
    return {"__type": _TYPES.get(status, "InternalServerException"), "message": message}


# S3


async def _put(visit: Visit) -> Response:
    visit.memory.files[_uri(visit)] = {"content": visit.body}
    return Response(200, {"etag": '"e"'})


async def _get(visit: Visit) -> Response:
    file = visit.memory.files.get(_uri(visit))
    if file is not None:
        return Response(200, {"content-type": "binary/octet-stream"}, file["content"])
    job = next((n for n, j in visit.memory.jobs.items() if _output(n, j) == _uri(visit)), None)
    if job is None:
        body = b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
        return Response(404, {"content-type": "application/xml"}, body)
    batch = await visit.ask("GET", f"/v1/batches/{job}")
    lines = [line if isinstance(line, bytes) else _result(line) for line in await visit.results(batch)]
    return Response(200, {"content-type": "binary/octet-stream"}, lines_of(lines))


async def _objects(visit: Visit) -> Response:
    folder = f"s3://{visit.found['bucket']}/{visit.query['prefix']}"
    names = [name for name in visit.memory.files if name.startswith(folder)]
    written = {_output(number, job): number for number, job in visit.memory.jobs.items()}
    for name in (name for name in written if name.startswith(folder)):
        batch = await visit.ask("GET", f"/v1/batches/{written[name]}")
        names += [name] if batch.get("output_file_id") or batch.get("error_file_id") else []
    keys = (escape(name.removeprefix(f"s3://{visit.found['bucket']}/")) for name in names)
    contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
    body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
    return Response(200, {"content-type": "application/xml"}, body.encode())


def _uri(visit: Visit) -> str:
    return f"s3://{visit.found['bucket']}/{visit.found['name']}"


def _output(number: str, job: Value) -> str:
    folder = job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].rstrip("/")
    return f"{folder}/{_outer(number)}/input.jsonl.out"


# Jobs


async def _create(visit: Visit) -> Response:
    asked = visit.json()
    for number, job in visit.memory.jobs.items():
        if job.get("clientRequestToken") == asked.get("clientRequestToken"):
            return json_response({"jobArn": _ARN + _outer(number)})
    file = visit.memory.files.get(asked["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])
    if file is None:
        raise Refused(400, "The input cannot be read.")
    values = [json.loads(line) for line in file["content"].split(b"\n") if line]
    lines = [openai_line(value["recordId"], _chat(asked["modelId"], value["modelInput"])) for value in values]
    batch = await visit.submit(lines)
    visit.memory.jobs[batch["id"]] = {**asked, "total": len(lines)}
    return json_response({"jobArn": _ARN + _outer(batch["id"])})


async def _list(visit: Visit) -> Response:
    shown = [_shown(visit, batch) for batch in await visit.batches()]
    named = [job for job in shown if visit.query.get("nameContains", "") in job["jobName"]]
    size, start = int(visit.query.get("maxResults") or 100), int(visit.query.get("nextToken") or 0)
    page: Value = {"invocationJobSummaries": named[start : start + size]}
    if start + size < len(named):
        page["nextToken"] = str(start + size)
    return json_response(page)


async def _retrieve(visit: Visit) -> Response:
    return json_response(_shown(visit, await visit.ask("GET", f"/v1/batches/{_inner(visit)}")))


async def _stop(visit: Visit) -> Response:
    await visit.ask("POST", f"/v1/batches/{_inner(visit)}/cancel")
    return json_response({})


def _inner(visit: Visit) -> str:
    """Return the name behind an id, which has twelve characters, or behind an ARN."""
    number = visit.found["id"].rpartition("/")[2]
    return next((name for name in visit.memory.jobs if _outer(name) == number), f"batch_{number}")


def _outer(name: str) -> str:
    return name.removeprefix("batch_")[:12]


def _shown(visit: Visit, batch: Value) -> Value:
    job = visit.memory.jobs.get(batch["id"], {})
    place = {"s3Uri": "s3://my-bucket/of-other-people"}
    counts = batch.get("request_counts")
    problems = (batch.get("errors") or {}).get("data")
    return {
        "jobArn": _ARN + _outer(batch["id"]), "jobName": job.get("jobName", "of-other-people"),
        "modelId": job.get("modelId", "m"), "roleArn": job.get("roleArn", "arn:aws:iam::123456789012:role/r"),
        "status": _STATES.get(batch["status"], batch["status"]), "submitTime": moment(batch.get("created_at")),
        "inputDataConfig": job.get("inputDataConfig", {"s3InputDataConfig": place}),
        "outputDataConfig": job.get("outputDataConfig", {"s3OutputDataConfig": place}),
        "modelInvocationType": "Converse",
        **({"message": f"{problems[0]['code']}: {problems[0]['message']}"} if problems else {}),
        **(_counts(counts, job) if isinstance(counts, dict) else {}),
    }  # fmt: skip


def _counts(counts: Value, job: Value) -> Value:
    return {
        "totalRecordCount": counts["total"] or job.get("total", 0),
        "successRecordCount": counts["completed"], "errorRecordCount": counts["failed"],
    }  # fmt: skip


def _result(line: Value) -> Value:
    response, error, name = line.get("response"), line.get("error"), {"recordId": line["custom_id"]}
    if response and response["status_code"] == 200:
        return {**name, "modelInput": {}, "modelOutput": _answer(response["body"])}
    if response and response["status_code"]:
        message = response["body"]["error"]["message"]
        return {**name, "error": {"errorCode": response["status_code"], "errorMessage": message}}
    if error:
        status = {"batch_expired": 408, "timeout": 408}.get(error["code"], 500)
        return {**name, "error": {"errorCode": status, "errorMessage": error["message"]}}
    return name


# Converse


async def _converse(visit: Visit) -> Response:
    body = _chat(visit.found["model"], visit.json())
    return json_response(_answer(await visit.ask("POST", "/v1/chat/completions", body)))


def _chat(model: str, request: Value) -> Value:
    """Return a request as a chat. Fields that a chat does not have stay: scripted answers are looked up by the whole request."""
    messages = [{"role": m["role"], "content": _text(m["content"])} for m in request["messages"]]
    if system := request.get("system"):
        messages.insert(0, {"role": "system", "content": _text(system)})
    rest = {name: request[name] for name in request if name not in ("messages", "system")}
    return {**rest, "model": model, "messages": messages}


def _text(blocks: list[Value]) -> str:
    return "".join(block.get("text", "") for block in blocks)


def _answer(body: Any) -> Any:
    """Return a completion as an answer of Converse."""
    reply = read(body)
    usage = {"inputTokens": 7, "outputTokens": 9, "totalTokens": 16}
    if isinstance(reply, Hollow):
        hollow = {
            "output": {"message": {"role": "assistant", "content": reply.value}},
            "stopReason": "end_turn",
        }
        return {**hollow, "usage": usage} if reply.inside else reply.value
    thought = {"reasoningContent": {"reasoningText": {"text": reply.reasoning}}}
    content: list[Value] = [thought] if reply.reasoning else []
    content += [] if reply.text is None else [{"text": reply.text}]
    for call in reply.calls:
        name, values = arguments(call)
        content.append({"toolUse": {"toolUseId": call["id"], "name": name, "input": values}})
    if cached := reply.usage.get("prompt_tokens_details"):
        read_there = cached["cached_tokens"]
        usage |= {"inputTokens": 7 - read_there, "cacheReadInputTokens": read_there}
    stop = "content_filtered" if reply.refusal is not None else _STOPS[reply.finish]
    message = {"role": "assistant", "content": content}
    return {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}}


_JOBS = "/model-invocation-job"
# An ARN holds a slash, which arrives as one.
_ID = r"(?P<id>(?:arn:[^/]+/)?[^/]+)"
_FILE = r"/(?P<bucket>my-bucket)/(?P<name>.+)"

BEDROCK = Emulator(
    "bedrock",
    (
        Route("create", "POST", _JOBS, _create),
        Route("list", "GET", f"{_JOBS}s", _list),
        Route("poll", "GET", f"{_JOBS}/{_ID}", _retrieve),
        Route("cancel", "POST", f"{_JOBS}/{_ID}/stop", _stop),
        Route("online", "POST", r"/model/(?P<model>.+)/converse", _converse),
        Route("upload", "PUT", _FILE, _put),
        Route("other", "GET", r"/(?P<bucket>my-bucket)/?", _objects),
        Route("download", "GET", _FILE, _get),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing={"invocationJobSummaries": []},
    more={"nextToken": "again"},
)
