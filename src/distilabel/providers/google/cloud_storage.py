"""Files in Cloud Storage, by its JSON API: https://cloud.google.com/storage/docs/json_api (November 2026)."""

from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import FromFile, HttpRequest, HttpResponse
from distilabel.providers.base import call, call_json
from distilabel.providers.parsing.json_values import as_dicts, as_text

__all__ = ["STORAGE", "fetch", "files_below", "send"]

STORAGE = "https://storage.googleapis.com"
_GONE = 404


def send(storage: str, bucket: str, name: str, path: Path) -> Generator[HttpRequest, HttpResponse, str]:
    """Send a file to a bucket; one of that name is replaced. Return its URI."""
    request = HttpRequest(
        "POST",
        f"/upload{_objects(bucket)}",
        params={"uploadType": "media", "name": name},
        content=FromFile(path, content_type="application/jsonl"),
        base_url=storage,
    )
    yield from call_json(request, having="name")
    return f"gs://{bucket}/{name}"


def fetch(storage: str, uri: str, path: Path) -> Generator[HttpRequest, HttpResponse, bool]:
    """Stream a file to `path`; False if it is not there."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    place = f"{_objects(bucket)}/{quote(name, safe='')}"
    request = HttpRequest("GET", place, params={"alt": "media"}, save_to=path, base_url=storage)
    try:
        yield from call(request)
    except DistilabelPlatformError as error:
        if error.status == _GONE:
            return False
        raise
    return True


def files_below(storage: str, folder: str) -> Generator[HttpRequest, HttpResponse, list[str]]:
    """Return the URIs of the JSON lines files below a folder's URI."""
    bucket, _, prefix = folder.removeprefix("gs://").partition("/")
    found: list[str] = []
    params = {"prefix": prefix.rstrip("/") + "/"}
    while True:
        page = yield from call_json(HttpRequest("GET", _objects(bucket), params=params, base_url=storage))
        names = [as_text(item.get("name")) or "" for item in as_dicts(page.get("items"))]
        found += [f"gs://{bucket}/{name}" for name in names if name.endswith(".jsonl")]
        token = as_text(page.get("nextPageToken"))
        if token is None:
            return found
        params = {**params, "pageToken": token}


def _objects(bucket: str) -> str:
    return f"/storage/v1/b/{quote(bucket, safe='')}/o"
