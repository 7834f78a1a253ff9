"""The Files API: https://platform.openai.com/docs/api-reference/files."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from distilabel.server.batch_rules import DAY, expiry
from distilabel.server.errors import ApiError, missing
from distilabel.server.http import json_response, new_id, page
from distilabel.server.platform import platform_of
from distilabel.server.reading import limit_of, newest_first
from distilabel.server.records import File

PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
# "By default, files with purpose=batch expire after 30 days" (API reference, files/create).
BATCH_SECONDS = 30 * DAY
MAX_FIELD = 64 * 1024
MAX_HEADER = 16 * 1024
MAX_LIST = 10_000


async def upload(request: Request) -> Response:
    """`POST /v1/files`: the body goes to disk as it comes in."""
    platform = platform_of(request)
    file_id = new_id("file-")
    with _scratch(platform.store.path(file_id)) as scratch:
        form = await _received(request, scratch.file, platform.settings.max_upload)
        purpose, seconds = _checked(form)
        await run_in_threadpool(_sync, scratch.file)
        now = time.time()
        file = File(
            0,
            file_id,
            form.filename or "",
            purpose,
            form.size,
            now,
            None if seconds is None else now + seconds,
        )
        await run_in_threadpool(platform.store.add_file, file)
        scratch.keep = True
    return json_response(file.wire())


def list_files(request: Request) -> Response:
    """`GET /v1/files`."""
    query = request.query_params
    files, has_more = platform_of(request).store.files(
        now=time.time(),
        limit=limit_of(request, MAX_LIST, MAX_LIST),
        after=query.get("after"),
        purpose=query.get("purpose"),
        newest_first=newest_first(request),
    )
    return json_response(page([file.wire() for file in files], has_more=has_more))


def retrieve_file(request: Request) -> Response:
    """`GET /v1/files/{file_id}`."""
    file = platform_of(request).store.file(request.path_params["file_id"], time.time())
    return json_response(file.wire())


def file_content(request: Request) -> Response:
    """`GET /v1/files/{file_id}/content`: streamed from disk."""
    store = platform_of(request).store
    file = store.file(request.path_params["file_id"], time.time())
    return FileResponse(store.path(file.id), media_type="application/octet-stream", filename=file.filename)


def delete_file(request: Request) -> Response:
    """`DELETE /v1/files/{file_id}`."""
    file_id = request.path_params["file_id"]
    platform_of(request).store.delete_file(file_id, time.time())
    return json_response({"id": file_id, "object": "file", "deleted": True})


class _Form:
    """Receives the parts of a form: the file goes to disk, the fields stay in memory."""

    def __init__(self, into: BinaryIO, max_upload: int) -> None:
        self.filename: str | None = None
        self.size = 0
        self._complete = False
        self._fields: dict[str, bytes] = {}
        self._into = into
        self._max_upload = max_upload
        self._part = ""
        self._header = b""
        self._value = b""
        self._disposition = b""

    def text(self, name: str) -> str | None:
        value = self._fields.get(name)
        return None if value is None else value.decode("utf-8", "replace")

    def parser(self, content_type: str) -> MultipartParser:
        """A parser that calls this form."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise FormParserError("the body must be multipart/form-data with a boundary")
        return MultipartParser(
            boundary,
            {
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_part,
                "on_part_data": self._on_data,
                "on_end": self._on_end,
            },
            max_header_size=MAX_HEADER,
        )

    def close(self) -> None:
        """Raise if the body broke off."""
        if not self._complete:
            raise FormParserError("the multipart body ended before its last boundary")

    # A chunk may end anywhere, so a header comes in pieces.
    def _on_header_field(self, chunk: bytes, start: int, end: int) -> None:
        self._header += chunk[start:end]

    def _on_header_value(self, chunk: bytes, start: int, end: int) -> None:
        self._value += chunk[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._disposition = b""
        # Browsers and httpx write a quote as %22 (https://html.spec.whatwg.org/#multipart-form-data), curl as \".
        names = {key: value.decode("utf-8", "replace").replace("%22", '"') for key, value in options.items()}
        if b"name" not in names:
            raise FormParserError("a multipart part has no Content-Disposition with a name")
        self._part = names[b"name"]
        if self._part != "file":
            self._fields[self._part] = b""
        elif b"filename" not in names:
            raise ApiError("The 'file' field must be a file with a name.", param="file")
        elif self.filename is not None:
            raise ApiError("Only one file can be uploaded at a time.", param="file")
        else:
            self.filename = names[b"filename"]

    def _on_data(self, chunk: bytes, start: int, end: int) -> None:
        if self._part == "file":
            self.size += end - start
            if self.size > self._max_upload:
                raise ApiError(f"The file is larger than {self._max_upload} bytes.", status=413, param="file")
            self._into.write(chunk[start:end])
            return
        self._fields[self._part] += chunk[start:end]
        if len(self._fields[self._part]) > MAX_FIELD:
            raise ApiError(f"The field '{self._part}' is too long.", param=self._part)

    def _on_end(self) -> None:
        self._complete = True


@dataclass(slots=True)
class _Scratch:
    file: BinaryIO
    keep: bool = False


@contextmanager
def _scratch(path: Path) -> Iterator[_Scratch]:
    with path.open("xb") as file:
        scratch = _Scratch(file)
        try:
            yield scratch
        finally:
            if not scratch.keep:
                path.unlink()


async def _received(request: Request, into: BinaryIO, max_upload: int) -> _Form:
    form = _Form(into, max_upload)
    try:
        parser = form.parser(request.headers.get("content-type", ""))
        async for chunk in request.stream():
            parser.write(chunk)
        form.close()
    except FormParserError as error:
        raise ApiError(f"We could not parse your multipart form: {error}") from error
    except ClientDisconnect as error:
        raise ApiError("The upload was cut short.") from error
    return form


def _checked(form: _Form) -> tuple[str, int | None]:
    purpose = form.text("purpose")
    if form.filename is None:
        raise missing("file")
    if purpose is None:
        raise missing("purpose")
    if purpose not in PURPOSES:
        raise ApiError(f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'", param="purpose")
    seconds = expiry("expires_after", _policy(form))
    return purpose, BATCH_SECONDS if seconds is None and purpose == "batch" else seconds


def _policy(form: _Form) -> dict[str, object] | None:
    # A form has no objects; clients send expires_after[anchor] and expires_after[seconds].
    anchor, seconds = form.text("expires_after[anchor]"), form.text("expires_after[seconds]")
    if anchor is None and seconds is None:
        return None
    return {"anchor": anchor, "seconds": int(seconds) if seconds and seconds.isdecimal() else seconds}


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
