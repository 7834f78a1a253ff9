"""Event streams in place of JSON: some servers send one although the request does not ask for it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from distilabel.http import HttpResponse
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_json
from distilabel.records import canonical_json

__all__ = ["without_stream"]

_BROKEN = {
    "error": {"type": "server_error", "message": "The platform's event stream ended before the answer."}
}
_ENDS_OF_RESPONSE = frozenset({"response.completed", "response.incomplete", "response.failed"})


def without_stream(response: HttpResponse) -> HttpResponse:
    r"""Return a response whose event stream is joined to the JSON that the platform sends without streaming.

    The shapes are those of OpenAI's chat completions and responses, of Anthropic's messages and of Gemini's
    `streamGenerateContent`: https://platform.openai.com/docs/api-reference/chat-streaming,
    https://platform.openai.com/docs/api-reference/responses-streaming,
    https://platform.claude.com/docs/en/build-with-claude/streaming, https://ai.google.dev/api/generate-content (as far as
    known; the pages were not opened on 2026-12-01).

    Examples:
        >>> stream = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
        >>> without_stream(HttpResponse(200, {"content-type": "text/event-stream"}, stream)).body
        b'{"choices":[{"delta":null,"finish_reason":"stop","message":{"content":"Hi"}}]}'
    """
    is_stream = "text/event-stream" in response.headers.get("content-type", "")
    if not is_stream and not response.body.lstrip().startswith((b"data:", b"event:", b":")):
        return response
    events = list(_events(response.body))
    body: Any = next((event for event in events if event.get("error")), None) or _joined(events)
    return replace(response, headers={"content-type": "application/json"}, body=canonical_json(body))


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the events that hold a JSON object: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    for block in body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        lines = [
            line.removeprefix(b"data:").strip() for line in block.split(b"\n") if line.startswith(b"data:")
        ]
        if isinstance(event := as_json(b"\n".join(lines)), dict):
            yield event


def _joined(events: list[dict[str, Any]]) -> Any:
    """Return what the platform would have sent at once; an error if the stream is incomplete."""
    if any("choices" in event for event in events):
        return _chat(events)
    if any("candidates" in event for event in events):
        return _candidates(events)
    if any(event.get("type") == "message_start" for event in events):
        return _message(events)
    ends = (event for event in events if event.get("type") in _ENDS_OF_RESPONSE)
    return as_dict(next(ends, {}).get("response")) or _BROKEN


def _chat(events: list[dict[str, Any]]) -> dict[str, Any]:
    choices = [choice for event in events for choice in as_dicts(event.get("choices"))[:1]]
    # A server that streams may also send the whole message in one event.
    whole = next((choice for choice in choices if isinstance(choice.get("message"), dict)), None)
    finish = next((choice["finish_reason"] for choice in choices if choice.get("finish_reason")), None)
    if whole is None and finish is None:
        return _BROKEN
    deltas = [as_dict(choice.get("delta")) for choice in choices]
    message: dict[str, Any] = {}
    for name in ("content", "refusal", "reasoning_content", "reasoning"):
        if (text := _text(delta.get(name) for delta in deltas)) is not None:
            message[name] = text
    if calls := _tool_calls(call for delta in deltas for call in as_dicts(delta.get("tool_calls"))):
        message["tool_calls"] = calls
    texts = _text(choice.get("text") for choice in choices)  # the completion of a raw prompt
    answer = {"text": texts} if texts is not None and not message else {"message": message}
    usage = [event["usage"] for event in events if event.get("usage")]
    tokens = [one for choice in choices for one in as_dicts(as_dict(choice.get("logprobs")).get("content"))]
    logprobs = {"logprobs": {"content": tokens}} if tokens else {}
    joined = whole or {"delta": None, "finish_reason": finish, **answer, **logprobs}
    first: dict[str, Any] = {name: events[0][name] for name in ("id", "model") if name in events[0]}
    return {**first, "choices": [joined], **({"usage": usage[-1]} if usage else {})}


def _tool_calls(parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the parts of tool calls: a part has the number of its call, and more of the text of the arguments."""
    calls: dict[Any, dict[str, Any]] = {}
    for part in parts:
        function = as_dict(part.get("function"))
        empty = {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
        call = calls.setdefault(part.get("index", len(calls)), empty)
        call["id"] = part.get("id") or call["id"]
        for name in ("name", "arguments"):
            call["function"][name] += function.get(name) or ""
    return list(calls.values())


def _candidates(events: list[dict[str, Any]]) -> dict[str, Any]:
    candidates = [one for event in events for one in as_dicts(event.get("candidates"))[:1]]
    if not any(candidate.get("finishReason") for candidate in candidates):
        return _BROKEN
    parts = [part for one in candidates for part in as_dicts(as_dict(one.get("content")).get("parts"))]
    merged = {name: value for one in candidates for name, value in one.items()}
    return {**events[-1], "candidates": [{**merged, "content": {"role": "model", "parts": parts}}]}


def _message(events: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    blocks: dict[Any, dict[str, Any]] = {}
    for event in events:
        kind = event.get("type")
        if kind == "message_start":
            message = as_dict(event.get("message"))
        elif kind == "content_block_start":
            blocks[event.get("index")] = {**as_dict(event.get("content_block")), "json": ""}
        elif kind == "content_block_delta":
            _add_to_block(blocks.setdefault(event.get("index"), {"type": "text", "json": ""}), event)
        elif kind == "message_delta":
            usage = {**as_dict(message.get("usage")), **as_dict(event.get("usage"))}
            message = {**message, **as_dict(event.get("delta")), "usage": usage}
    if not message.get("stop_reason"):
        return _BROKEN
    for block in blocks.values():
        if (text := block.pop("json")) and block.get("type") == "tool_use":
            block["input"] = as_json(text.encode(), {})
    return {**message, "content": list(blocks.values())}


def _add_to_block(block: dict[str, Any], event: dict[str, Any]) -> None:
    delta = as_dict(event.get("delta"))
    for name in ("text", "thinking", "signature"):
        if isinstance(delta.get(name), str):
            block[name] = (block.get(name) or "") + delta[name]
    block["json"] += delta.get("partial_json") or ""


def _text(parts: Iterable[Any]) -> str | None:
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts else None
