"""The Files API: https://platform.openai.com/docs/api-reference/files."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from distilabel.server.batch_rules import DAY, expiry
from distilabel.server.errors import ApiError, missing
from distilabel.server.http import json_response, new_id, page
from distilabel.server.multipart import Data, MalformedError, Parser, Part
from distilabel.server.platform import platform_of
from distilabel.server.reading import limit_of, newest_first
from distilabel.server.records import File

PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
# "By default, files with purpose=batch expire after 30 days" (API reference, files/create).
BATCH_SECONDS = 30 * DAY
MAX_FIELD = 64 * 1024
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


@dataclass(slots=True)
class _Form:
    filename: str | None = None
    size: int = 0
    fields: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        value = self.fields.get(name)
        return None if value is None else value.decode("utf-8", "replace")


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
    form = _Form()
    part: Part | None = None
    try:
        parser = Parser(request.headers.get("content-type", ""))
        async for chunk in request.stream():
            for event in parser.feed(chunk):
                if isinstance(event, Part):
                    part = event
                    _begin(form, part)
                elif part is not None:
                    _take(form, part, event, into, max_upload)
        parser.close()
    except MalformedError as error:
        raise ApiError(f"We could not parse your multipart form: {error}") from error
    except ClientDisconnect as error:
        raise ApiError("The upload was cut short.") from error
    return form


def _begin(form: _Form, part: Part) -> None:
    if part.name != "file":
        form.fields[part.name] = b""
    elif part.filename is None:
        raise ApiError("The 'file' field must be a file with a name.", param="file")
    elif form.filename is not None:
        raise ApiError("Only one file can be uploaded at a time.", param="file")
    else:
        form.filename = part.filename


def _take(form: _Form, part: Part, data: Data, into: BinaryIO, max_upload: int) -> None:
    if part.name == "file":
        form.size += len(data.bytes)
        if form.size > max_upload:
            raise ApiError(f"The file is larger than {max_upload} bytes.", status=413, param="file")
        into.write(data.bytes)
        return
    form.fields[part.name] += data.bytes
    if len(form.fields[part.name]) > MAX_FIELD:
        raise ApiError(f"The field '{part.name}' is too long.", param=part.name)


def _checked(form: _Form) -> tuple[str, int | None]:
    purpose = form.text("purpose")
    if form.filename is None:
        raise missing("file")
    if purpose is None:
        raise missing("purpose")
    if purpose not in PURPOSES:
        raise ApiError(f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'", param="purpose")
    if purpose == "batch" and not form.filename.endswith(".jsonl"):
        raise ApiError("Invalid file format for Batch API. Must be .jsonl", param="file")
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
