"""The transport: what it sends, what it sends again, what it never sends again, and what it hides."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from distilabel import _event_loop as loop
from distilabel import transport
from distilabel._retry_after import wait_of
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelPlatformError,
    DistilabelUncertainError,
    DistilabelUnreachableError,
)
from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse, Upload
from distilabel.providers.base import call, call_json
from distilabel.transport import HttpTransport

URL = "https://platform.test:8443/v1"
KEY = "sk-proj-a1b2c3d4e5f6"
SAFE = HttpRequest("GET", "/batches/b1")
UNSAFE = HttpRequest("POST", "/batches", json=b"{}", safe=False)

Step = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


class Network:
    """Answers each call with the next of `steps`, the last one for ever."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx2.Response):
            return httpx2.Response(step.status_code, headers=step.headers, content=step.content)
        return step(request)


def asked(request: HttpRequest) -> Flow[HttpResponse]:
    return (yield request)


def run(
    network: Any, flow: Flow[Any], *, base_url: str = URL, headers: dict[str, str] | None = None, **more: Any
):
    async def go() -> Any:
        sender = HttpTransport(
            base_url,
            headers or {"authorization": f"Bearer {KEY}"},
            secrets=more.pop("secrets", (KEY,)),
            transport=httpx2.MockTransport(network) if network else None,
            **more,
        )
        try:
            return await sender.run(flow)
        finally:
            await sender.close()

    return asyncio.run(go())


@pytest.fixture
def no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


# What is sent


def test_call_goes_below_the_base_url_with_the_key_its_parameters_and_its_body():
    network = Network(httpx2.Response(200, json={"ok": True}, headers={"X-Request-Id": "r1"}))
    request = HttpRequest("POST", "/batches", params={"limit": "2"}, json=b'{"a":1}')
    answer = run(network, asked(request), base_url=URL + "/")
    (sent,) = network.requests
    assert (sent.method, str(sent.url)) == ("POST", f"{URL}/batches?limit=2")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert (sent.headers["content-type"], sent.content) == ("application/json", b'{"a":1}')
    assert (answer.status, answer.headers["x-request-id"], answer.body) == (200, "r1", b'{"ok":true}')


def test_result_of_the_flow_is_returned():
    def flow() -> Flow[list[int]]:
        first = yield SAFE
        second = yield SAFE
        return [first.status, second.status]

    assert run(Network(httpx2.Response(200), httpx2.Response(404)), flow()) == [200, 404]


def test_flow_is_closed_whatever_happens():
    closed = []

    def flow() -> Flow[None]:
        try:
            yield UNSAFE
        finally:
            closed.append(True)

    with pytest.raises(DistilabelUncertainError):
        run(Network(httpx2.ReadTimeout("")), flow())
    assert closed == [True]


def test_only_the_beginning_of_a_body_is_read_where_no_more_is_wanted():
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(b"0123456789")
            yield sent[-1]

    network = Network(lambda _: httpx2.Response(200, content=endless()))
    answer = run(network, asked(HttpRequest("GET", "/results", max_bytes=25)))
    assert (answer.body, len(sent)) == (b"0123456789012345678901234", 3)


def test_file_is_sent_as_a_form(tmp_path: Path):
    path = tmp_path / "input.jsonl"
    path.write_bytes(b'{"a":1}\n')
    network = Network(httpx2.Response(200))
    run(network, asked(HttpRequest("POST", "/files", upload=Upload(path, "x.jsonl", {"purpose": "batch"}))))
    content = network.requests[0].content
    assert b'name="purpose"\r\n\r\nbatch\r\n' in content
    assert b'filename="x.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n{"a":1}\n' in content


def test_file_is_sent_whole_again_after_a_fault(tmp_path: Path, no_pauses: None):
    path = tmp_path / "input.jsonl"
    path.write_bytes(b"line\n")
    network = Network(httpx2.WriteError("broken pipe"), httpx2.Response(503), httpx2.Response(200))
    run(network, asked(HttpRequest("POST", "/files", upload=Upload(path, "x.jsonl"))))
    assert [request.content.count(b"line\n") for request in network.requests] == [1, 1, 1]


@pytest.mark.parametrize(
    "path", ["https://elsewhere.test/results", "//elsewhere.test/results", "@elsewhere.test/"]
)
def test_key_never_goes_to_another_host(path: str):
    network = Network(httpx2.Response(200))
    try:
        run(network, asked(HttpRequest("GET", path)))
    except DistilabelPlatformError as error:
        assert "another host" in str(error)  # noqa: PT017
    assert {request.url.host for request in network.requests} <= {"platform.test"}


