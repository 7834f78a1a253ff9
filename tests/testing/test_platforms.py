"""The platform in memory and the one over HTTP: one suite for both, and what only the one in memory can do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpx2
import pytest

from distilabel import _event_loop as loop
from distilabel.testing import FakePlatform, ResponseError, running


def answer(prompt: str) -> str:
    if prompt == "bad":
        raise ResponseError("No.", status=422, code="refused")
    return f"{prompt}!"


@dataclass
class Client:
    """Sends requests to a platform."""

    base_url: str
    api_key: str
    transport: httpx2.AsyncBaseTransport | None

    def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return loop.run(self._send(method, path, more))

    async def _send(self, method: str, path: str, more: dict[str, Any]) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.api_key}"}
        async with httpx2.AsyncClient(transport=self.transport, headers=headers) as client:
            return await client.request(method, f"{self.base_url}{path}", **more)

    def upload(self, *prompts: str) -> str:
        lines = [
            {"custom_id": f"line-{i}", "method": "POST", "url": "/v1/chat/completions", "body": chat(prompt)}
            for i, prompt in enumerate(prompts)
        ]
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        response = self.send(
            "POST", "/files", files={"file": ("a.jsonl", content)}, data={"purpose": "batch"}
        )
        return str(response.json()["id"])

    def create(self, *prompts: str) -> dict[str, Any]:
        body = {
            "input_file_id": self.upload(*prompts),
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {"tag": "t"},
        }
        found: dict[str, Any] = self.send("POST", "/batches", json=body).json()
        return found

    def ended(self, number: str) -> dict[str, Any]:
        """Poll a batch job until it has ended."""
        deadline = monotonic() + 60
        while True:
            batch: dict[str, Any] = self.send("GET", f"/batches/{number}").json()
            if batch["status"] in ("completed", "failed", "expired", "cancelled"):
                return batch
            assert monotonic() < deadline, "the batch job does not end"

    def lines(self, file: str) -> dict[str, Any]:
        content = self.send("GET", f"/files/{file}/content").content
        lines = [json.loads(line) for line in content.split(b"\n") if line]
        return {line["custom_id"]: line for line in lines}


def chat(prompt: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}]}


@pytest.fixture(scope="module", params=["memory", "http"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    if request.param == "memory":
        platform = FakePlatform(answer)
        yield Client(platform.base_url, platform.api_key, platform.transport)
        return
    with running(answer) as server:
        yield Client(server.base_url, server.api_key, None)


def text_of(body: dict[str, Any]) -> str:
    return str(body["choices"][0]["message"]["content"])


def test_chat_is_answered_by_the_function(client: Client):
    response = client.send("POST", "/chat/completions", json=chat("hi"))
    assert (response.status_code, text_of(response.json())) == (200, "hi!")


def test_function_chooses_the_status_of_a_failure(client: Client):
    response = client.send("POST", "/chat/completions", json=chat("bad"))
    assert (response.status_code, response.json()["error"]["code"]) == (422, "refused")


def test_embedding_is_a_vector_with_its_tokens(client: Client):
    body = client.send("POST", "/embeddings", json={"model": "m", "input": ["a b", "c"]}).json()
    assert [row["embedding"] for row in body["data"]] == [[3.0], [1.0]]
    assert body["usage"]["prompt_tokens"] == 3


def test_batch_job_answers_each_line_in_a_file(client: Client):
    created = client.create("a", "bad")
    assert created["status"] in ("validating", "in_progress")
    batch = client.ended(created["id"])
    assert (batch["status"], batch["metadata"]) == ("completed", {"tag": "t"})
    assert batch["request_counts"]["total"] == 2
    (answered,) = client.lines(batch["output_file_id"]).items()
    (failed,) = client.lines(batch["error_file_id"]).items()
    assert answered[0] == "line-0"
    assert (answered[1]["response"]["status_code"], text_of(answered[1]["response"]["body"])) == (200, "a!")
    assert failed[0] == "line-1"
    assert failed[1]["response"]["status_code"] == 422
    assert failed[1]["response"]["body"]["error"]["code"] == "refused"


def test_batch_jobs_are_listed_newest_first(client: Client):
    numbers = [client.create("a")["id"] for _ in range(2)]
    listed = client.send("GET", "/batches").json()["data"]
    assert [batch["id"] for batch in listed[:2]] == numbers[::-1]


@pytest.mark.parametrize("path", ["/batches/none", "/files/none/content"])
def test_what_is_not_there_is_404(client: Client, path: str):
    assert client.send("GET", path).status_code == 404


# In memory only


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform(answer)


@pytest.fixture
def memory(platform: FakePlatform) -> Client:
    return Client(platform.base_url, platform.api_key, platform.transport)


def test_planned_job_takes_its_polls(platform: FakePlatform, memory: Client):
    platform.plan(polls=2)
    number = memory.create("a")["id"]
    states = [memory.send("GET", f"/batches/{number}").json()["status"] for _ in range(3)]
    assert states == ["in_progress", "in_progress", "completed"]


def test_planned_job_expires_after_some_answers(platform: FakePlatform, memory: Client):
    platform.plan("expired", answered=1)
    batch = memory.ended(memory.create("a", "b", "c")["id"])
    assert batch["status"] == "expired"
    assert list(memory.lines(batch["output_file_id"])) == ["line-0"]
    expired = memory.lines(batch["error_file_id"])
    assert {name: line["error"]["code"] for name, line in expired.items()} == {
        "line-1": "batch_expired",
        "line-2": "batch_expired",
    }


def test_planned_job_is_rejected(platform: FakePlatform, memory: Client):
    platform.plan("failed", errors=[{"code": "empty_file", "message": "Empty.", "line": None}])
    batch = memory.ended(memory.create("a")["id"])
    assert (batch["status"], batch["output_file_id"]) == ("failed", None)
    assert batch["errors"]["data"][0]["code"] == "empty_file"


def test_planned_failures_come_in_order_and_end(platform: FakePlatform, memory: Client):
    platform.fail("chat", 503, times=2)
    statuses = [memory.send("POST", "/chat/completions", json=chat("a")).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]


def test_planned_failure_after_the_call_takes_effect(platform: FakePlatform, memory: Client):
    platform.fail("create", httpx2.ReadTimeout, carried_out=True)
    with pytest.raises(httpx2.ReadTimeout):
        memory.create("a")
    assert platform.prompts == ["a"]


def test_calls_are_remembered(platform: FakePlatform, memory: Client):
    memory.ended(memory.create("a")["id"])
    assert platform.calls == ["upload", "create", "poll"]
    assert [request.method for request in platform.requests] == ["POST", "POST", "GET"]


def test_unknown_call_is_named(memory: Client):
    with pytest.raises(AssertionError, match="does not have this call: GET https://"):
        memory.send("GET", "/models")
