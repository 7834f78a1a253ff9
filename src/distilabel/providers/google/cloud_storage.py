"""Files in Cloud Storage, by its JSON API: https://cloud.google.com/storage/docs/json_api (November 2026)."""

from pathlib import Path
from urllib.parse import quote

from distilabel.http import Flow, FromFile, HttpRequest
from distilabel.providers.base import call, call_json, none_if_missing
from distilabel.providers.parsing.json_values import as_dicts, as_text

__all__ = ["STORAGE", "fetch", "files_below", "upload"]

STORAGE = "https://storage.googleapis.com"


def upload(storage: str, bucket: str, name: str, path: Path) -> Flow[str]:
    """Upload a file to a bucket and return its URI. A file of the same name is replaced."""
    request = HttpRequest(
        "POST",
        f"/upload{_objects(bucket)}",
        params={"uploadType": "media", "name": name},
        content=FromFile(path, content_type="application/jsonl"),
        base_url=storage,
    )
    yield from call_json(request, having="name")
    return f"gs://{bucket}/{name}"


def fetch(storage: str, uri: str, path: Path) -> Flow[bool]:
    """Stream a file to `path`; return False where it does not exist."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    object_path = f"{_objects(bucket)}/{quote(name, safe='')}"
    request = HttpRequest("GET", object_path, params={"alt": "media"}, save_to=path, base_url=storage)
    return (yield from none_if_missing(call(request))) is not None


def files_below(storage: str, folder: str) -> Flow[list[str]]:
    """Return the URIs of the JSON lines files below a folder's URI."""
    # Not `list_objects`: a page here may lack its list and hold any other field, and no payment depends on it.
    bucket, _, prefix = folder.removeprefix("gs://").partition("/")
    found: list[str] = []
    params = {"prefix": prefix.rstrip("/") + "/"}
    while True:
        page = yield from call_json(HttpRequest("GET", _objects(bucket), params=params, base_url=storage))
        names = [as_text(item.get("name")) or "" for item in as_dicts(page.get("items"))]
        found += [f"gs://{bucket}/{name}" for name in names if name.endswith(".jsonl")]
        token = as_text(page.get("nextPageToken"))
        # A server that ignores the token sends the same page for ever.
        if token is None or token == params.get("pageToken"):
            return list(dict.fromkeys(found))
        params = {**params, "pageToken": token}


def _objects(bucket: str) -> str:
    return f"/storage/v1/b/{quote(bucket, safe='')}/o"
