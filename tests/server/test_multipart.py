"""Forms in multipart/form-data, as the Files API receives them."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.server import Settings, create_app, running
from tests.support.asgi import body_of

BATCH = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'


def cutting_app(settings: Settings) -> Any:
    """The platform's app, which gets the body of a request in the chunks that the header `x-cuts` asks for."""
    app = create_app(settings)

    async def call(scope: Any, receive: Any, send: Any) -> None:
        cuts = dict(scope.get("headers", ())).get(b"x-cuts")
        if cuts is None:
            await app(scope, receive, send)
            return
        body = await body_of(receive)
        edges = [0, *sorted(int(cut) % (len(body) + 1) for cut in cuts.split()), len(body)]
        chunks = [body[begin:end] for begin, end in pairwise(edges)]

        async def receive_chunk() -> dict[str, Any]:
            if not chunks:
                return await receive()
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

        await app(scope, receive_chunk, send)

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@pytest.fixture(scope="module")
def http(folder: Path) -> Iterator[httpx2.Client]:
    with (
        running(Settings(folder), app=cutting_app) as url,
        httpx2.Client(base_url=url, headers={"authorization": "Bearer any"}) as http,
    ):
        yield http


def post(
    http: httpx2.Client, body: bytes, content_type: str = "multipart/form-data; boundary=b", cuts: str = ""
) -> httpx2.Response:
    headers = {"content-type": content_type, **({"x-cuts": cuts} if cuts else {})}
    return http.post("files", content=body, headers=headers)


tricky = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"b", b"x", b"\r\n--", b"\r\n-"]), max_size=12).map(
    b"".join
)


@given(contents=st.lists(tricky, min_size=1, max_size=3), cuts=st.lists(st.integers(min_value=0), max_size=6))
def test_file_is_whole_however_the_body_is_cut(http: httpx2.Client, contents: list[bytes], cuts: list[int]):
    content, *fields = [b"" if b"\r\n--b" in b"\r\n" + content + b"\r\n" else content for content in contents]
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n%b\r\n' % (at, field)
        for at, field in enumerate(fields)
    ]
    body = b"\r\n" + b"".join(parts[:1]) + FILE + content + b"\r\n" + b"".join(parts[1:]) + BATCH
    answer = post(http, body + b"--b--\r\nepilogue", cuts=" ".join(map(str, [0, *cuts])))
    assert (answer.status_code, answer.json().get("filename")) == (200, "a.jsonl")
    assert http.get(f"files/{answer.json()['id']}/content").content == content


def test_file_is_whole_when_every_byte_comes_alone(http: httpx2.Client):
    content = b"\r\n--\r\n--a\r\n\r\n-- b--\r"
    body = BATCH + FILE + content + b"\r\n--b--"
    answer = post(http, body, cuts=" ".join(map(str, range(len(body)))))
    assert http.get(f"files/{answer.json()['id']}/content").content == content


@pytest.mark.parametrize(
    ("boundary", "content_type"),
    [
        (b"a b", 'multipart/form-data; boundary="a b"'),
        (b"a;b", 'multipart/form-data; charset=utf-8; boundary="a;b"'),
        (b"--=_(.*)+?", 'multipart/form-data; boundary="--=_(.*)+?"'),
        (b"b" * 70, f"Multipart/Form-Data; BOUNDARY={'b' * 70}"),
    ],
)
def test_odd_boundary_is_understood(http: httpx2.Client, boundary: bytes, content_type: str):
    body = (BATCH + FILE).replace(b"--b\r\n", b"--" + boundary + b"\r\n") + b"x\r\n--" + boundary + b"--"
    answer = post(http, body, content_type)
    assert (answer.status_code, answer.json().get("bytes")) == (200, 1)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'content-disposition: form-data; name="file"; filename="a\\"b%22c.jsonl"', 'a"b"c.jsonl'),
        (b'CONTENT-DISPOSITION: form-data; filename="a;b.jsonl"; name="file"', "a;b.jsonl"),
        (b"Content-Disposition: form-data; name=file; filename=a.jsonl", "a.jsonl"),
        ('Content-Disposition: form-data; name="file"; filename="\u00e4\u65e5.jsonl"'.encode(), "\u00e4\u65e5.jsonl"),
        (b'Content-Disposition: form-data; name="file"; filename="%b.jsonl"' % (b"n" * 8_000), "n" * 8_000 + ".jsonl"),
        (b'Content-Type: text/plain\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"', "a.jsonl"),
    ],
)  # fmt: skip
def test_name_of_a_file_is_understood(http: httpx2.Client, disposition: bytes, name: str):
    answer = post(http, b"--b\r\n" + disposition + b"\r\n\r\nx\r\n" + BATCH + b"--b--")
    assert (answer.status_code, answer.json().get("filename")) == (200, name)


def test_form_of_many_parts_is_understood(http: httpx2.Client):
    part = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n%b\r\n' % (b"x" * 100)
    answer = post(http, part * 2_000 + BATCH + FILE + b"x\r\n" + part * 2_000 + b"--b--")
    assert (answer.status_code, answer.json().get("bytes")) == (200, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--bx\r\n",
        b"no boundary at all",
        BATCH + b"--b\r\n\r\n\r\nno headers\r\n--b--",
        BATCH + b"--b\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--b--",
        BATCH + b"--b\r\nContent-Type: text/plain\r\n\r\nno disposition\r\n--b--",
        BATCH + FILE + b"no end",
        BATCH + FILE + b"no end\r\n",
        BATCH + FILE + b"half an end\r\n--b",
        BATCH + FILE + b"half an end\r\n--b-",
        BATCH + FILE + b"the end of another form\r\n--c--",
        b"--b\r\n" + b"x" * 20_000,
        b"--b\r\nX: " + b"x" * 20_000 + b"\r\n" + BATCH.partition(b"\r\n")[2] + FILE + b"x\r\n--b--",
    ],
)
def test_malformed_body_is_refused_and_leaves_nothing(http: httpx2.Client, folder: Path, body: bytes):
    before = len(list((folder / "files").iterdir()))
    answer = post(http, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("We could not parse your multipart form: ")
    assert len(list((folder / "files").iterdir())) == before


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/form-data",
        'multipart/form-data; boundary=""',
        "multipart/mixed; boundary=b",
        f"multipart/form-data; boundary={'b' * 300}",
    ],
)
def test_body_of_another_type_is_refused(http: httpx2.Client, content_type: str):
    answer = post(http, BATCH + FILE + b"x\r\n--b--", content_type)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("We could not parse your multipart form: ")
