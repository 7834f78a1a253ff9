"""Whole answers as streams of server-sent events. Pure.

https://platform.openai.com/docs/api-reference/chat-streaming
https://platform.openai.com/docs/api-reference/completions/object: a chunk has the shape of the whole answer.
"""

import re
from collections.abc import Iterator

import orjson

from distilabel.server.http import Body

DONE = b"data: [DONE]\n\n"


def chat_events(answer: Body, include_usage: bool) -> Iterator[bytes]:
    """A chat completion as chunks."""
    head = {
        "id": answer["id"],
        "object": "chat.completion.chunk",
        "created": answer["created"],
        "model": answer["model"],
    }
    for choice in answer["choices"]:
        for delta, reason in _deltas(choice):
            piece = {"index": choice["index"], "delta": delta, "logprobs": None, "finish_reason": reason}
            yield _event({**head, "choices": [piece]})
    if include_usage:
        yield _event({**head, "choices": [], "usage": answer["usage"]})
    yield DONE


def completion_events(answer: Body, include_usage: bool) -> Iterator[bytes]:
    """A completion as chunks."""
    head = {name: value for name, value in answer.items() if name not in ("choices", "usage")}
    for choice in answer["choices"]:
        for text in _pieces(choice["text"]):
            yield _event({**head, "choices": [{**choice, "text": text, "finish_reason": None}]})
        yield _event({**head, "choices": [{**choice, "text": ""}]})
    if include_usage:
        yield _event({**head, "choices": [], "usage": answer["usage"]})
    yield DONE


def _deltas(choice: Body) -> Iterator[tuple[Body, str | None]]:
    content, calls = choice["message"].get("content"), choice["message"].get("tool_calls") or ()
    legacy = choice["message"].get("function_call")
    yield {"role": "assistant", "content": None if calls or legacy else ""}, None
    for piece in _pieces(content or ""):
        yield {"content": piece}, None
    for index, call in enumerate(calls):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        start = {**call, "index": index, "function": {"name": name, "arguments": ""}}
        yield {"tool_calls": [start]}, None
        for piece in _pieces(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None
    if legacy:
        yield {"function_call": {**legacy, "arguments": ""}}, None
        for piece in _pieces(legacy["arguments"]):
            yield {"function_call": {"arguments": piece}}, None
    yield {}, choice["finish_reason"]


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+|\s+", text)


def _event(chunk: Body) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
