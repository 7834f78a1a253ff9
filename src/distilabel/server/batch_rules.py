"""What OpenAI asks of a batch: its parameters and the lines of its input file. Pure.

Sources: https://platform.openai.com/docs/api-reference/batch/create, https://platform.openai.com/docs/guides/batch,
and for the codes of refused files https://learn.microsoft.com/azure/ai-services/openai/how-to/batch (error codes).
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from distilabel.server.errors import ApiError, missing
from distilabel.server.http import Body
from distilabel.server.settings import Settings

ENDPOINTS = (
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
)
MAX_EMBEDDING_INPUTS = 50_000
MAX_REPORTED_ERRORS = 1_000
HOUR = 3_600
DAY = 24 * HOUR
MAX_PAIRS = 16
MAX_KEY = 64
MAX_VALUE = 512


@dataclass(frozen=True, slots=True)
class BatchParameters:
    """A request for a batch that has passed."""

    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: str | None
    output_seconds: int | None


def batch_parameters(body: Body, settings: Settings) -> BatchParameters:
    """What `POST /v1/batches` asks for, or a refusal."""
    window = _text(body, "completion_window")
    if window != settings.completion_window:
        raise _not_one_of("completion_window", window, (settings.completion_window,))
    endpoint = _text(body, "endpoint")
    if endpoint not in ENDPOINTS:
        raise _not_one_of("endpoint", endpoint, ENDPOINTS)
    return BatchParameters(
        input_file_id=_text(body, "input_file_id"),
        endpoint=endpoint,
        completion_window=window,
        metadata=_metadata(body.get("metadata")),
        output_seconds=expiry("output_expires_after", body.get("output_expires_after")),
    )


def expiry(param: str, policy: Any) -> int | None:
    """Seconds of an expiration policy `{"anchor": "created_at", "seconds": 3600..2592000}`; None is no policy."""
    if policy is None:
        return None
    if not isinstance(policy, dict) or policy.get("anchor") != "created_at":
        raise ApiError(
            f"Invalid '{param}': expected an object with anchor 'created_at'.", param=f"{param}.anchor"
        )
    seconds = policy.get("seconds")
    if type(seconds) is not int or not HOUR <= seconds <= 30 * DAY:
        raise ApiError(
            f"Invalid '{param}.seconds': expected an integer from 3600 to 2592000.", param=f"{param}.seconds"
        )
    return seconds


def _text(body: Body, param: str) -> str:
    value = body.get(param)
    if value is None:
        raise missing(param)
    if not isinstance(value, str):
        raise ApiError(f"Invalid type for '{param}': expected a string.", param=param, code="invalid_type")
    return value


def _not_one_of(param: str, value: str, allowed: tuple[str, ...]) -> ApiError:
    names = ", ".join(f"'{name}'" for name in allowed)
    return ApiError(
        f"Invalid value: '{value}'. Supported values are: {names}.", param=param, code="invalid_value"
    )


def _metadata(metadata: Any) -> str | None:
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise ApiError(
            "Invalid type for 'metadata': expected an object.", param="metadata", code="invalid_type"
        )
    if len(metadata) > MAX_PAIRS:
        raise ApiError("Invalid 'metadata': at most 16 pairs.", param="metadata")
    for key, value in metadata.items():
        _metadata_pair(key, value)
    return orjson.dumps(metadata).decode()


def _metadata_pair(key: str, value: Any) -> None:
    param = f"metadata.{key}"
    if len(key) > MAX_KEY:
        raise ApiError(f"Invalid '{param}': a key may have 64 characters.", param="metadata")
    if not isinstance(value, str):
        raise ApiError(f"Invalid type for '{param}': expected a string.", param=param, code="invalid_type")
    if len(value) > MAX_VALUE:
        raise ApiError(f"Invalid '{param}': a value may have 512 characters.", param=param)


@dataclass(frozen=True, slots=True)
class Request:
    """A line of an input file."""

    custom_id: str
    body: Body

    @property
    def mark(self) -> bytes:
        """What the line is known by: a hash of fixed size, however long the custom_id is."""
        return mark(self.custom_id)


def mark(custom_id: str) -> bytes:
    """A 16-byte hash of a custom_id."""
    return blake2b(custom_id.encode(), digest_size=16).digest()


class LineError(ValueError):
    """A line that spoils its batch."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def read_request(line: bytes, endpoint: str) -> Request:
    """The request that a line holds, or a `LineError`."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise LineError("invalid_json_line", "This line is not parseable as valid JSON.") from None
    if not isinstance(value, dict):
        raise LineError("invalid_request", "A line must be a JSON object.")
    for name, kind in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
        if not isinstance(value.get(name), kind) or not value[name]:
            raise LineError("invalid_request", f"Missing required parameter: '{name}'.", name)
    if value["method"] != "POST":
        raise LineError("invalid_request", "The method of a request must be 'POST'.", "method")
    if value["url"] != endpoint:
        raise LineError("url_mismatch", f"The URL of this request is not the batch's, {endpoint}.", "url")
    return Request(value["custom_id"], value["body"])


def count_inputs(given: Any) -> int:
    """How many texts an embedding request holds; a list of numbers is one text, as tokens."""
    return len(given) if isinstance(given, list) and given and not isinstance(given[0], int) else 1


class InputValidator:
    """Counts the lines of an input file and collects what is wrong with them; memory: 16 bytes and a bit a line."""

    def __init__(self, endpoint: str, settings: Settings) -> None:
        self.total = 0
        self.model = ""
        self.errors: list[Body] = []
        self._endpoint = endpoint
        self._settings = settings
        self._seen: set[bytes] = set()
        self._inputs = 0

    def take(self, line: bytes) -> bool:
        """Look at the next line; False when there is no use in going on."""
        self.total += 1
        if self.total > self._settings.max_requests:
            self._refuse_all(
                "too_many_tasks",
                f"The file has more than the {self._settings.max_requests} requests allowed.",
            )
            return False
        self._guarded(lambda: self._check(read_request(line, self._endpoint)))
        return len(self.errors) < MAX_REPORTED_ERRORS

    def close(self) -> list[Body]:
        """The errors of the whole file; empty if the batch may run."""
        if not self.total:
            self._refuse_all("empty_file", "The input file is empty.")
        return self.errors

    def _guarded(self, check: Callable[[], None]) -> None:
        try:
            check()
        except LineError as error:
            self._note(error.code, str(error), error.param, self.total)

    def _check(self, request: Request) -> None:
        mark = request.mark
        if mark in self._seen:
            raise LineError(
                "duplicate_custom_id", f"The custom_id '{request.custom_id}' occurs twice.", "custom_id"
            )
        self._seen.add(mark)
        self._check_model(request.body.get("model"))
        self._count_inputs(request.body)

    def _check_model(self, model: Any) -> None:
        if model is None and self._endpoint == "/v1/moderations":
            return  # the only endpoint whose model has a default
        if not isinstance(model, str) or not model:
            raise LineError("invalid_request", "Missing required parameter: 'body.model'.", "body.model")
        known = self._settings.models
        if known is not None and model not in known:
            raise LineError("model_not_found", f"The model `{model}` does not exist.", "body.model")
        self.model = self.model or model
        if model != self.model:
            message = f"All requests of a batch use one model; this one is not `{self.model}`."
            raise LineError("model_mismatch", message, "body.model")

    def _count_inputs(self, body: Body) -> None:
        if self._endpoint != "/v1/embeddings":
            return
        before = self._inputs
        self._inputs += count_inputs(body.get("input"))
        if before <= MAX_EMBEDDING_INPUTS < self._inputs:
            message = f"The file has more than the {MAX_EMBEDDING_INPUTS} embedding inputs allowed."
            raise LineError("too_many_tasks", message, "body.input")

    def _refuse_all(self, code: str, message: str) -> None:
        self._note(code, message, None, None)

    def _note(self, code: str, message: str, param: str | None, line: int | None) -> None:
        self.errors.append({"code": code, "message": message, "param": param, "line": line})