@pytest.mark.parametrize(
    "text", [b"", b"{}\n", b'{"a": 1}\n{"b": 2}\n', b'{"a": "' + b"x" * 3_000_000 + b'"}\n{}\n']
)
def test_lines_of_a_file_are_sent_as_an_array_of_the_length_that_is_named(tmp_path: Path, text: bytes):
    path = tmp_path / "input.jsonl"
    path.write_bytes(text)
    network = Network(httpx2.Response(200))
    run(
        network, asked(HttpRequest("POST", "/batches", content=FromFile(path, b'{"requests":[', b",", b"]}")))
    )
    (request,) = network.requests
    assert json.loads(request.content) == {
        "requests": [json.loads(line) for line in text.split(b"\n") if line]
    }
    assert request.headers["content-length"] == str(len(request.content))


def test_file_is_sent_as_it_is_where_no_separator_is_named(tmp_path: Path):
    path = tmp_path / "input.jsonl"
    path.write_bytes(b"a\nb\n")
    network = Network(httpx2.Response(200))
    run(network, asked(HttpRequest("PUT", "/o", content=FromFile(path, content_type="application/jsonl"))))
    (request,) = network.requests
    assert (request.content, request.headers["content-type"]) == (b"a\nb\n", "application/jsonl")


def test_address_that_a_response_named_is_called_without_the_key(tmp_path: Path):
    network = Network(httpx2.Response(200))
    run(
        network,
        asked(HttpRequest("PUT", "https://bucket.test/o?signature=s", keyless=True, headers={"x-a": "b"})),
    )
    (request,) = network.requests
    assert (str(request.url), request.headers["x-a"]) == ("https://bucket.test/o?signature=s", "b")
    assert KEY not in str(request.headers.raw)


def test_address_that_a_response_named_is_not_called_without_tls_where_the_platform_has_it():
    with pytest.raises(DistilabelPlatformError, match="another host"):
        run(Network(httpx2.Response(200)), asked(HttpRequest("PUT", "http://bucket.test/o", keyless=True)))


def test_call_goes_to_another_address_of_the_platform_where_the_dialect_names_one():
    network = Network(httpx2.Response(200))
    run(network, asked(HttpRequest("GET", "/b/1", base_url="https://storage.platform.test")))
    (request,) = network.requests
    assert str(request.url) == "https://storage.platform.test/b/1"
    assert request.headers["authorization"] == f"Bearer {KEY}"


class Stamp:
    """Signs what it is given, and counts."""

    account = "a"

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, method: str, url: str, headers: Any, body: bytes | None) -> dict[str, str]:
        self.calls.append((method, url, headers["host"], body))
        return {"authorization": f"stamp {len(self.calls)}"}


def test_each_call_and_each_new_attempt_is_signed_again(no_pauses: None, tmp_path: Path):
    stamp, network = Stamp(), Network(httpx2.Response(503), httpx2.Response(200))
    run(network, asked(HttpRequest("POST", "/x", params={"p": "1"}, json=b"{}")), signer=stamp)
    assert [request.headers["authorization"] for request in network.requests] == ["stamp 1", "stamp 2"]
    assert stamp.calls[0] == ("POST", f"{URL}/x?p=1", "platform.test:8443", b"{}")


def test_body_that_is_streamed_is_signed_unseen_and_a_call_without_key_not_at_all(tmp_path: Path):
    stamp, network, path = Stamp(), Network(httpx2.Response(200)), tmp_path / "f"
    path.write_bytes(b"x")
    run(network, asked(HttpRequest("PUT", "/o", content=FromFile(path))), signer=stamp)
    run(
        network,
        asked(HttpRequest("PUT", "https://b.test/o", content=FromFile(path), keyless=True)),
        signer=stamp,
    )
    assert [body for *_, body in stamp.calls] == [None]


def test_redirect_is_not_followed():
    network = Network(httpx2.Response(302, headers={"location": "https://elsewhere.test/"}))
    assert run(network, asked(SAFE)).status == 302
    assert len(network.requests) == 1


# What is sent again


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_safe_call_is_tried_again_after(status: int, no_pauses: None):
    network = Network(httpx2.Response(status), httpx2.Response(200))
    assert run(network, asked(SAFE)).status == 200
    assert len(network.requests) == 2


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.ConnectError,
        httpx2.ReadTimeout,
        httpx2.RemoteProtocolError,
        httpx2.ReadError,
        httpx2.PoolTimeout,
    ],
)
def test_safe_call_is_tried_again_after_a_fault_of_the_line(fault: type[Exception], no_pauses: None):
    network = Network(fault("dead"), httpx2.Response(200))
    assert run(network, asked(SAFE)).status == 200


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 413, 422, 501])
def test_answer_that_would_be_the_same_again_is_taken_at_once(status: int, no_pauses: None):
    network = Network(httpx2.Response(status))
    assert run(network, asked(SAFE)).status == status
    assert len(network.requests) == 1


