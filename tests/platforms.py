"""Anthropic, the Gemini API, Vertex AI and AWS Bedrock in memory, as far as our dialects speak with them; and a desk at each."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import httpx2

from distilabel.providers.anthropic.dialect import Anthropic
from distilabel.providers.aws.bedrock import Bedrock
from distilabel.providers.base import Limits
from distilabel.providers.google.gemini import Gemini
from distilabel.providers.google.vertex import Vertex
from distilabel.records import Target
from distilabel.testing.platform import Batch, Line
from distilabel.transport import HttpTransport
from tests.fakes import KEY, FakePlatform, Office, said
from tests.sigv4 import signed_for, signer

HOST = "https://platform.test"
NO_SUCH = {"error": {"code": 404, "message": "No such thing.", "status": "NOT_FOUND"}}


class InMemory(FakePlatform):
    """What the four share: a job is over after as many polls as its plan says, or when the test says so."""

    base_url = HOST
    endpoint = "generateContent"
    online: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.online = content("online")
        self.over: set[str] = set()

    def provider(self) -> Any:
        """The dialect, with room for three requests a job."""
        raise NotImplementedError

    def sit_down(self, office: Office) -> Office:
        """Have `office` ask this platform."""
        provider = self.provider()
        provider.limits = Limits(requests=3, size=2_000)
        transport = HttpTransport(
            self.base_url, provider.headers(KEY), secrets=(KEY,), transport=self.transport, attempts=2
        )
        target = Target(provider.name, self.base_url, self.endpoint, "m")
        office.client = replace(office.client, target=target, provider=provider, transport=transport)
        return office

    def is_over(self, batch: Batch) -> bool:
        return batch.polls > batch.plan.polls or batch.id in self.over

    async def _poll(self, _: httpx2.Request, number: str) -> httpx2.Response:
        if number not in self.batches:
            return httpx2.Response(404, json=NO_SUCH)
        self.batches[number].polls += 1
        return httpx2.Response(200, json=self.shown(self.batches[number]))

    async def _cancel(self, _: httpx2.Request, number: str) -> httpx2.Response:
        self.over.add(number)
        return httpx2.Response(200, json=self.shown(self.batches[number]))

    async def _ask(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request online with `online`."""
        return httpx2.Response(200, json=self.online)

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        lines, metadata = self.asked(json.loads(request.content))
        return httpx2.Response(200, json=self.shown(self.add(lines, metadata)))

    async def _list(self, request: httpx2.Request) -> httpx2.Response:
        start = int(request.url.params.get("pageToken", "0"))
        newest_first = list(reversed(self.batches.values()))[start : start + 2]
        more = start + 2 < len(self.batches)
        return httpx2.Response(
            200, json=self.page([self.shown(b) for b in newest_first], start + 2 if more else None)
        )

    def asked(self, body: dict[str, Any]) -> tuple[list[Line], dict[str, str]]:
        raise NotImplementedError

    def shown(self, batch: Batch) -> dict[str, Any]:
        raise NotImplementedError

    def page(self, shown: list[dict[str, Any]], following: int | None) -> dict[str, Any]:
        raise NotImplementedError

    def lines_of(self, file: str, name: str, body: str) -> list[Line]:
        lines = [json.loads(line) for line in self.files[file].split(b"\n") if line]
        return [{"custom_id": line[name], "body": line[body]} for line in lines]


def content(text: str) -> dict[str, Any]:
    """A GenerateContentResponse."""
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5, "totalTokenCount": 8},
    }


def jsonl(lines: list[dict[str, Any]]) -> bytes:
    # The last first: nobody promises an order.
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in reversed(lines))


