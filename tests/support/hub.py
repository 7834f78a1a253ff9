"""A Hugging Face Hub on the loopback: keeps datasets' files, and speaks to the real `huggingface_hub` client.

It answers what the client asks in order to make a dataset, commit files, list them and read them back. Parquet goes by
LFS, any other file inline ("regular"), nothing by Xet. Shapes: https://huggingface.co/docs/hub/api (November 2026).
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """What the Hub was given.

    Attributes:
        url: Its address.
        files: Dataset to path to content.
        private: Dataset to whether it is private.
        requests: Method and path of each request, with its token.
        commits: Dataset to the paths of each commit, in order.
        large: Files that were sent by LFS, by their SHA-256.
        refusing: An HTTP status with which commits are answered instead.
    """

    url: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    commits: dict[str, list[list[str]]] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    refusing: int | None = None

    def environment(self) -> dict[str, str]:
        """The environment in which a process uses this Hub, without a cache of its own."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}

    def sha(self, name: str) -> str:
        """The last commit: another one after each, since the client caches what it knows of a commit."""
        return f"{len(self.commits.get(name, [])):040x}"

    def create(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = "/".join(part for part in (body.get("organization"), body["name"]) if part)
        is_new = name not in self.files
        self.files.setdefault(name, {})
        self.private.setdefault(name, bool(body.get("private") or body.get("visibility") == "private"))
        return (200 if is_new else 409), {"url": f"{self.url}/datasets/{name}", "name": name}

    def commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        if self.refusing is not None:
            return self.refusing, {"error": "refused on purpose"}
        written = [line["value"] for line in lines if line["key"] in ("file", "lfsFile")]
        for file in written:
            inline = "content" in file
            content = base64.b64decode(file["content"]) if inline else self.large[file["oid"]]
            self.files[name][file["path"]] = content
        for line in lines:
            if line["key"] == "deletedFile":
                self.files[name].pop(line["value"]["path"], None)
        self.commits.setdefault(name, []).append([file["path"] for file in written])
        sha = self.sha(name)
        return 200, {
            "commitUrl": f"{self.url}/datasets/{name}/commit/{sha}",
            "commitOid": sha,
            "success": True,
        }

    def batch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say where the files of an LFS upload go."""
        objects = [
            {**item, "actions": {"upload": {"href": f"{self.url}/large/{item['oid']}"}}}
            for item in body["objects"]
        ]
        return {"transfer": "basic", "objects": objects}

    def entries(self, name: str) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in self.files[name].items()
        ]

    def tree(self, name: str, folder: str, *, recursive: bool) -> tuple[int, Any]:
        """The files and folders in a folder, "" for the top; all below it if `recursive`."""
        start = f"{folder}/" if folder else ""
        below = [entry for entry in self.entries(name) if entry["path"].startswith(start)]
        deeper = {entry["path"].removeprefix(start).rpartition("/")[0] for entry in below} - {""}
        folders = {start + "/".join(d.split("/")[:n]) for d in deeper for n in range(1, d.count("/") + 2)}
        found = [
            *({"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in sorted(folders)),
            *below,
        ]
        shown = [entry for entry in found if recursive or "/" not in entry["path"].removeprefix(start)]
        return (200, shown) if shown or not folder else (404, {"error": "Entry not found"})


def _answer(hub: Hub, path: str, query: str, body: bytes) -> tuple[int, Any]:
    """Answer what is not a file's content."""
    if path == "/api/repos/create":
        return hub.create(json.loads(body))
    if path.endswith(".git/info/lfs/objects/batch"):
        return 200, hub.batch(json.loads(body))
    if path.startswith("/large/"):
        hub.large[path.removeprefix("/large/")] = body
        return 200, {}
    if path == "/api/validate-yaml":
        return 200, {"errors": [], "warnings": []}
    found = re.match(r"^/api/datasets/([^/]+/[^/]+)(?:/([\w-]+))?(?:/(.*))?$", path)
    if not found or found[1] not in hub.files:
        return 404, {"error": "Repository not found"}
    return _of_dataset(hub, found[1], found[2] or "", (found[3] or "").partition("/")[2], query, body)


def _of_dataset(hub: Hub, name: str, verb: str, rest: str, query: str, body: bytes) -> tuple[int, Any]:
    match verb:
        case "preupload":
            paths = [file["path"] for file in json.loads(body)["files"]]
            modes = {path: "lfs" if path.endswith(".parquet") else "regular" for path in paths}
            return 200, {
                "files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]
            }
        case "commit":
            return hub.commit(name, [json.loads(line) for line in body.splitlines() if line])
        case "tree":
            return hub.tree(name, rest, recursive="recursive=true" in query.lower())
        case "paths-info":
            wanted = json.loads(body)["paths"]
            return 200, [entry for entry in hub.entries(name) if entry["path"] in wanted]
    siblings = [{"rfilename": path} for path in hub.files[name]]
    return 200, {
        "id": name,
        "sha": hub.sha(name),
        "private": hub.private[name],
        "tags": [],
        "siblings": siblings,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kept: Hub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self._body()
        self.kept.requests.append((self.command, path, self.headers.get("Authorization")))
        file = re.match(r"^/datasets/([^/]+/[^/]+)/resolve/[^/]+/(.+)$", path)
        if file:
            self._send_file(self.kept.files.get(file[1], {}).get(file[2]), self.kept.sha(file[1]))
        else:
            status, answer = _answer(self.kept, path, urlsplit(self.path).query, body)
            kind = "RepoNotFound" if "Repository" in str(answer) else "EntryNotFound"
            missing = {"X-Error-Code": kind} if status == 404 else {}
            headers = {"Content-Type": "application/json", **missing}
            self._send(status, json.dumps(answer).encode(), headers)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send_file(self, content: bytes | None, sha: str) -> None:
        if content is None:
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        self._send(200, content, {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": sha})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815 - names that http.server calls


@contextmanager
def hub() -> Iterator[Hub]:
    """Run a Hub in this process."""
    kept = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"kept": kept}))
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
