"""What servers of the field send in place of the API's JSON: event streams, bodies as strings, pages, redirects, reset times."""

from typing import Any

import orjson
import pytest

from distilabel._retry_after import wait_of
from distilabel.exceptions import DistilabelAddressError, DistilabelUserError
from distilabel.http import HttpRequest, HttpResponse
from distilabel.offline.client import connect
from distilabel.providers.base import by_cursor, by_token, complete, list_objects
from distilabel.providers.openai_family.lines import decode_line
from distilabel.providers.registry import platform
from distilabel.records import Failure, Reply, Target
from distilabel.transport import HttpTransport

ENDPOINTS = {
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "generateContent",
}

CHAT = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
MESSAGE = {"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"}
CONTENT = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}


def completed(response: HttpResponse, name: str = "openai", endpoint: str | None = None) -> Any:
    """Return the outcome of an online request that is answered with `response`."""
    target = Target(name, "https://platform.test", endpoint or ENDPOINTS[name], "m")
    flow = complete(platform(name).provider(), target, b'{"messages": [], "contents": []}')
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(response)
    return end.value.value


def stream(*events: Any, kind: str = "text/event-stream") -> HttpResponse:
    lines = [b"data: " + (event if isinstance(event, bytes) else orjson.dumps(event)) for event in events]
    return HttpResponse(200, {"content-type": kind}, b"\r\n\r\n".join([b": ping", *lines, b""]))


class TestEventStreams:
    def test_chat_is_joined(self):
        call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}
        rest = {"index": 0, "function": {"arguments": ": 1}"}}
        reply = completed(
            stream(
                {
                    "id": "x",
                    "choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "hm"}}],
                },
                {"id": "x", "choices": [{"index": 0, "delta": {"content": "He", "tool_calls": [call]}}]},
                {"id": "x", "choices": [{"index": 0, "delta": {"content": "llo", "tool_calls": [rest]}}]},
                {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {"id": "x", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
                b"[DONE]",
            )
        )
        assert (reply.text, reply.finish_reason, reply.usage[:2]) == ("Hello", "stop", (3, 2))
        assert reply.extras["reasoning"] == "hm"
        assert reply.extras["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": 1}'}

    def test_response_is_the_last_event(self):
        content = [{"type": "output_text", "text": "Hello"}]
        whole = {"status": "completed", "output": [{"type": "message", "content": content}]}
        events = {"type": "response.created"}, {"type": "response.completed", "response": whole}
        assert completed(stream(*events), endpoint="/v1/responses").text == "Hello"

    def test_anthropics_message_is_joined(self):
        reply = completed(
            stream(
                {"type": "message_start", "message": {"id": "m1", "usage": {"input_tokens": 5}}},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "He"}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "llo"}},
                {
                    "type": "content_block_start",
                    "index": 1,
                    "content_block": {"type": "tool_use", "name": "f"},
                },
                {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"a": 1}'}},
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "end_turn"},
                    "usage": {"output_tokens": 2},
                },
            ),
            "anthropic",
        )
        assert (reply.text, reply.usage[:2]) == ("Hello", (5, 2))
        assert reply.extras["tool_calls"][0]["function"]["arguments"] == '{"a":1}'

    def test_geminis_candidates_are_joined(self):
        parts = [{"content": {"parts": [{"text": text}]}} for text in ("He", "llo")]
        last = {**parts[1], "finishReason": "STOP"}
        reply = completed(stream({"candidates": [parts[0]]}, {"candidates": [last]}), "gemini")
        assert (reply.text, reply.finish_reason) == ("Hello", "STOP")

    def test_stream_without_its_media_type_is_read(self):
        event = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}
        assert completed(stream(event, b"[DONE]", kind="text/plain")).text == "Hi"

    @pytest.mark.parametrize(
        "events",
        [
            [{"choices": [{"delta": {"content": "He"}}]}],
            [{"type": "response.created"}],
            [{"type": "message_start", "message": {}}],
            [{"candidates": [{"content": {"parts": [{"text": "He"}]}}]}],
            [
                {"choices": [{"delta": {"content": "He"}}]},
                {"error": {"type": "server_error", "message": "no"}},
            ],
            [],
        ],
    )
    def test_stream_that_broke_off_may_be_asked_again(self, events: list[Any]):
        outcome = completed(stream(*events))
        assert isinstance(outcome, Failure)
        assert outcome.retryable


