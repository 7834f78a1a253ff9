"""Files in S3, by its REST API: https://docs.aws.amazon.com/AmazonS3/latest/API (November 2026)."""

import html
import re
from pathlib import Path
from urllib.parse import quote

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import Flow, FromFile, HttpRequest
from distilabel.providers.aws.common import xml_text
from distilabel.providers.base import call, none_if_missing

__all__ = ["fetch", "files_below", "upload"]

# Each request to S3 has this header: the bodies of files are streamed, so they are not signed; TLS protects them.
_UNSIGNED = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
_KEY = re.compile(r"<Key>([^<]+)</Key>")


def upload(storage: str, uri: str, path: Path) -> Flow[str]:
    """Upload a file and return its URI. A file of the same name is replaced."""
    base, url_path = _location(storage, uri)
    body = FromFile(path, content_type="application/jsonl")
    response = yield from call(HttpRequest("PUT", url_path, headers=_UNSIGNED, content=body, base_url=base))
    if not response.headers.get("etag"):
        raise DistilabelPlatformError(
            f"The platform sent something other than a file's ETag (PUT {url_path}).", status=response.status
        )
    return uri


def fetch(storage: str, uri: str, path: Path) -> Flow[bool]:
    """Stream a file to `path`; return False where it does not exist."""
    base, url_path = _location(storage, uri)
    request = HttpRequest("GET", url_path, headers=_UNSIGNED, save_to=path, base_url=base)
    return (yield from none_if_missing(call(request))) is not None


def files_below(storage: str, folder: str, ending: str) -> Flow[list[str]]:
    """Return the URIs of the files below a folder's URI whose names end in `ending`."""
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    base, url_path = _location(storage, f"s3://{bucket}/")
    params = {"list-type": "2", "prefix": prefix.rstrip("/") + "/"}
    found: list[str] = []
    while True:
        request = HttpRequest("GET", url_path, params=params, headers=_UNSIGNED, base_url=base)
        page = (yield from call(request)).body
        if b"<ListBucketResult" not in page:
            raise DistilabelPlatformError(
                f"The platform sent something other than a list of files (GET {url_path})."
            )
        names = [html.unescape(name) for name in _KEY.findall(page.decode("utf-8", "replace"))]
        found += [f"s3://{bucket}/{name}" for name in names if name.endswith(ending)]
        token = xml_text(page, "NextContinuationToken")
        # A server that ignores the token sends the same page for ever.
        if token is None or token == params.get("continuation-token"):
            return list(dict.fromkeys(found))
        params = {**params, "continuation-token": token}


def _location(storage: str, uri: str) -> tuple[str, str]:
    """Return base URL and path of a file.

    At AWS the bucket is a part of the host name, unless its name has a dot: no certificate covers such a host.
    """
    bucket, _, name = uri.removeprefix("s3://").partition("/")
    path = f"/{quote(name)}"
    if ".amazonaws.com" in storage and "." not in bucket:
        return storage.replace("://", f"://{bucket}.", 1), path
    return storage, f"/{quote(bucket, safe='')}{path}"
