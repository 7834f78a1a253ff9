"""Files in S3, by its REST API: https://docs.aws.amazon.com/AmazonS3/latest/API (November 2026)."""

import html
import re
from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import FromFile, HttpRequest, HttpResponse
from distilabel.providers.aws.common import element_of
from distilabel.providers.base import call

__all__ = ["fetch", "files_below", "send"]

_GONE = 404
# Named in each call to S3: the bodies of files are streamed, and TLS guards them.
_UNSIGNED = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
_KEY = re.compile(r"<Key>([^<]+)</Key>")


def send(storage: str, uri: str, path: Path) -> Generator[HttpRequest, HttpResponse, str]:
    """Send a file; one of that name is replaced. Return its URI."""
    base, place = _place(storage, uri)
    body = FromFile(path, content_type="application/jsonl")
    response = yield from call(HttpRequest("PUT", place, headers=_UNSIGNED, content=body, base_url=base))
    if not response.headers.get("etag"):
        raise DistilabelPlatformError(
            f"PUT {place} was answered with something else than the ETag of a file.", status=response.status
        )
    return uri


def fetch(storage: str, uri: str, path: Path) -> Generator[HttpRequest, HttpResponse, bool]:
    """Stream a file to `path`; False if it is not there."""
    base, place = _place(storage, uri)
    try:
        yield from call(HttpRequest("GET", place, headers=_UNSIGNED, save_to=path, base_url=base))
    except DistilabelPlatformError as error:
        if error.status == _GONE:
            return False
        raise
    return True


def files_below(storage: str, folder: str, ending: str) -> Generator[HttpRequest, HttpResponse, list[str]]:
    """Return the URIs of the files below a folder's URI whose names have that ending."""
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    base, place = _place(storage, f"s3://{bucket}/")
    params = {"list-type": "2", "prefix": prefix.rstrip("/") + "/"}
    found: list[str] = []
    while True:
        request = HttpRequest("GET", place, params=params, headers=_UNSIGNED, base_url=base)
        page = (yield from call(request)).body
        if b"<ListBucketResult" not in page:
            raise DistilabelPlatformError(
                f"GET {place} was answered with something else than a list of files."
            )
        names = [html.unescape(name) for name in _KEY.findall(page.decode("utf-8", "replace"))]
        found += [f"s3://{bucket}/{name}" for name in names if name.endswith(ending)]
        token = element_of(page, "NextContinuationToken")
        if token is None:
            return found
        params = {**params, "continuation-token": token}


def _place(storage: str, uri: str) -> tuple[str, str]:
    """Return where a file is: at AWS a bucket is a host, unless its name has a dot, which no certificate covers."""
    bucket, _, name = uri.removeprefix("s3://").partition("/")
    path = f"/{quote(name)}"
    if ".amazonaws.com" in storage and "." not in bucket:
        return storage.replace("://", f"://{bucket}.", 1), path
    return storage, f"/{quote(bucket, safe='')}{path}"