class TestAddresses:
    @pytest.mark.parametrize(
        ("response", "says"),
        [
            (
                HttpResponse(404, {}, b'{"detail":"Not Found"}'),
                "HTTP 404: Not Found.*base_url may have to be .*/v1",
            ),
            (HttpResponse(404, {}, b"404 page not found"), "404 page not found"),
            (
                HttpResponse(404, {}, b'{"error":{"message":"Invalid URL (POST /chat/completions)"}}'),
                "Invalid URL",
            ),
            (HttpResponse(404, {}, b'{"message":"no Route matched with those values"}'), "no Route matched"),
            (HttpResponse(405, {}, b'{"detail":"Method Not Allowed"}'), "HTTP 405"),
            (
                HttpResponse(301, {"location": "https://h.test/v1/chat/completions?a=b"}),
                r"may have to be https://h.test/v1\.",
            ),
            (HttpResponse(407, {}, b"<html>"), "a proxy wants a login"),
            (HttpResponse(200, {"content-type": "text/html"}, b"<html>"), "an HTML page"),
            (HttpResponse(200, {}, b" <!doctype html>"), "an HTML page"),
            (
                HttpResponse(
                    400, {"content-type": "text/html"}, b"plain HTTP request was sent to HTTPS port"
                ),
                "HTML page",
            ),
        ],
    )
    def test_other_things_than_the_api_end_the_run(self, response: HttpResponse, says: str):
        target = Target("openai", "https://platform.test", "/v1/chat/completions", "m")
        flow = complete(platform("openai").provider(), target, b"{}")
        next(flow)
        with pytest.raises(DistilabelAddressError, match=says):
            flow.send(response)

    @pytest.mark.parametrize(
        "response",
        [
            HttpResponse(404, {}, b'{"error":{"message":"No such File object: file-1"}}'),
            HttpResponse(413, {"content-type": "text/html"}, b"<html>too large"),
            HttpResponse(502, {"content-type": "text/html"}, b"<html>bad gateway"),
            HttpResponse(200, {}, b"no JSON"),
        ],
    )
    def test_what_concerns_one_request_or_passes_is_its_failure(self, response: HttpResponse):
        assert isinstance(completed(response), Failure)

    @pytest.mark.parametrize(
        "address", ["http:///v1", "http:// host/v1", "http://host:port/v1", "ftp://host", "https://[::1"]
    )
    def test_address_that_no_request_can_reach_is_refused_at_once(self, address: str):
        with pytest.raises(DistilabelUserError, match="is no URL"):
            connect("openai", address, key="sk-1")

    @pytest.mark.parametrize("key", ["sk-\n1", "sk-\u20ac"])
    def test_key_that_no_header_can_hold_is_refused_at_once(self, key: str):
        with pytest.raises(Exception, match="holds a line break or a character beyond ASCII") as raised:
            connect("openai", key=key)
        assert key not in str(raised.value)

    @pytest.mark.parametrize("proxy", ["socks://127.0.0.1:1080", "ftp://proxy"])
    def test_proxy_that_cannot_be_used_is_one_sentence(self, proxy: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("ALL_PROXY", proxy)
        with pytest.raises(DistilabelUserError, match="NO_PROXY"):
            HttpTransport("https://platform.test", {})


class TestLines:
    def test_body_that_is_a_string_is_parsed(self):
        body = orjson.dumps({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}).decode()
        line = orjson.dumps({"custom_id": "a-0", "response": {"status_code": 200, "body": body}})
        assert decode_line(line).outcome.text == "Hi"
        error = orjson.dumps({"error": {"message": "too long", "code": "context_length_exceeded"}}).decode()
        line = orjson.dumps({"custom_id": "a-0", "response": {"status_code": 400, "body": error}})
        assert decode_line(line).outcome == Failure("context_length_exceeded", "too long")

    @pytest.mark.parametrize(
        "kind", ["server_error", "InternalServerError", "rate_limit_error", "RateLimitError"]
    )
    def test_type_alone_says_that_a_retry_may_help(self, kind: str):
        line = {"custom_id": "a-0", "response": None, "error": {"code": None, "message": "m", "type": kind}}
        assert decode_line(orjson.dumps(line)).outcome.retryable
        answer = {"status_code": None, "body": {"error": {"message": "m", "type": kind}}}
        assert decode_line(orjson.dumps({"custom_id": "a-0", "response": answer})).outcome.retryable

    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("openai", {"custom_id": "a-0", "response": {"status_code": 200, "body": CHAT}}),
            ("fireworks", {"custom_id": "a-0", "response": CHAT}),
            ("anthropic", {"custom_id": "a-0", "result": {"type": "succeeded", "message": MESSAGE}}),
            ("gemini", {"key": "a-0", "response": CONTENT}),
        ],
    )
    def test_part_of_a_line_that_is_a_string_is_parsed_in_every_dialect(
        self, name: str, line: dict[str, Any]
    ):
        provider = platform(name).provider()
        assert provider.decode(orjson.dumps(line)).outcome.text == "Hi"
        field = "message" if "result" in line else "response"
        part = line.get("result", line)
        text = {**part, field: orjson.dumps(part[field]).decode()}
        whole = {**line, "result": text} if "result" in line else text
        assert provider.decode(orjson.dumps(whole)).outcome.text == "Hi"

    def test_answer_that_was_cut_while_the_model_reasoned_is_an_answer(self):
        message = {"content": None, "reasoning_content": "Let me see"}
        body = {
            "choices": [{"message": message, "finish_reason": "length"}],
            "usage": {"completion_tokens": 9},
        }
        reply = decode_line(
            orjson.dumps({"custom_id": "a-0", "response": {"status_code": 200, "body": body}})
        ).outcome
        assert isinstance(reply, Reply)
        assert (reply.text, reply.extras, reply.finish_reason) == ("", {"reasoning": "Let me see"}, "length")