def test_last_answer_is_given_to_the_flow_when_all_attempts_are_used_up(no_pauses: None):
    network = Network(httpx2.Response(500), httpx2.Response(502), httpx2.Response(503))
    assert run(network, asked(SAFE), attempts=3).status == 503
    assert len(network.requests) == 3


def test_safe_call_is_tried_as_often_as_was_said_and_at_least_once(no_pauses: None):
    for attempts, calls in ((0, 1), (1, 1), (2, 2)):
        network = Network(httpx2.Response(500))
        run(network, asked(SAFE), attempts=attempts)
        assert len(network.requests) == calls


def test_silent_platform_is_called_unreachable_and_the_message_says_where(no_pauses: None):
    with pytest.raises(
        DistilabelUnreachableError, match=r"https://platform\.test:8443.*ConnectError: refused"
    ):
        run(Network(httpx2.ConnectError("refused")), asked(SAFE))


def test_each_retry_is_logged(no_pauses: None, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "distilabel")
    run(Network(httpx2.Response(503), httpx2.ReadError("cut"), httpx2.Response(200)), asked(SAFE))
    said = [record.getMessage() for record in caplog.records if record.name.startswith("distilabel")]
    assert ["HTTP 503" in said[0], "ReadError: cut" in said[1], len(said)] == [True, True, 2]


def test_account_without_credit_is_not_asked_again(no_pauses: None):
    network = Network(httpx2.Response(429, json={"error": {"code": "insufficient_quota"}}))
    assert run(network, asked(SAFE)).status == 429
    assert len(network.requests) == 1


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("0", 0),
        ("1.5", 1.5),
        ("-3", 0),
        ("86400", 120),
        ("inf", 120),
        (formatdate(2e9 + 30, usegmt=True), 30),
        (formatdate(1e9, usegmt=True), 0),
    ],
)
def test_wait_that_the_platform_asks_for_is_kept(given: str, seconds: float, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("distilabel._retry_after.time", lambda: 2e9)
    monkeypatch.setattr(transport.random, "uniform", lambda low, _: low)
    waits: list[float] = []

    async def sleep(wait: float) -> None:
        waits.append(wait)

    monkeypatch.setattr("stamina._core._smart_sleep", sleep)
    network = Network(httpx2.Response(429, headers={"Retry-After": given}), httpx2.Response(200))
    run(network, asked(SAFE))
    assert waits == [pytest.approx(seconds, abs=0.01)]


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126))
    | st.sampled_from(["nan", "-inf", "1e999", "Mon"])
)
def test_wait_that_cannot_be_read_is_never_negative(text: str):
    wait = wait_of(429, {"retry-after": text})
    assert wait is None or wait >= 0


# What is never sent again


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_unsafe_call_is_never_sent_again_after(status: int, no_pauses: None):
    network = Network(httpx2.Response(status))
    assert run(network, asked(UNSAFE)).status == status
    assert len(network.requests) == 1


@pytest.mark.parametrize(
    "fault", [httpx2.ReadTimeout, httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError]
)
def test_unsafe_call_without_an_answer_may_have_been_carried_out(fault: type[Exception], no_pauses: None):
    network = Network(fault("dead"))
    with pytest.raises(DistilabelUncertainError, match=f"may have been carried out.*{fault.__name__}"):
        run(network, asked(UNSAFE))
    assert len(network.requests) == 1


@pytest.mark.parametrize("fault", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout])
def test_unsafe_call_that_never_left_was_surely_not_carried_out(fault: type[Exception]):
    with pytest.raises(DistilabelUnreachableError):
        run(Network(fault("dead")), asked(UNSAFE))


def test_answer_to_an_unsafe_call_that_cannot_be_decoded_leaves_it_uncertain():
    network = Network(
        lambda _: httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces(b"no gzip"))
    )
    with pytest.raises(DistilabelUncertainError):
        run(network, asked(UNSAFE))


def test_port_where_nobody_listens_is_unreachable(no_pauses: None):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{reserved.getsockname()[1]}/v1"
        with pytest.raises(DistilabelUnreachableError, match=base_url.removesuffix("/v1")):
            run(None, asked(UNSAFE), base_url=base_url)


@pytest.mark.parametrize("base_url", ["platform.test/v1", "localhost:8000/v1"])
@pytest.mark.parametrize("request_", [SAFE, UNSAFE])
def test_address_that_is_none_is_unreachable_and_is_not_tried_again(
    base_url: str, request_: HttpRequest, monkeypatch: pytest.MonkeyPatch
):
    waits: list[float] = []

    async def sleep(wait: float) -> None:
        waits.append(wait)

    monkeypatch.setattr("stamina._core._smart_sleep", sleep)
    with pytest.raises(DistilabelUnreachableError, match="base_url"):
        run(None, asked(request_), base_url=base_url)
    assert waits == []


