"""Whole answers as streams of server-sent events. Pure.

https://platform.openai.com/docs/api-reference/chat-streaming
https://platform.openai.com/docs/api-reference/completions/object: a chunk has the shape of the whole answer.
https://platform.openai.com/docs/api-reference/responses-streaming
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
        yield _event({**head, "choices": [], "usage": answer.get("usage")})
    yield DONE


def completion_events(answer: Body, include_usage: bool) -> Iterator[bytes]:
    """A completion as chunks."""
    head = {name: value for name, value in answer.items() if name not in ("choices", "usage")}
    for choice in answer["choices"]:
        for text in _pieces(choice["text"]):
            yield _event({**head, "choices": [{**choice, "text": text, "finish_reason": None}]})
        yield _event({**head, "choices": [{**choice, "text": ""}]})
    if include_usage:
        yield _event({**head, "choices": [], "usage": answer.get("usage")})
    yield DONE


def response_events(answer: Body, _include_usage: bool) -> Iterator[bytes]:
    """A response as events that tell how it grows; the last one holds the usage always."""
    for number, (name, event) in enumerate(_growth(answer)):
        numbered = {"type": f"response.{name}", "sequence_number": number, **event}
        yield f"event: response.{name}\n".encode() + _event(numbered)


def _growth(answer: Body) -> Iterator[tuple[str, Body]]:
    begun = {**answer, "status": "in_progress", "completed_at": None, "output": [], "usage": None}
    begun["incomplete_details"] = None
    yield "created", {"response": begun}
    yield "in_progress", {"response": begun}
    for index, item in enumerate(answer["output"]):
        place = {"output_index": index, "item_id": item.get("id")}
        empty: Body = {"content": [], "arguments": ""}
        added = item | {name: empty[name] for name in empty if name in item} | {"status": "in_progress"}
        yield "output_item.added", {"output_index": index, "item": added}
        if item["type"] == "function_call":
            for piece in _pieces(item["arguments"]):
                yield "function_call_arguments.delta", {**place, "delta": piece}
            done = {"name": item["name"], "arguments": item["arguments"]}
            yield "function_call_arguments.done", {**place, **done}
        for at, part in enumerate(item.get("content") or ()):
            yield from _text_growth({**place, "content_index": at}, part)
        yield "output_item.done", {"output_index": index, "item": item}
    yield answer["status"], {"response": answer}


def _text_growth(place: Body, part: Body) -> Iterator[tuple[str, Body]]:
    if part["type"] != "output_text":
        return
    yield "content_part.added", {**place, "part": {**part, "text": ""}}
    for piece in _pieces(part["text"]):
        yield "output_text.delta", {**place, "delta": piece, "logprobs": []}
    yield "output_text.done", {**place, "text": part["text"], "logprobs": []}
    yield "content_part.done", {**place, "part": part}


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