class TestLists:
    @pytest.mark.parametrize("rule", [by_cursor("after"), by_token()])
    def test_list_that_never_ends_ends_with_a_page_that_brings_nothing_new(self, rule: Any):
        flow = list_objects(HttpRequest("GET", "/batches"), "data", rule)
        page = {"data": [{"id": "b1"}, {"id": "b2"}], "has_more": True, "nextPageToken": "t"}
        next(flow)
        with pytest.raises(StopIteration) as end:
            for _ in range(3):
                flow.send(HttpResponse(200, {}, orjson.dumps(page)))
        assert [item["id"] for item in end.value.value] == ["b1", "b2"]


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after-ms": "250"}, b"", 0.25),
        ({"retry-after": "Wed, 18 May 2033 03:33:50 GMT"}, b"", 30),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}, b"", 62.5),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1m"}, b"", None),
        ({"x-ratelimit-reset-tokens": "88ms"}, b"", 0.088),
        ({"x-ratelimit-reset": "2000000012000"}, b"", 12),
        ({"ratelimit-reset": "7"}, b"", 7),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2033-05-18T03:33:45Z",
            },
            b"",
            25,
        ),
        ({}, b'[{"error": {"details": [{"@type": "x"}, {"retryDelay": "3.5s"}]}}]', 3.5),
        ({}, b'{"error": {"details": {"retryDelay": 1}}}', None),
        ({"retry-after": "soon"}, b"", None),
    ],
)
def test_wait_is_read_wherever_it_stands(
    headers: dict[str, str], body: bytes, seconds: float | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("distilabel._retry_after.time", lambda: 2e9)
    assert wait_of(429, headers, body) == (seconds if seconds is None else pytest.approx(seconds))
