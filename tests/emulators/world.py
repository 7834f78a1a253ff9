"""A platform in an emulator, on a port, with a model that answers by a pure function of the prompt."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from distilabel.server import Parts, Settings, create_app, running
from tests.emulators.base import Emulator, EmulatorApp, Memory

__all__ = ["BAD", "answer_to", "chats", "emulated", "statuses", "until", "vector_of"]

BAD = "a prompt that is refused"
_T = TypeVar("_T")


def answer_to(prompt: str) -> str:
    """Return the answer to a prompt."""
    return f"On {prompt!r}\u2028there is much to say."


def vector_of(text: str) -> list[float]:
    """Return the embedding of a text."""
    return [float(len(text)), 1.0]


def chats(*prompts: str) -> bytes:
    """Return lines of chats as OpenAI reads them."""
    lines = []
    for number, prompt in enumerate(prompts):
        body = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
        line = {"custom_id": f"id-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        lines.append(json.dumps(line).encode() + b"\n")
    return b"".join(lines)


@contextmanager
def emulated(
    emulator: Emulator, folder: Path, answer: Callable[..., Any] | None = None, **settings: Any
) -> Iterator[str]:
    """Run a platform in an emulator, whose model answers by `answer`; gives `http://host:port`."""
    memory = Memory()

    @asynccontextmanager
    async def open_answer(_settings: Settings) -> AsyncIterator[Any]:
        yield answer or _answer

    def app(chosen: Settings) -> Any:
        return EmulatorApp(emulator, create_app(chosen, Parts(open_answer=open_answer)), memory)

    with running(Settings(folder, **settings), app=app) as url:
        yield url.removesuffix("/v1")


def until(look: Callable[[], _T], done: Callable[[_T], bool], seconds: float = 60) -> _T:
    """Look again and again until it is done; return what was seen last."""
    deadline = monotonic() + seconds
    while not done(seen := look()):
        assert monotonic() < deadline, f"it never came: {seen}"
        sleep(0.02)
    return seen


def statuses(folder: Path) -> list[str]:
    """Return how the batches of a platform's folder stand."""
    with closing(sqlite3.connect(folder / "platform.db")) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM batches")]


async def _answer(endpoint: str, body: dict[str, Any], _custom_id: str) -> tuple[int, dict[str, Any]]:
    usage = {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}
    if endpoint == "/v1/embeddings":
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = [
            {"object": "embedding", "index": i, "embedding": vector_of(text)} for i, text in enumerate(texts)
        ]
        return 200, {"object": "list", "model": body["model"], "data": data, "usage": usage}
    prompt = body["messages"][-1]["content"]
    if prompt == BAD:
        error = {"message": "No.", "type": "invalid_request_error", "param": None, "code": "invalid_prompt"}
        return 400, {"error": error}
    message = {"role": "assistant", "content": answer_to(prompt), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    frame = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": body["model"]}
    return 200, {**frame, "choices": [choice], "usage": usage}
