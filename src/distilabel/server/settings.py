"""The settings of a platform."""

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one platform; the defaults are OpenAI's where OpenAI publishes one.

    Attributes:
        folder: Where the database and the files live; created if missing. One server at a time may use it.
        upstream: Base URL of an OpenAI-compatible server that answers the requests, such as
            `http://127.0.0.1:8000/v1`. None: the built-in toy model answers.
        upstream_key: The bearer key to send upstream. None: no Authorization header.
        delay: The least number of seconds that a batch is in_progress; its answers are spread evenly over them.
        concurrency: The most requests of one batch in progress at once, and the most sent upstream at once.
        completion_window: The only completion window that a batch may have.
        expire_after: Seconds from its creation until an unfinished batch expires.
        keys: The accepted bearer keys. Empty: any key, but a key must be given, as at OpenAI.
        models: The known models; any other is `model_not_found`. None: any model.
        max_requests: The most lines of a batch.
        max_bytes: The most bytes of a batch's input file.
        max_upload: The most bytes of any upload.

    The limits are those of https://platform.openai.com/docs/guides/batch (50,000 requests, 200 MB, 24 hours) and
    https://platform.openai.com/docs/api-reference/files/create (512 MB).
    """

    folder: Path
    upstream: str | None = None
    upstream_key: str | None = None
    delay: float = 0.0
    concurrency: int = 8
    completion_window: str = "24h"
    expire_after: float = 86_400
    keys: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    max_requests: int = 50_000
    max_bytes: int = 200 * MEGABYTE
    max_upload: int = 512 * MEGABYTE

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ValueError(f"concurrency is {self.concurrency}; give at least 1")
        if self.delay < 0 or self.expire_after <= 0:
            raise ValueError("delay must not be negative and expire_after must be above 0; both are seconds")
