"""A platform in front of another server."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import APIStatusError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from distilabel.server import Parts, Settings, create_app, running
from distilabel.server.upstream import passing_on

from .helpers import EMBEDDINGS, chat_body, line, lines, rows, run, said


def hasty(settings: Settings) -> Starlette:
    return create_app(settings, Parts(open_answer=lambda settings: passing_on(settings, first_pause=0.001)))


class Stub:
    """An upstream that answers with what it is given, one after the other, the last for ever."""

    def __init__(self, *answers: Callable[[], Response]) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[str, str | None, dict[str, Any]]] = []
        self.busy = self.busiest = 0

    async def __call__(self, request: Request) -> Response:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        body = await request.json() if request.method == "POST" else {}
        self.seen.append((request.url.path, request.headers.get("authorization"), body))
        await asyncio.sleep(0.002)
        self.busy -= 1
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()

    def app(self, _settings: Settings) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.__call__, methods=["GET", "POST"])])


def good() -> Response:
    return JSONResponse({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})


def test_platform_passes_batches_on_to_another_platform(base_url: str, start_platform):
    with start_platform(upstream=base_url, upstream_key="k") as client:
        batch = run(client, lines(60) + line("bad", chat_body(temperature=3)))
        answers = {row["custom_id"]: row for row in rows(client, batch.output_file_id)}
        (error,) = rows(client, batch.error_file_id)
        models = [model.id for model in client.models.list()]
        online = client.chat.completions.create(**chat_body("online"), stream=True)
        pieces = "".join(chunk.choices[0].delta.content or "" for chunk in online)
        embeddings = run(client, line("e", {"model": "toy", "input": "x"}, url=EMBEDDINGS), EMBEDDINGS)
    assert set(answers) == {f"r-{at}" for at in range(60)}
    assert all(said(row).startswith(f'About "prompt number {key[2:]}"') for key, row in answers.items())
    assert (error["response"]["status_code"], error["response"]["body"]["error"]["param"]) == (
        400,
        "temperature",
    )
    assert models == ["toy"]
    assert pieces.startswith('About "online"')
    assert embeddings.request_counts.completed == 1


def test_upstream_is_asked_with_its_own_key_and_the_body_as_it_was(start_platform, tmp_path: Path):
    stub = Stub(good)
    body = chat_body("\u2028", unknown_parameter={"x": [1]})
    with (
        running(Settings(tmp_path), app=stub.app) as upstream,
        start_platform(app=hasty, folder=tmp_path / "p", upstream=upstream, upstream_key="secret") as client,
    ):
        batch = run(client, line("a", body))
    assert stub.seen == [("/v1/chat/completions", "Bearer secret", body)]
    assert (batch.usage.input_tokens, batch.usage.output_tokens) == (3, 4)


def test_upstream_is_asked_again_when_it_is_busy_or_broken(start_platform, tmp_path: Path):
    stub = Stub(
        lambda: JSONResponse({}, 429, {"retry-after": "0"}), lambda: PlainTextResponse("down", 503), good
    )
    with (
        running(Settings(tmp_path), app=stub.app) as upstream,
        start_platform(app=hasty, folder=tmp_path / "p", upstream=upstream) as client,
    ):
        assert run(client, line("a")).request_counts.completed == 1
    assert len(stub.seen) == 3


@pytest.mark.parametrize(
    ("answer", "status", "asked"),
    [
        (
            lambda: JSONResponse({"error": {"message": "no", "type": "x", "param": None, "code": None}}, 422),
            422,
            1,
        ),
        (lambda: PlainTextResponse("bad gateway", 502), 502, 4),
        (lambda: JSONResponse({"error": {"message": "slow down"}}, 429), 429, 4),
        (lambda: PlainTextResponse("<html>a proxy</html>"), 502, 1),
    ],
)
def test_refusal_of_the_upstream_is_recorded(
    start_platform, tmp_path: Path, answer: Any, status: int, asked: int
):
    stub = Stub(answer)
    with (
        running(Settings(tmp_path), app=stub.app) as upstream,
        start_platform(app=hasty, folder=tmp_path / "p", upstream=upstream) as client,
    ):
        batch = run(client, line("a"))
        (row,) = rows(client, batch.error_file_id)
        assert (row["response"]["status_code"], row["error"]) == (status, None)
        assert row["response"]["body"]["error"]["message"]
        assert len(stub.seen) == asked


def test_upstream_is_asked_no_more_than_it_can_take(start_platform, tmp_path: Path):
    stub = Stub(good)
    with (
        running(Settings(tmp_path), app=stub.app) as upstream,
        start_platform(app=hasty, folder=tmp_path / "p", upstream=upstream, concurrency=3) as client,
    ):
        run(client, lines(60))
    assert stub.busiest == 3


def test_upstream_that_is_not_there_is_a_bad_gateway(start_platform, unused_port: int):
    with start_platform(app=hasty, upstream=f"http://127.0.0.1:{unused_port}/v1") as client:
        batch = run(client, line("a"))
        (row,) = rows(client, batch.error_file_id)
        assert row["response"]["body"]["error"]["code"] == "upstream_unreachable"
        assert row["response"]["status_code"] == 502
        with pytest.raises(APIStatusError) as caught:
            client.chat.completions.create(**chat_body())
        assert caught.value.status_code == 502


def test_upstream_that_takes_too_long_is_a_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def wait(_request: Request) -> Response:
        await asyncio.sleep(0.2)
        return JSONResponse({})

    async def ask(upstream: str) -> tuple[int, Any]:
        async with passing_on(Settings(tmp_path, upstream=upstream), first_pause=0.001) as answer:
            return await answer("/v1/chat/completions", {}, "a")

    monkeypatch.setattr("distilabel.server.upstream.TIMEOUT", httpx2.Timeout(0.01))
    stub = Starlette(routes=[Route("/v1/chat/completions", wait, methods=["POST"])])
    with running(Settings(tmp_path), app=lambda _settings: stub) as upstream:
        status, body = asyncio.run(ask(upstream))
    assert (status, body["error"]["code"]) == (504, "upstream_timeout")


def test_upstream_without_models_is_said_so(start_platform, tmp_path: Path):
    stub = Stub(lambda: PlainTextResponse("no", 404))
    with (
        running(Settings(tmp_path), app=stub.app) as upstream,
        start_platform(app=hasty, folder=tmp_path / "p", upstream=upstream) as client,
        pytest.raises(APIStatusError, match="does not list its models"),
    ):
        client.models.list()


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is taken, so that nobody else gets it, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_streams_of_an_upstream_carry_its_calls_and_its_items(base_url: str, start_platform):
    function = {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    with start_platform(upstream=base_url, upstream_key="k") as client:
        body = chat_body(tools=[{"type": "function", "function": function}], tool_choice="required")
        with client.chat.completions.stream(**body) as stream:
            (call,) = stream.get_final_completion().choices[0].message.tool_calls
        with client.responses.stream(model="toy", input="Hi") as stream:
            response = stream.get_final_response()
    assert (call.function.name, list(json.loads(call.function.arguments))) == ("weather", ["city"])
    assert response.output_text.startswith('About "Hi"')