class AnthropicInMemory(InMemory):
    """Message Batches."""

    endpoint = "/v1/messages"

    def __init__(self) -> None:
        super().__init__()
        self.online = message("online")

    def provider(self) -> Anthropic:
        return Anthropic()

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        match request.method, *request.url.path.removeprefix("/v1/messages").strip("/").split("/"):
            case "POST", "":
                return ("ask",)
            case "POST", "batches":
                return ("create",)
            case "GET", "batches":
                return ("list",)
            case "GET", "batches", number:
                return ("poll", number)
            case "GET", "batches", number, "results":
                return ("content", number)
            case "POST", "batches", number, "cancel":
                return ("cancel", number)
        raise AssertionError(f"unknown call: {request.method} {request.url}")

    def asked(self, body: dict[str, Any]) -> tuple[list[Line], dict[str, str]]:
        assert list(body) == ["requests"]
        return [{"custom_id": r["custom_id"], "body": r["params"]} for r in body["requests"]], {}

    def shown(self, batch: Batch) -> dict[str, Any]:
        over = self.is_over(batch)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if over else "in_progress",
            "request_counts": {"succeeded" if over else "processing": len(batch.lines)},
            "created_at": "2033-05-18T03:33:20Z",
            # Leads elsewhere: nobody may follow it.
            "results_url": "https://elsewhere.test/results" if over else None,
        }

    def page(self, shown: list[dict[str, Any]], following: int | None) -> dict[str, Any]:
        return {"data": shown, "has_more": following is not None}

    async def _list(self, request: httpx2.Request) -> httpx2.Response:
        newest_first = [batch.id for batch in reversed(self.batches.values())]
        after = request.url.params.get("after_id")
        start = newest_first.index(after) + 1 if after else 0
        shown = [self.shown(self.batches[number]) for number in newest_first[start : start + 2]]
        return httpx2.Response(
            200, json=self.page(shown, start + 2 if start + 2 < len(newest_first) else None)
        )

    async def _content(self, _: httpx2.Request, number: str) -> httpx2.Response:
        results = [
            {
                "custom_id": line["custom_id"],
                "result": {"type": "succeeded", "message": message(said_of(line))},
            }
            for line in self.batches[number].lines
        ]
        return httpx2.Response(200, content=jsonl(results))


def message(text: str) -> dict[str, Any]:
    """A Message."""
    usage = {"input_tokens": 3, "output_tokens": 5}
    content = [{"type": "text", "text": text}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": "end_turn",
        "usage": usage,
    }


def said_of(line: Line) -> str:
    """What is answered: the prompt, and which sample of it; the tag that a custom_id may carry is left out."""
    body = line["body"]
    if "contents" in body:
        body = {"messages": [{"content": body["contents"][-1]["parts"][-1]["text"]}]}
    if isinstance(blocks := body["messages"][-1]["content"], list):
        body = {"messages": [{"content": blocks[-1]["text"]}]}
    return said({"body": body, "custom_id": "-".join(line["custom_id"].split("-")[:2])})


class GeminiInMemory(InMemory):
    """Files and batches of the Gemini API."""

    def provider(self) -> Gemini:
        return Gemini()

    def route(self, request: httpx2.Request) -> tuple[str, ...]:  # noqa: PLR0911 - a table
        path = request.url.path
        match request.method, *path.strip("/").split("/"):
            case "POST", "upload", "v1beta", "files":
                return ("upload",) if "upload_id" in request.url.params else ("start",)
            case "POST", "v1beta", "models", "m:generateContent":
                return ("ask",)
            case "POST", "v1beta", "models", "m:batchGenerateContent":
                return ("create",)
            case "GET", "v1beta", "batches":
                return ("list",)
            case "GET", "v1beta", "batches", number:
                return ("poll", number)
            case "POST", "v1beta", "batches", number:
                return ("cancel", number.removesuffix(":cancel"))
            case "GET", "v1beta", "files", name:
                return ("content", f"files/{name.removesuffix(':download')}")
        raise AssertionError(f"unknown call: {request.method} {request.url}")

    async def _start(self, request: httpx2.Request) -> httpx2.Response:
        name = json.loads(request.content)["file"]["name"]
        if name in self.files:
            return httpx2.Response(
                409, json={"error": {"code": 409, "message": "Taken.", "status": "ALREADY_EXISTS"}}
            )
        address = f"{HOST}/upload/v1beta/files?upload_id={name}"
        return httpx2.Response(200, headers={"x-goog-upload-url": address})

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        assert "x-goog-api-key" not in request.headers
        name = request.url.params["upload_id"]
        self.files[name] = request.content
        return httpx2.Response(200, json={"file": {"name": name}})

    def asked(self, body: dict[str, Any]) -> tuple[list[Line], dict[str, str]]:
        batch = body["batch"]
        lines = self.lines_of(batch["inputConfig"]["fileName"], "key", "request")
        return lines, {"name": batch["displayName"]}

    def shown(self, batch: Batch) -> dict[str, Any]:
        over = self.is_over(batch)
        state = batch.plan.status if over else "RUNNING"
        metadata = {
            "state": f"BATCH_STATE_{'SUCCEEDED' if state == 'completed' else state}",
            "displayName": batch.metadata["name"],
        }
        file = f"files/{batch.id}-out"
        if over and state == "completed":
            results = [{"key": line["custom_id"], "response": content(said_of(line))} for line in batch.lines]
            self.files[file] = jsonl(results)
            metadata["output"] = {"responsesFile": file}
        return {"name": f"batches/{batch.id}", "metadata": metadata}

    def page(self, shown: list[dict[str, Any]], following: int | None) -> dict[str, Any]:
        return (
            {"operations": shown, **({"nextPageToken": str(following)} if following else {})} if shown else {}
        )


