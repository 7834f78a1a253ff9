"""The answers of a batch: lines appended to two part files, kept whole through a crash.

Nothing is written to the database per line. Every so often a checkpoint makes the part files durable and then notes
their lengths; whatever a crash leaves behind those lengths is cut off when the files are opened again, and the
requests it belonged to are asked once more.

Lines: https://platform.openai.com/docs/api-reference/batch/request-output
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from distilabel.server.batch_rules import mark
from distilabel.server.http import Body, new_id
from distilabel.server.records import Batch, Status, Tally
from distilabel.server.store import Store

OK = 200
NEVER_RUN = {
    "batch_expired": "This request could not be executed before the completion window expired.",
    "batch_cancelled": "The batch was cancelled before this request executed.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one request: an HTTP status and body, or a code of `NEVER_RUN`."""

    custom_id: str
    status: int = 0
    body: Body | None = None
    never_run: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it belongs in the output file; all else goes to the error file."""
        return self.status == OK

    def line(self) -> bytes:
        """The reply as a line of a result file. A refused request has `error: null`; its body says why."""
        response = error = None
        if self.never_run is None:
            response = {"status_code": self.status, "request_id": new_id("req_"), "body": self.body}
        else:
            error = {"code": self.never_run, "message": NEVER_RUN[self.never_run]}
        value = {
            "id": new_id("batch_req_"),
            "custom_id": self.custom_id,
            "response": response,
            "error": error,
        }
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


class Results:
    """The two part files of a batch that runs, from its last checkpoint on.

    A subclass may lose, double or garble lines in `write`, for a platform that misbehaves; counting happens before
    it. `finished` reads what was written, so such a batch must run to its end undisturbed: a request whose line was
    lost would be asked again after a restart. To misbehave at delivery instead, wrap the app.
    """

    def __init__(self, store: Store, batch: Batch) -> None:
        self._store = store
        self._batch_id = batch.id
        self._tally = asdict(batch.tally)
        self._paths = {"output": store.path(batch.output_part), "error": store.path(batch.error_part)}
        self._files = {
            name: _reopened(path, self._tally[f"{name}_bytes"]) for name, path in self._paths.items()
        }
        self._dirty = False

    @property
    def tally(self) -> Tally:
        """Counts and lengths so far, those since the last checkpoint included."""
        return Tally(**self._tally)

    def all_in(self, total: int) -> bool:
        """Whether every one of `total` requests was answered."""
        return bool(self._tally["completed"] + self._tally["failed"] == total)

    def finished(self) -> set[bytes]:
        """Marks of the custom_ids that have a line in either file."""
        return {found for path in self._paths.values() for found in _marks(path)}

    def add(self, reply: Reply) -> None:
        """Count a reply and write its line."""
        self._count(reply)
        self.write("output" if reply.ok else "error", reply.line())

    def write(self, name: str, line: bytes) -> None:
        """Append a line to the `output` or the `error` file; safe on disk at the next checkpoint."""
        self._files[name].write(line)
        self._tally[f"{name}_bytes"] += len(line)
        self._dirty = True

    def checkpoint(self) -> Status:
        """Make all lines so far durable; the state the batch is in."""
        if not self._dirty:
            return self._store.status(self._batch_id)
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        status = self._store.checkpoint(self._batch_id, self.tally)
        self._dirty = False
        return status

    def close(self) -> None:
        """Close the files; what was not checkpointed is cut off by the next to open them."""
        for file in self._files.values():
            file.close()

    def _count(self, reply: Reply) -> None:
        self._dirty = True
        self._tally["completed" if reply.ok else "failed"] += 1
        usage = (reply.body or {}).get("usage") if reply.ok else None
        if isinstance(usage, dict):
            # Responses and images count input and output, the other endpoints prompt and completion.
            read, written = (
                ("input_tokens", "output_tokens")
                if "input_tokens" in usage
                else ("prompt_tokens", "completion_tokens")
            )
            self._tally["input_tokens"] += _tokens(usage, read)
            self._tally["output_tokens"] += _tokens(usage, written)
            self._tally["cached_tokens"] += _tokens(usage.get(f"{read}_details"), "cached_tokens")
            self._tally["reasoning_tokens"] += _tokens(usage.get(f"{written}_details"), "reasoning_tokens")


def _reopened(path: Path, length: int) -> BinaryIO:
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(length)
    file.seek(length)
    return file


def _marks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as lines:
        for line in lines:
            yield mark(orjson.loads(line)["custom_id"])


def _tokens(usage: object, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) else 0
