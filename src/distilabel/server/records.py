"""The two things the database remembers, files and batches, and how each looks on the wire."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from distilabel.server.http import Body


class Status(StrEnum):
    """States of a batch; `schema.sql` holds the legal moves between them.

        validating -> in_progress -> finalizing -> completed
            |              |`-> expired
            |`-> failed    v
            `--------> cancelling -> cancelled

    https://platform.openai.com/docs/guides/batch#4-check-the-status-of-a-batch
    """

    VALIDATING = "validating"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


LIVE = frozenset({Status.VALIDATING, Status.IN_PROGRESS, Status.FINALIZING, Status.CANCELLING})


@dataclass(frozen=True, slots=True)
class File:
    """A stored file: https://platform.openai.com/docs/api-reference/files/object. Times are unix seconds.

    `seq` orders files by arrival; the database gives it, and ignores the one that a new file carries.
    """

    seq: int
    id: str
    filename: str
    purpose: str
    bytes: int
    created_at: float
    expires_at: float | None

    def wire(self) -> Body:
        """The file as OpenAI shows it."""
        return {
            "object": "file",
            "id": self.id,
            "purpose": self.purpose,
            "filename": self.filename,
            "bytes": self.bytes,
            "created_at": int(self.created_at),
            "expires_at": _whole(self.expires_at),
            "status": "processed",
            "status_details": None,
        }


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a batch has come: what its part files hold up to `output_bytes` and `error_bytes`."""

    output_bytes: int = 0
    error_bytes: int = 0
    completed: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch: https://platform.openai.com/docs/api-reference/batch/object. Times are unix seconds.

    `output_part` and `error_part` name the files that answers are appended to while the batch runs; they become
    `output_file_id` and `error_file_id` when it ends, each only if it holds a line.
    """

    seq: int
    id: str
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: str | None
    output_seconds: int | None
    status: Status
    model: str | None
    errors: str | None
    output_part: str
    error_part: str
    output_file_id: str | None
    error_file_id: str | None
    total: int
    output_bytes: int
    error_bytes: int
    completed: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    created_at: float
    expires_at: float
    in_progress_at: float | None
    finalizing_at: float | None
    completed_at: float | None
    failed_at: float | None
    expired_at: float | None
    cancelling_at: float | None
    cancelled_at: float | None

    @property
    def tally(self) -> Tally:
        """The last checkpoint of the batch's part files."""
        return Tally(**{name: getattr(self, name) for name in Tally.__slots__})

    def wire(self) -> Body:
        """The batch as OpenAI shows it: a field that has no value yet is null."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.model,
            "errors": _decoded(self.errors),
            "input_file_id": self.input_file_id,
            "completion_window": self.completion_window,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": int(self.created_at),
            "in_progress_at": _whole(self.in_progress_at),
            "expires_at": _whole(self.expires_at),
            "finalizing_at": _whole(self.finalizing_at),
            "completed_at": _whole(self.completed_at),
            "failed_at": _whole(self.failed_at),
            "expired_at": _whole(self.expired_at),
            "cancelling_at": _whole(self.cancelling_at),
            "cancelled_at": _whole(self.cancelled_at),
            "request_counts": {"total": self.total, "completed": self.completed, "failed": self.failed},
            "usage": self._usage(),
            "metadata": _decoded(self.metadata),
        }

    def _usage(self) -> Body:
        return {
            "input_tokens": self.input_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_tokens},
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "total_tokens": self.input_tokens + self.output_tokens,
        }


def _whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)


def _decoded(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