class VertexInMemory(InMemory):
    """Batch prediction jobs, and a bucket of Cloud Storage."""

    base_url = f"{HOST}/v1/projects/p/locations/l"

    def provider(self) -> Vertex:
        return Vertex("b", f"{HOST}/gcs")

    def route(self, request: httpx2.Request) -> tuple[str, ...]:  # noqa: PLR0911 - a table
        path = request.url.raw_path.decode().partition("?")[0]
        path = path.removeprefix("/gcs").removeprefix("/v1/projects/p/locations/l").strip("/")
        match request.method, *path.split("/"):
            case "POST", "upload", "storage", "v1", "b", "b", "o":
                return ("upload",)
            case "GET", "storage", "v1", "b", "b", "o":
                return ("objects",)
            case "GET", "storage", "v1", "b", "b", "o", name:
                return ("content", unquote(name))
            case "POST", "publishers", "google", "models", "m:generateContent":
                return ("ask",)
            case "POST", "batchPredictionJobs":
                return ("create",)
            case "GET", "batchPredictionJobs":
                return ("list",)
            case "GET", "batchPredictionJobs", number:
                return ("poll", number)
            case "POST", "batchPredictionJobs", number:
                return ("cancel", number.removesuffix(":cancel"))
        raise AssertionError(f"unknown call: {request.method} {request.url}")

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        name = request.url.params["name"]
        self.files[name] = request.content
        return httpx2.Response(200, json={"name": name, "bucket": "b"})

    async def _objects(self, request: httpx2.Request) -> httpx2.Response:
        names = [name for name in self.files if name.startswith(request.url.params["prefix"])]
        return httpx2.Response(200, json={"items": [{"name": name} for name in names]} if names else {})

    def asked(self, body: dict[str, Any]) -> tuple[list[Line], dict[str, str]]:
        (uri,) = body["inputConfig"]["gcsSource"]["uris"]
        lines = self.lines_of(uri.removeprefix("gs://b/"), "custom_id", "request")
        prefix = body["outputConfig"]["gcsDestination"]["outputUriPrefix"]
        return lines, {"name": body["displayName"], "folder": f"{prefix}/prediction-model-1"}

    def shown(self, batch: Batch) -> dict[str, Any]:
        over, folder = self.is_over(batch), batch.metadata["folder"]
        state = batch.plan.status if over else "RUNNING"
        shown: dict[str, Any] = {
            "name": f"projects/1/locations/l/batchPredictionJobs/{batch.id}",
            "displayName": batch.metadata["name"],
            "state": f"JOB_STATE_{'SUCCEEDED' if state == 'completed' else state}",
        }
        if over and state == "completed":
            shown["outputInfo"] = {"gcsOutputDirectory": folder}
            for number, line in enumerate(batch.lines):
                result = {
                    "custom_id": line["custom_id"],
                    "status": "",
                    "request": line["body"],
                    "response": content(said_of(line)),
                }
                self.files[f"{folder.removeprefix('gs://b/')}/predictions-{number}.jsonl"] = jsonl([result])
        return shown

    def page(self, shown: list[dict[str, Any]], following: int | None) -> dict[str, Any]:
        page = {"batchPredictionJobs": shown} if shown else {}
        return {**page, **({"nextPageToken": str(following)} if following else {})}