# Files


class Pieces(httpx2.AsyncByteStream):
    """A body that comes in pieces, and may break off."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces

    async def __aiter__(self):
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def test_body_is_streamed_to_the_file(tmp_path: Path):
    path = tmp_path / "output.jsonl"
    network = Network(lambda _: httpx2.Response(200, stream=Pieces(b"a\xe2\x80\xa8\r\n", b"\xff\n")))
    answer = run(network, asked(HttpRequest("GET", "/files/f/content", save_to=path)))
    assert answer.body == b""
    assert path.read_bytes() == b"a\xe2\x80\xa8\r\n\xff\n"
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_is_there_is_whole(tmp_path: Path, no_pauses: None):
    path = tmp_path / "output.jsonl"
    network = Network(lambda _: httpx2.Response(200, stream=Pieces(b"half", httpx2.ReadError("gone"))))
    with pytest.raises(DistilabelUnreachableError):
        run(network, asked(HttpRequest("GET", "/files/f/content", save_to=path)))
    assert not path.exists()


def test_download_that_broke_off_starts_again(tmp_path: Path, no_pauses: None):
    path = tmp_path / "output.jsonl"
    network = Network(
        lambda _: httpx2.Response(200, stream=Pieces(b"half of", httpx2.ReadError("gone"))),
        lambda _: httpx2.Response(200, stream=Pieces(b"whole")),
    )
    run(network, asked(HttpRequest("GET", "/files/f/content", save_to=path)))
    assert path.read_bytes() == b"whole"


def test_refusal_is_not_written_into_the_file(tmp_path: Path):
    path = tmp_path / "output.jsonl"
    network = Network(httpx2.Response(404, content=b"gone"))
    answer = run(network, asked(HttpRequest("GET", "/files/f/content", save_to=path)))
    assert (answer.body, list(tmp_path.iterdir())) == (b"gone", [])


# What is hidden


@pytest.mark.parametrize("request_", [SAFE, UNSAFE])
@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_key_that_the_platform_echoes_is_in_no_error(request_: HttpRequest, status: int, no_pauses: None):
    body = {"error": {"message": f"Wrong key: {KEY}", "code": f"bad {KEY}"}}
    with pytest.raises(DistilabelPlatformError) as caught:
        run(Network(httpx2.Response(status, json=body)), call(request_))
    assert caught.value.status == status
    assert "Wrong key: [secret]" in str(caught.value)
    assert KEY not in repr(caught.value) + repr(vars(caught.value))


def test_key_with_a_line_end_in_it_is_in_no_message(no_pauses: None, caplog: pytest.LogCaptureFixture):
    # The error of the HTTP library quotes the header that it cannot send.
    key = KEY + "\n"
    caplog.set_level(logging.DEBUG, "distilabel")
    with socket.create_server(("127.0.0.1", 0)) as server:
        base_url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        with pytest.raises(DistilabelPlatformError) as caught:
            run(
                None,
                asked(SAFE),
                base_url=base_url,
                headers={"authorization": f"Bearer {key}"},
                secrets=(key,),
            )
    assert KEY not in str(caught.value)
    assert KEY not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("distilabel"))


def test_placeholder_for_a_key_does_not_garble_messages():
    network = Network(httpx2.Response(400, json={"error": {"message": "Too many of any."}}))
    with pytest.raises(DistilabelPlatformError, match="Too many of any"):
        run(network, call(SAFE), secrets=("any", "1"))


def test_key_is_not_in_the_representation_of_a_transport():
    async def look() -> str:
        sender = HttpTransport(URL, {"authorization": KEY}, secrets=(KEY,))
        await sender.close()
        return repr(sender)

    assert KEY not in loop.run(look())


def test_password_in_the_address_is_in_no_message(no_pauses: None):
    with pytest.raises(DistilabelUnreachableError) as caught:
        run(Network(httpx2.ConnectError("no")), asked(SAFE), base_url="http://me:hush@platform.test/v1")
    assert "hush" not in str(caught.value)


def test_error_of_a_flow_keeps_its_kind():
    with pytest.raises(DistilabelAuthenticationError):
        run(Network(httpx2.Response(401)), call_json(SAFE))


@pytest.mark.usefixtures("no_pauses")
def test_status_that_tells_the_flow_something_is_not_tried_again():
    network = Network(httpx2.Response(409, json={"file_id": "f"}))
    known = HttpRequest("POST", "/files", json=b"{}", expected=frozenset({409}))
    assert run(network, asked(known)).status == 409
    assert len(network.requests) == 1
