"""The options that a user may set for the batch jobs of an offline model."""

from typing import Literal, Optional

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OfflineBatchOptions"]

_HOUR = 3600.0


class OfflineBatchOptions(BaseModel):
    """How the batch jobs of an offline model are packed, retried and given up.

    Attributes:
        max_attempts: How often one request is sent before its row ends without an answer. Waiting for quota, and jobs
            of which nothing was run, do not count.
        max_requests: The most requests in one job; the platform's limit holds too.
        max_bytes: The most bytes in one job's file; the platform's limit holds too.
        max_jobs_in_flight: The most jobs under way at once, over all pipelines of one cache folder and model.
        max_enqueued_tokens: The most prompt tokens (estimated) under way at once, over all pipelines of one cache
            folder and model; a lower limit that the platform's refusals show is used in its place.
        deadline: Seconds after its submission when a job that has not ended is cancelled; what it has finished is kept.
        at_deadline: What becomes of the rest then: `resubmit` in another job (an attempt is used up), `online` by the
            realtime endpoint at its full price, or `fail` with the code `deadline`.
        tag: A text of the user's, written into each job's metadata on the platform.

    Examples:
        >>> OfflineBatchOptions(max_attempts=5, deadline=6 * 3600, at_deadline="online").max_attempts
        5
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_attempts: int = Field(default=3, ge=1)
    max_requests: Optional[int] = Field(default=None, ge=1)
    max_bytes: Optional[int] = Field(default=None, ge=1)
    max_jobs_in_flight: Optional[int] = Field(default=None, ge=1)
    max_enqueued_tokens: Optional[int] = Field(default=None, ge=1)
    # Platforms expire a job 24 hours after its creation, or let it run on: two hours later none is worth waiting for.
    deadline: Optional[float] = Field(default=26 * _HOUR, gt=0)
    at_deadline: Literal["resubmit", "online", "fail"] = "resubmit"
    tag: Optional[str] = Field(default=None, max_length=256)