class BedrockInMemory(InMemory):
    """Model invocation jobs, Converse, and a bucket of S3; each call must be signed for the service that it goes to."""

    endpoint = "converse"
    role = "arn:aws:iam::123456789012:role/batch"

    def __init__(self) -> None:
        super().__init__()
        self.online = converse("online")

    def provider(self) -> Bedrock:
        return Bedrock("my-bucket", self.role, HOST)

    def sit_down(self, office: Office) -> Office:
        office = super().sit_down(office)
        transport = HttpTransport(self.base_url, {}, signer=signer(), transport=self.transport, attempts=2)
        office.client = replace(office.client, transport=transport)
        return office

    def route(self, request: httpx2.Request) -> tuple[str, ...]:  # noqa: PLR0911 - a table
        path = request.url.path.strip("/")
        in_storage = path.startswith("my-bucket")
        assert signed_for(request) == ("us-east-1", "s3" if in_storage else "bedrock")
        match request.method, *path.split("/"):
            case "PUT", "my-bucket", *name:
                return ("upload", "/".join(name))
            case "GET", "my-bucket":
                return ("objects",)
            case "GET", "my-bucket", *name:
                return ("content", "/".join(name))
            case "POST", "model", "m", "converse":
                return ("ask",)
            case "POST", "model-invocation-job":
                return ("create",)
            case "GET", "model-invocation-jobs":
                return ("list",)
            case "GET", "model-invocation-job", number:
                return ("poll", number)
            case "POST", "model-invocation-job", number, "stop":
                return ("cancel", number)
        raise AssertionError(f"unknown call: {request.method} {request.url}")

    async def _upload(self, request: httpx2.Request, name: str) -> httpx2.Response:
        self.files[name] = await request.aread()
        return httpx2.Response(200, headers={"etag": '"e"'})

    async def _objects(self, request: httpx2.Request) -> httpx2.Response:
        names = [name for name in self.files if name.startswith(request.url.params["prefix"])]
        keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names)
        return httpx2.Response(200, text=f"<ListBucketResult>{keys}</ListBucketResult>")

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        # The same token again is the same job: https://docs.aws.amazon.com/bedrock/latest/APIReference.
        twins = [b for b in self.batches.values() if b.metadata["token"] == body["clientRequestToken"]]
        batch = twins[0] if twins else self.add(*self.asked(body))
        return httpx2.Response(200, json={"jobArn": self.arn(batch)})

    async def _list(self, request: httpx2.Request) -> httpx2.Response:
        start, name = int(request.url.params.get("nextToken", "0")), request.url.params["nameContains"]
        named = [batch for batch in reversed(self.batches.values()) if name in batch.metadata["name"]]
        page = {"invocationJobSummaries": [self.shown(batch) for batch in named[start : start + 2]]}
        return httpx2.Response(
            200, json={**page, **({"nextToken": str(start + 2)} if named[start + 2 :] else {})}
        )

    def arn(self, batch: Batch) -> str:
        return f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/{batch.id}"

    def asked(self, body: dict[str, Any]) -> tuple[list[Line], dict[str, str]]:
        assert body["modelInvocationType"] == "Converse"
        file = body["inputDataConfig"]["s3InputDataConfig"]["s3Uri"]
        lines = self.lines_of(file.removeprefix("s3://my-bucket/"), "recordId", "modelInput")
        output = body["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]
        return lines, {
            "name": body["jobName"],
            "token": body["clientRequestToken"],
            "in": file,
            "out": output,
        }

    def shown(self, batch: Batch) -> dict[str, Any]:
        state = batch.plan.status.capitalize() if self.is_over(batch) else "InProgress"
        reported = batch.metadata
        if state == "Completed":
            results = [
                {
                    "recordId": line["custom_id"],
                    "modelInput": line["body"],
                    "modelOutput": converse(said_of(line)),
                }
                for line in batch.lines
            ]
            folder = reported["out"].removeprefix("s3://my-bucket/") + batch.id
            self.files[f"{folder}/input.jsonl.out"] = jsonl(results)
            self.files[f"{folder}/manifest.json.out"] = b"{}"
        return {
            "jobArn": self.arn(batch),
            "jobName": reported["name"],
            "status": state,
            "modelId": "m",
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": reported["in"]}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": reported["out"]}},
        }


def converse(text: str) -> dict[str, Any]:
    """An answer of Converse."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
        "metrics": {"latencyMs": 1},
    }
