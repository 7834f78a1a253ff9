"""The Files API."""

import socket
import time
import tracemalloc
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from openai import BadRequestError, ConflictError, NotFoundError, OpenAI

from .helpers import CHAT, check, finished, line, lines, start, until, upload


def test_file_comes_back_byte_for_byte(client: OpenAI):
    data = '{"a": "\u2028 \u0085 \u00e9"}\r\nno json at all\n\n'.encode() + bytes(range(256)) + b"\r\n--"
    assert client.files.content(upload(client, data)).content == data


def test_file_is_described_as_openai_describes_it(client: OpenAI, http: httpx2.Client):
    file_id = upload(client, lines(2), 'a "quoted" n\u00e4me.jsonl')
    found = http.get(f"files/{file_id}").json()
    check("OpenAIFile", found)
    assert found["filename"] == 'a "quoted" n\u00e4me.jsonl'
    assert found["bytes"] == len(lines(2))
    assert found["expires_at"] - found["created_at"] == 30 * 86_400


def test_file_expires_when_the_client_says(client: OpenAI):
    file = client.files.create(
        file=("x.txt", b"x"), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3_600}
    )
    assert file.expires_at == file.created_at + 3_600
    with pytest.raises(BadRequestError, match="3600"):
        client.files.create(
            file=("x.txt", b"x"), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 60}
        )


def test_list_of_files_has_pages_in_either_order(start_platform):
    with start_platform() as client:
        ids = [upload(client, b"x") for _ in range(5)]
        other = client.files.create(file=("x.txt", b"x"), purpose="user_data").id
        assert [file.id for file in client.files.list(limit=2)] == [other, *reversed(ids)]
        assert [file.id for file in client.files.list(limit=2, order="asc", purpose="batch")] == ids
        assert [file.id for file in client.files.list(purpose="user_data")] == [other]
        assert [file.id for file in client.files.list(after=ids[1])] == [ids[0]]


def test_list_of_files_fits_the_schema(client: OpenAI, http: httpx2.Client):
    upload(client, b"x")
    check("ListFilesResponse", http.get("files", params={"limit": 1}).json())
    check("ListFilesResponse", http.get("files", params={"purpose": "vision"}).json())


def test_deleted_file_is_gone(client: OpenAI, http: httpx2.Client):
    file_id = upload(client, b"x")
    check("DeleteFileResponse", http.delete(f"files/{file_id}").json())
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(NotFoundError, match="No such File object"):
            call(file_id)


def test_file_that_a_batch_reads_cannot_be_deleted(start_platform):
    with start_platform(delay=60) as client:
        batch = start(client, lines(10))
        with pytest.raises(ConflictError, match=batch.id):
            client.files.delete(batch.input_file_id)


@pytest.mark.parametrize("name", ["upload", "in.json", "requests.txt"])
def test_batch_file_may_have_any_name(client: OpenAI, name: str):
    file_id = upload(client, lines(2), name)
    created = client.batches.create(input_file_id=file_id, endpoint=CHAT, completion_window="24h")
    batch = finished(client, created)
    assert (batch.status, batch.request_counts.completed) == ("completed", 2)


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"data": {"purpose": "batch"}, "files": {"other": b"x"}}, "file"),
        ({"files": {"file": ("a.jsonl", b"x")}}, "purpose"),
        ({"files": {"file": (None, b"x"), "purpose": (None, b"batch")}}, "file"),
        ({"data": {"purpose": "nonsense"}, "files": {"file": ("a.jsonl", b"x")}}, "purpose"),
        ({"data": {"purpose": "x" * 70_000}, "files": {"file": ("a.jsonl", b"x")}}, "purpose"),
        (
            {
                "data": {"purpose": "batch"},
                "files": [("file", ("a.jsonl", b"x")), ("file", ("b.jsonl", b"x"))],
            },
            "file",
        ),
    ],
)
def test_form_that_lacks_something_is_refused(http: httpx2.Client, form: dict, param: str):
    answer = http.post("files", **form)
    check("ErrorResponse", answer.json())
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 10_001}, {"limit": "x"}, {"order": "up"}])
def test_list_of_files_refuses_wrong_parameters(http: httpx2.Client, query: dict):
    assert http.get("files", params=query).status_code == 400


def test_body_that_is_no_form_is_refused(http: httpx2.Client):
    answer = http.post("files", json={"purpose": "batch"})
    assert answer.status_code == 400
    assert "multipart" in answer.json()["error"]["message"]


def test_file_over_the_limit_is_refused_and_leaves_nothing(start_platform, tmp_path: Path):
    with start_platform(max_upload=1_000) as client:
        with pytest.raises(Exception, match="larger than 1000 bytes") as caught:
            upload(client, b"x" * 1_001)
        assert caught.value.status_code == 413
        upload(client, b"x" * 1_000)
        assert len(list((tmp_path / "files").iterdir())) == 1


def test_upload_that_breaks_off_leaves_nothing(start_platform, tmp_path: Path):
    with start_platform() as client:
        address = urlsplit(str(client.base_url))
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(
                b"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer any\r\nContent-Length: 5000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\nxxxx'
            )
            until(lambda: list((tmp_path / "files").iterdir()))
        until(lambda: not list((tmp_path / "files").iterdir()))
        assert not list(client.files.list())


def test_large_file_goes_to_disk_and_back_in_little_memory(base_url: str):
    megabytes = 24
    block = line("x" * 1_000)
    count = megabytes * 2**20 // len(block)
    head = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
    head += b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'

    def body():
        yield head
        for _ in range(count // 50):
            yield block * 50
        yield b"\r\n--b--\r\n"

    headers = {"authorization": "Bearer any", "content-type": "multipart/form-data; boundary=b"}
    with httpx2.Client(base_url=base_url, headers=headers, timeout=60) as http:
        tracemalloc.start()
        try:
            file = http.post("files", content=body()).json()
            with http.stream("GET", f"files/{file['id']}/content") as answer:
                size = sum(map(len, answer.iter_bytes()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert file["bytes"] == size == count // 50 * 50 * len(block)
    assert peak < 6 * 2**20


def test_expired_file_is_gone_after_a_restart(tmp_path: Path):
    from distilabel.server.records import File
    from distilabel.server.store import Store

    store = Store(tmp_path)
    now = time.time()
    for name, expires_at in (("file-old", now + 1), ("file-new", now + 1_000)):
        store.path(name).write_bytes(b"x")
        store.add_file(File(0, name, "a.jsonl", "batch", 1, now, expires_at))
    store.path("file-orphan").write_bytes(b"x")
    store.sweep(now + 2)
    assert [path.name for path in store.files_folder.iterdir()] == ["file-new"]
    store.close()
