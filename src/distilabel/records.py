"""The values that packages exchange: requests, replies, and the batch jobs that carry them."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

__all__ = [
    "Decoded",
    "Failure",
    "Found",
    "Job",
    "JobCondition",
    "JobError",
    "JobPhase",
    "JobState",
    "Outcome",
    "RemoteJob",
    "Reply",
    "Request",
    "Target",
    "Usage",
    "canonical_json",
    "custom_id",
    "parse_custom_id",
    "request_key",
    "request_keys",
]

# Line separators that are legal inside a JSON string, and at which many readers split lines.
_SEPARATORS = {
    character.encode(): f"\\u{ord(character):04x}".encode() for character in ("\u2028", "\u2029", "\u0085")
}
_CUSTOM_ID = re.compile(r"([0-9a-f]{32})-(0|[1-9][0-9]{0,8})(?:-[0-9a-f]{16})?")


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: requests of different targets never share a job.

    Attributes:
        platform: The platform's name in the registry, such as `openai`.
        base_url: The address, without user, password and trailing slash.
        endpoint: The path of the endpoint, such as `/v1/chat/completions`.
        model: The model's name.
    """

    platform: str
    base_url: str
    endpoint: str
    model: str

    @property
    def identity(self) -> str:
        """One line that names the target; part of each request's key."""
        return f"{self.platform}\n{self.base_url}\n{self.endpoint}\n{self.model}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its key and the canonical bytes of its body."""

    key: str
    body: bytes


class Usage(NamedTuple):
    """Tokens that a platform counted for one reply.

    Attributes:
        input_tokens, output_tokens: Of the prompt and of the answer.
        cached_tokens: Those of the prompt that were read from a cache; None where the platform does not count them.
        reasoning_tokens: Those of the answer that are reasoning; None likewise.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Reply(NamedTuple):
    """A response with an answer; `text` is None if the model declined (see `refusal`) or called a tool."""

    text: str | None
    usage: Usage = Usage()
    finish_reason: str | None = None
    refusal: str | None = None
    request_id: str | None = None
    extras: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer.

    Attributes:
        code: Machine-readable, such as `batch_expired`, `http_429`, `missing`, `empty_reply`.
        message: For the user; holds no secret.
        retryable: Whether asking again may help.
        account: Whether the reason concerns the key, the credit or the access of the whole account, and not this request.
    """

    code: str
    message: str
    retryable: bool = False
    account: bool = False


Outcome = Reply | Failure


class JobState(StrEnum):
    """Where a batch job stands in the ledger; `ledger/states.py` draws the moves."""

    PLANNED = "planned"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    CREATING = "creating"
    SUBMITTED = "submitted"
    ENDED = "ended"
    FETCHED = "fetched"
    SETTLED = "settled"
    REJECTED = "rejected"
    LOST = "lost"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the job is over: no move leads away from this state."""
        return self in (JobState.SETTLED, JobState.REJECTED, JobState.LOST, JobState.CANCELLED)


class JobCondition(StrEnum):
    """What is out of the ordinary about a batch job, beside its state; `ledger/states.py` draws how one follows another.

    Attributes:
        CANCEL_DUE: It is past its deadline; the platform is asked, or must be asked again, to cancel it.
        CANCEL_SENT: It is past its deadline, and the platform has accepted the cancellation.
        RESULTS_MISSING: It has ended, and the platform does not give the results that it must have.
        FORGOTTEN: The user no longer waits for its results (`distilabel jobs forget`).
    """

    CANCEL_DUE = "cancel_due"
    CANCEL_SENT = "cancel_sent"
    RESULTS_MISSING = "results_missing"
    FORGOTTEN = "forgotten"

    @property
    def is_overdue(self) -> bool:
        """Whether the job is past its deadline: what it leaves unanswered is treated as `at_deadline` says."""
        return self in (JobCondition.CANCEL_DUE, JobCondition.CANCEL_SENT)


class JobPhase(StrEnum):
    """What a platform's own word for a job's state means.

    A completed job was run to its end. A stopped one was not, but may have finished some requests. Of a rejected one
    nothing was run.
    """

    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    REJECTED = "rejected"

    @property
    def has_ended(self) -> bool:
        """Whether there may be results, and no more will come."""
        return self in (JobPhase.COMPLETED, JobPhase.STOPPED)


@dataclass(frozen=True, slots=True)
class JobError:
    """An error that a platform reports for a whole job, or for one line of it (counted from 1)."""

    code: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the platform describes it.

    Attributes:
        remote_id: The platform's id of the job.
        status: The platform's word, such as `in_progress`.
        phase: What that word means.
        files: The files to fetch: kind (`output`, `error`) to the platform's id of the file.
        total, completed, failed: The platform's counts; None if it gives none. They show whether there must be results,
            but not of which requests.
        errors: Why a job was rejected.
        tag: Our tag, if the platform returns it.
        scope: Whose requests it holds, if the platform returns it.
        endpoint, model: Where its requests go, if the platform returns it.
        input_file: The platform's id of the file of its requests.
        created_at: When the platform created it, in seconds since 1970.
    """

    remote_id: str
    status: str
    phase: JobPhase
    files: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    completed: int | None = None
    failed: int | None = None
    errors: tuple[JobError, ...] = ()
    tag: str | None = None
    scope: str | None = None
    endpoint: str | None = None
    model: str | None = None
    input_file: str | None = None
    created_at: float | None = None

    @property
    def was_run(self) -> bool:
        """Whether some of its requests may have been answered; a job that failed may have run in part."""
        return self.phase is not JobPhase.REJECTED or bool(self.completed) or "output" in self.files


