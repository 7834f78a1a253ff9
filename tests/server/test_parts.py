"""Parts of a platform can be exchanged from outside, to watch it or to make it misbehave."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import InternalServerError

from distilabel.server import Parts, Settings, create_app
from distilabel.server.parts import open_answer
from distilabel.server.results import Results

from .helpers import chat_body, check, lines, rows, run


def test_who_answers_can_be_wrapped(start_platform):
    book: list[tuple[str, str]] = []

    @asynccontextmanager
    async def noting(settings: Settings) -> AsyncIterator[Any]:
        async with open_answer(settings) as answer:

            async def note(endpoint: str, body: dict[str, Any], custom_id: str) -> tuple[int, dict[str, Any]]:
                book.append((custom_id, body["messages"][0]["content"]))
                return await answer(endpoint, body, custom_id)

            yield note

    with start_platform(app=lambda settings: create_app(settings, Parts(open_answer=noting))) as client:
        run(client, lines(3))
    assert sorted(book) == [(f"r-{at}", f"prompt number {at}") for at in range(3)]


def test_who_writes_can_lose_and_double_lines(start_platform):
    class Careless(Results):
        def write(self, name: str, line: bytes) -> None:
            for _ in range({b"r-0": 0, b"r-1": 2}.get(line.split(b'"')[7], 1)):
                super().write(name, line)

    with start_platform(app=lambda settings: create_app(settings, Parts(open_results=Careless))) as client:
        batch = run(client, lines(3))
        assert [row["custom_id"] for row in rows(client, batch.output_file_id)] == ["r-1", "r-1", "r-2"]
        assert batch.request_counts.completed == 3


def test_error_of_the_one_who_answers_costs_one_line_only(start_platform, caplog: pytest.LogCaptureFixture):
    @asynccontextmanager
    async def clumsy(_settings: Settings) -> AsyncIterator[Any]:
        async def answer(_endpoint: str, _body: dict[str, Any], custom_id: str) -> tuple[int, dict[str, Any]]:
            if custom_id == "r-1":
                raise RuntimeError("stumbled")
            return 200, {}

        yield answer

    with start_platform(app=lambda settings: create_app(settings, Parts(open_answer=clumsy))) as client:
        batch = run(client, lines(3))
        (row,) = rows(client, batch.error_file_id)
    assert (row["custom_id"], row["response"]["status_code"]) == ("r-1", 500)
    assert "stumbled" in caplog.text


def test_error_of_the_platform_is_a_500_in_the_usual_shape(start_platform, caplog: pytest.LogCaptureFixture):
    @asynccontextmanager
    async def broken(_settings: Settings) -> AsyncIterator[Any]:
        yield None

    with start_platform(app=lambda settings: create_app(settings, Parts(open_answer=broken))) as client:
        with pytest.raises(InternalServerError) as caught:
            client.chat.completions.create(**chat_body())
        check("ErrorResponse", {"error": caught.value.body})
    assert "NoneType" in caplog.text


def test_batch_waits_out_a_trouble_of_the_platform(
    start_platform, monkeypatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.CRITICAL, "distilabel.server.worker")
    monkeypatch.setattr("distilabel.server.worker.PAUSE_AFTER_TROUBLE", 0.01)
    troubles = [OSError("no space left on device")] * 3

    class Full(Results):
        def checkpoint(self):
            if troubles and self._dirty:
                raise troubles.pop()
            return super().checkpoint()

    with start_platform(app=lambda settings: create_app(settings, Parts(open_results=Full))) as client:
        batch = run(client, lines(5))
        assert len(rows(client, batch.output_file_id)) == 5
    assert not troubles
