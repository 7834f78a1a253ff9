"""Platforms that are OpenAI-shaped with differences, in memory: what each does otherwise than `FakePlatform`."""

import hashlib
import json
from typing import Any

import httpx2

from distilabel.testing.platform import Line, route, uploaded
from tests.fakes import FakePlatform


def lines_of(content: bytes) -> list[Line]:
    return [json.loads(line) for line in content.split(b"\n") if line]


class FakeAzure(FakePlatform):
    """Paths below /openai/v1; counts that are null; an error file of no bytes beside a job without failures."""

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        assert request.url.path.startswith("/openai/v1/")
        assert "api-key" in request.headers
        return route(httpx2.Request(request.method, f"https://x{request.url.path.removeprefix('/openai')}"))

    def _view(self, batch: Any, *, over: bool = False) -> httpx2.Response:
        value = super()._view(batch, over=over).json()
        if value["output_file_id"] and not value["error_file_id"]:
            self.files[f"{batch.id}-none"] = b""
            value["error_file_id"] = f"{batch.id}-none"
        return httpx2.Response(200, json={**value, "request_counts": {"total": None, "completed": None}})


class FakeGroq(FakePlatform):
    """All jobs on one page."""

    async def _list(self, _: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"data": [self._view(b).json() for b in self.batches.values()]})


class FakeNovita(FakePlatform):
    """Keeps no metadata, shouts its states, and tells the names of files."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        if (request.method, request.url.path) == ("GET", "/v1/files"):
            return ("names",)
        return route(request)

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super()._upload(request)
        name = request.content.partition(b'filename="')[2].partition(b'"')[0].decode()
        self.names[answer.json()["id"]] = name
        return answer

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        assert "metadata" not in asked
        batch = self.add(lines_of(self.files[asked["input_file_id"]]), {}, asked["input_file_id"])
        return self._view(batch)

    async def _names(self, _: httpx2.Request) -> httpx2.Response:
        data = [{"id": number, "filename": name} for number, name in self.names.items()]
        return httpx2.Response(200, json={"data": data, "has_more": False})

    def _view(self, batch: Any, *, over: bool = False) -> httpx2.Response:
        value = super()._view(batch, over=over).json()
        status = "PROGRESS" if value["status"] == "in_progress" else value["status"].upper()
        return httpx2.Response(200, json={**value, "metadata": None, "status": status})


class FakeTogether(FakeNovita):
    """Files go to a store behind, once for each content; jobs come in an object, lists without one."""

    def __init__(self) -> None:
        super().__init__()
        self.promised: dict[str, str] = {}

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        match request.method, *request.url.path.strip("/").split("/"):
            case "PUT", "store", number:
                assert "authorization" not in request.headers
                return ("put", number)
            case "POST", "v1", "files", _, "preprocess":
                return ("preprocess",)
        return super().route(request)

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        form = request.content.decode()
        checksum, name = (
            form.partition(f'name="{field}"\r\n\r\n')[2].split("\r\n")[0]
            for field in ("checksum", "file_name")
        )
        for number, content in self.files.items():
            if hashlib.sha256(content).hexdigest() == checksum:
                return httpx2.Response(409, json={"file_id": number})
        number = f"file-{next(self._numbers)}"
        self.names[number] = name
        self.promised[number] = checksum
        there = {"Location": f"https://platform.test/store/{number}", "X-Together-File-Id": number}
        return httpx2.Response(302, headers=there)

    async def _put(self, request: httpx2.Request, number: str) -> httpx2.Response:
        assert hashlib.sha256(request.content).hexdigest() == self.promised[number]
        self.files[number] = request.content
        return httpx2.Response(200)

    async def _preprocess(self, _: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"id": "f"})

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        made = await super()._create(request)
        return httpx2.Response(201, json={"job": made.json(), "warning": ""})

    async def _list(self, _: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=[self._view(b).json() for b in self.batches.values()])


class FakeMistral(FakePlatform):
    """Jobs of its own shape, counted in pages of which each has two."""

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        path = request.url.path.replace("/batch/jobs", "/batches")
        return route(httpx2.Request(request.method, f"https://x{path}"))

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        number = f"file-{next(self._numbers)}"
        self.files[number] = uploaded(request)
        return httpx2.Response(200, json={"id": number, "num_lines": None})

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        return self._view(
            self.add(
                lines_of(self.files[asked["input_files"][0]]), asked["metadata"], asked["input_files"][0]
            )
        )

    async def _list(self, request: httpx2.Request) -> httpx2.Response:
        start, size = (int(request.url.params[name]) for name in ("page", "page_size"))
        some = list(self.batches.values())[start * size : (start + 1) * size]
        data = [self._view(batch).json() for batch in some]
        return httpx2.Response(200, json={"object": "list", "data": data, "total": len(self.batches)})

    def _view(self, batch: Any, *, over: bool = False) -> httpx2.Response:
        value = super()._view(batch, over=over).json()
        words = {
            "completed": "SUCCESS",
            "in_progress": "RUNNING",
            "failed": "FAILED",
            "expired": "TIMEOUT_EXCEEDED",
        }
        return httpx2.Response(
            200,
            json={
                "id": batch.id, "status": words[value["status"]], "metadata": value["metadata"],
                "created_at": 2_000_000_000, "total_requests": len(batch.lines), "errors": [],
                "output_file": value["output_file_id"], "error_file": value["error_file_id"],
                "endpoint": value["endpoint"], "input_files": [value["input_file_id"]],
            },
        )  # fmt: skip