@dataclass(frozen=True, slots=True)
class Found:
    """The jobs on a platform that may be the one whose create call was interrupted.

    Attributes:
        ours: Certainly created by us: with our tag, from our file, or with our custom_ids.
        doubtful: Created at that time and of that size; the platform shows whose they are only when they have ended.
    """

    ours: tuple[RemoteJob, ...] = ()
    doubtful: tuple[RemoteJob, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A batch job as the ledger knows it.

    Attributes:
        id: Its number in the ledger.
        tag: Unique; sent to the platform with the job, so that an interrupted creation can be looked up.
        size: Bytes of its input file.
        tokens: An estimate for all its prompts.
        label: The user's `tag` in `OfflineBatchOptions`.
        account: Tells which key it was submitted with.
        created_at, moved_at: Seconds since 1970; `moved_at` is when state or condition last changed.
        code, message: Why the platform rejected or lost it; `message` explains the condition too.
        condition: None where nothing is out of the ordinary.
    """

    id: int
    scope: str
    target: Target
    tag: str
    state: JobState
    requests: int
    size: int
    created_at: float
    moved_at: float
    tokens: int = 0
    label: str | None = None
    account: str | None = None
    input_file: str | None = None
    remote_id: str | None = None
    remote_status: str | None = None
    completed: int | None = None
    failed: int | None = None
    code: str | None = None
    message: str | None = None
    condition: JobCondition | None = None

    @property
    def reason(self) -> str | None:
        """Why the job is not simply where its state says: the platform's code, or else the condition."""
        return self.code or self.condition

    @property
    def is_overdue(self) -> bool:
        """Whether the job is past its deadline."""
        return self.condition is not None and self.condition.is_overdue


class Decoded(NamedTuple):
    """One line of a result file; `custom_id` is None where the line cannot be read."""

    custom_id: str | None
    outcome: Outcome


def canonical_json(value: Any) -> bytes:
    r"""Return `value` as compact UTF-8 JSON in insertion order, on one line for any reader.

    Separators that Unicode counts as line ends (U+2028, U+2029, U+0085) are escaped; a lone surrogate makes the
    whole text ASCII, since UTF-8 cannot carry it. What is not a number, or infinite, becomes null.

    Examples:
        >>> canonical_json({"b": "é", "a": "\u2028"})
        b'{"b":"\xc3\xa9","a":"\\u2028"}'
    """
    try:
        text = orjson.dumps(value)
    except TypeError:
        return json.dumps(_finite(value), separators=(",", ":"), ensure_ascii=True).encode("ascii")
    if text.isascii():
        return text
    for raw, escape in _SEPARATORS.items():
        if raw in text:
            text = text.replace(raw, escape)
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return value


def request_key(scope: str, target: Target, body: bytes) -> str:
    """Return a request's key, 32 hexadecimal digits: a digest of scope, target and body.

    Args:
        scope: Whose request it is, such as `pipeline/step`; equal bodies of two scopes are two requests.
        target: Where it goes.
        body: Its canonical JSON.
    """
    return request_keys(scope, target, (body,))[0]


def request_keys(scope: str, target: Target, bodies: Iterable[bytes]) -> list[str]:
    """Return the keys of several requests of one scope and target; see `request_key`."""
    common = hashlib.blake2b(digest_size=16)
    for part in (scope.encode(), target.identity.encode()):
        common.update(len(part).to_bytes(8, "big"))
        common.update(part)
    return [_key(common.copy(), body) for body in bodies]


def _key(digest: "hashlib.blake2b", body: bytes) -> str:
    digest.update(len(body).to_bytes(8, "big") + body)
    return digest.hexdigest()


def custom_id(key: str, sample: int, tag: str = "") -> str:
    """Return the custom_id of one sample of a request; at most 59 characters of [0-9a-f-].

    Args:
        key: From `request_key`.
        sample: Which of its samples.
        tag: The job's tag, for a platform that keeps it nowhere else; 16 hexadecimal digits of it are taken.

    Examples:
        >>> custom_id("0" * 32, 3)
        '00000000000000000000000000000000-3'
    """
    return f"{key}-{sample}-{tag[:16]}" if tag else f"{key}-{sample}"


def parse_custom_id(text: str) -> tuple[str, int] | None:
    """Return key and sample of a custom_id; None for a foreign one."""
    match = _CUSTOM_ID.fullmatch(text)
    return (match[1], int(match[2])) if match else None
