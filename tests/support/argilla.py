"""An Argilla on the loopback: keeps datasets and records, and speaks to the real `argilla` client.

It answers what the client asks in order to find or make a dataset and to send records. Shapes:
https://docs.argilla.io (API of version 2, November 2026).
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

KEY = "argilla.5up3r-53cr3t"
WORKSPACE = "00000000-0000-4000-8000-000000000001"
TIMES = {"inserted_at": "2026-11-01T00:00:00", "updated_at": "2026-11-01T00:00:00"}


def number(*parts: str) -> str:
    """An id that stands for these parts."""
    return str(uuid5(UUID(WORKSPACE), "/".join(parts)))


@dataclass
class Argilla:
    """What it was given.

    Attributes:
        url: Its address.
        datasets: Id to what is known of it.
        parts: Id to its fields and questions.
        records: Id to external id to record.
        requests: Method and path of each request.
        refusing: Whether records are refused.
    """

    url: str = ""
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    parts: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    refusing: bool = False

    def named(self, name: str) -> str:
        """The id of a dataset."""
        (found,) = (key for key, dataset in self.datasets.items() if dataset["name"] == name)
        return found

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:  # noqa: PLR0911 - a table
        """Answer a request."""
        workspace = {"id": WORKSPACE, "name": "team", **TIMES}
        match path.removeprefix("/api/v1/").split("/"):
            case ["me"]:
                return 200, {
                    "id": number("me"),
                    "username": "me",
                    "role": "owner",
                    "first_name": "Me",
                    **TIMES,
                }
            case ["me", "workspaces"]:
                return 200, {"items": [workspace]}
            case ["workspaces", _]:
                return 200, workspace
            case ["me", "datasets"]:
                return 200, {"items": list(self.datasets.values())}
            case ["datasets"]:
                return self.make(body)
            case ["datasets", key] if key in self.datasets:
                return 200, self.datasets[key]
            case ["datasets", key, "publish"]:
                self.datasets[key]["status"] = "ready"
                return 200, self.datasets[key]
            case ["datasets", key, "records", "bulk"]:
                return self.keep(key, body["items"])
            case ["datasets" | "me", *rest]:
                key, kind = rest[-2], rest[-1]
                return self.part(method, key, kind, body)
        return 404, {"detail": "not found"}

    def make(self, body: dict[str, Any]) -> tuple[int, Any]:
        made = {
            **body,
            "id": number("dataset", body["name"]),
            "status": "draft",
            "last_activity_at": None,
            **TIMES,
        }
        made["workspace_id"] = body.get("workspace_id") or WORKSPACE
        self.datasets[made["id"]] = made
        self.records[made["id"]] = {}
        return 201, made

    def part(self, method: str, key: str, kind: str, body: Any) -> tuple[int, Any]:
        kept = self.parts.setdefault(key, {}).setdefault(kind, [])
        if method == "GET":
            return 200, {"items": kept}
        kept.append({**body, "id": number(key, kind, body["name"]), "dataset_id": key, **TIMES})
        return 201, kept[-1]

    def keep(self, key: str, items: list[dict[str, Any]]) -> tuple[int, Any]:
        if self.refusing:
            return 500, {"detail": "refused on purpose"}
        known = self.records[key]
        updated = [item["external_id"] for item in items if item["external_id"] in known]
        for item in items:
            known[item["external_id"]] = {
                **item,
                "id": number(key, item["external_id"]),
                "status": "pending",
                **TIMES,
            }
        made = [{**known[item["external_id"]], "dataset_id": key, "suggestions": []} for item in items]
        return 200, {"items": made, "updated_item_ids": [known[name]["id"] for name in updated]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kept: Argilla

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        path = re.sub(r"//+", "/", urlsplit(self.path).path)
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.kept.requests.append((self.command, path))
        if self.headers.get("X-Argilla-Api-Key") != KEY:
            self._send(401, {"detail": "unauthorized"})
            return
        self._send(*self.kept.answer(self.command, path, json.loads(text) if text else None))

    def _send(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815 - names that http.server calls


@contextmanager
def argilla() -> Iterator[Argilla]:
    """Run an Argilla in this process."""
    kept = Argilla()
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
