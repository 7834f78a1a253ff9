"""What may become of the lines of a result file on their way: each function takes a line and gives lines."""

import json
import random
from collections.abc import Callable
from typing import Any

__all__ = ["FILE_KINDS", "LINE_KINDS", "LOSING", "Value", "written"]

Value = dict[str, Any]


def written(value: Value) -> bytes:
    """Return a line as JSON, without its end; U+2028 and its like stand in it as they are."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate can only be escaped
        return json.dumps(value).encode()


def _with_body(body: Any) -> Callable[[Value], list[Value | bytes]]:
    return lambda line: [{**line, "response": {**line["response"], "body": body}}]


def _with_message(**changes: Any) -> Callable[[Value], list[Value | bytes]]:
    finish = changes.pop("finish_reason", None)

    def change(line: Value) -> list[Value | bytes]:
        (choice,) = line["response"]["body"]["choices"]
        choice = {**choice, "message": {**choice["message"], **changes}}
        if finish:
            choice["finish_reason"] = finish
        body = {**line["response"]["body"], "choices": [choice]}
        return _with_body(body)(line)

    return change


def _cut_short(line: Value) -> list[Value | bytes]:
    (choice,) = line["response"]["body"]["choices"]
    return _with_message(content=choice["message"]["content"][:40], finish_reason="length")(line)


def _failed(status: int, code: str) -> Callable[[Value], list[Value | bytes]]:
    error = {"message": f"{code}, says the platform.", "type": code, "param": None, "code": code}
    return lambda line: [
        {**line, "response": {**line["response"], "status_code": status, "body": {"error": error}}}
    ]


def _never_run(code: str) -> Callable[[Value], list[Value | bytes]]:
    return lambda line: [{**line, "response": None, "error": {"code": code, "message": f"{code}."}}]


LINE_KINDS: dict[str, Callable[[Value], list[Value | bytes]]] = {
    "twice": lambda line: [line, line],
    "after a failure": lambda line: [*_failed(500, "server_error")(line), line],
    "before a failure": lambda line: [line, *_failed(500, "server_error")(line)],
    "missing": lambda _line: [],
    "half a line": lambda line: [written(line)[: len(written(line)) // 2]],
    "no JSON": lambda _line: [b"upstream connect error or disconnect/reset before headers"],
    "no name": lambda line: [{**line, "custom_id": None}],
    "a list": lambda line: [written(line).join((b"[", b"]"))],
    "empty body": _with_body({}),
    "null body": _with_body(None),
    "text body": _with_body("Internal error"),
    "JSON in a string": lambda line: _with_body(json.dumps(line["response"]["body"]))(line),
    "no choices": lambda line: _with_body({**line["response"]["body"], "choices": []})(line),
    "null choices": lambda line: _with_body({**line["response"]["body"], "choices": None})(line),
    "null message": lambda line: _with_body(
        {**line["response"]["body"], "choices": [{"index": 0, "message": None}]}
    )(line),
    "null content": _with_message(content=None),
    "refusal": _with_message(content=None, refusal="I cannot help with that."),
    "cut short": _cut_short,
    "cut while it reasoned": _with_message(
        content=None, reasoning_content="Let me see", finish_reason="length"
    ),
    "filtered answer": _with_message(content=None, finish_reason="content_filter"),
    "filtered to nothing": _with_message(content="", finish_reason="content_filter"),
    "status 0": lambda line: [{**line, "response": {"status_code": 0, "request_id": "", "body": {}}}],
    "null status": lambda line: [{**line, "response": {**line["response"], "status_code": None, "body": {}}}],
    "neither": lambda line: [{**line, "response": None, "error": None}],
    "error in a 200": _with_body({"error": {"message": "Overloaded.", "code": "overloaded"}}),
    "response error": _failed(503, "service_unavailable"),
    "never run": _never_run("server_error"),
}

# These destroy an answer that was paid for.
LOSING = frozenset(LINE_KINDS) - {
    "twice", "after a failure", "before a failure", "refusal", "cut short", "filtered answer",
    "filtered to nothing",
    "JSON in a string", "cut while it reasoned",
}  # fmt: skip


def _shuffled(lines: list[bytes]) -> list[bytes]:
    return random.Random(7).sample(lines, len(lines))


def _with_foreign(lines: list[bytes]) -> list[bytes]:
    """Add lines under names never sent: of another shape, of our shape, and of the next sample of ours."""
    foreign = []
    for line in lines[:6]:
        value = json.loads(line)
        key, sample, *tag = value["custom_id"].split("-")
        later, upper = (f"{key}-{int(sample) + 5000}", f"{key.upper()}-{sample}")
        names = ("request-1", f"{'ab' * 16}-0", *("-".join((name, *tag)) for name in (later, upper)), "")
        foreign += [written({**value, "custom_id": name}) for name in names]
    return [*foreign, *lines]


FILE_KINDS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "shuffled": _shuffled,
    "backwards": lambda lines: lines[::-1],
    "foreign lines": _with_foreign,
    "blank lines": lambda lines: [part for line in lines for part in (b"", line, b"  ")],
    "nothing": lambda _lines: [],
}
