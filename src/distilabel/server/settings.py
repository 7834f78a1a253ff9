"""What the person who starts a platform may choose."""

from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices behind one platform; the defaults are OpenAI's where OpenAI publishes one.

    Attributes:
        folder: Where the database and the files live; made if it is missing. One server at a time may use it.
        upstream: Base URL of an OpenAI-compatible server that answers the requests, such as
            `http://127.0.0.1:8000/v1`. None: the built-in toy model answers.
        upstream_key: The bearer key to send upstream. None: no Authorization header.
        delay: Seconds that a batch stays in_progress at least, its answers spread evenly over them.
        concurrency: How many requests of one batch are under way at once, and how many go upstream at once.
        completion_window: The only window a batch may ask for.
        expire_after: Seconds from its creation until an unfinished batch expires.
        keys: Bearer keys that are let in. Empty: any key, though there must be one, as at OpenAI.
        models: Models that are known; any other is `model_not_found`. None: any model.
        max_requests: Lines a batch may have.
        max_bytes: Bytes a batch's input file may have.
        max_upload: Bytes any upload may have.

    The limits are those of https://platform.openai.com/docs/guides/batch (50,000 requests, 200 MB, 24 hours) and
    https://platform.openai.com/docs/api-reference/files/create (512 MB).
    """

    folder: Path
    upstream: str | None = field(default=None, repr=False)
    upstream_key: str | None = field(default=None, repr=False)
    delay: float = 0.0
    concurrency: int = 8
    completion_window: str = "24h"
    expire_after: float = 86_400
    keys: tuple[str, ...] = field(default=(), repr=False)
    models: tuple[str, ...] | None = None
    max_requests: int = 50_000
    max_bytes: int = 200 * MEGABYTE
    max_upload: int = 512 * MEGABYTE

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ValueError(f"concurrency is {self.concurrency}; give at least 1")
        if self.delay < 0 or self.expire_after <= 0:
            raise ValueError("delay must not be negative and expire_after must be above 0; both are seconds")
