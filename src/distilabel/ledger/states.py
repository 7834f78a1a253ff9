"""The states of a job and of a sample, and which moves between them are legal.

    planned -> uploading -> uploaded -> creating -> submitted -> ended -> fetched -> settled
                  |                        |            |
                  +-> planned (again)      |            +-> rejected, lost
                                           +-> uploaded (the look-up found nothing), rejected

A job found in `creating` when a run starts is *unknown*: its creation may have been carried out. `schema.sql` holds
the same table and refuses any other move; a test keeps the two alike.
"""

from enum import StrEnum

__all__ = ["FINAL_JOB_STATES", "JOB_MOVES", "OPEN_JOB_STATES", "JobState", "SampleState"]


class JobState(StrEnum):
    """Where a job stands."""

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


class SampleState(StrEnum):
    """Where one sample of a request stands."""

    WANTED = "wanted"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    FAILED = "failed"


_S = JobState
JOB_MOVES: frozenset[tuple[JobState, JobState]] = frozenset(
    {
        (_S.PLANNED, _S.UPLOADING),
        (_S.PLANNED, _S.CANCELLED),
        (_S.UPLOADING, _S.PLANNED),
        (_S.UPLOADING, _S.UPLOADED),
        (_S.UPLOADED, _S.CREATING),
        (_S.UPLOADED, _S.CANCELLED),
        (_S.CREATING, _S.UPLOADED),
        (_S.CREATING, _S.SUBMITTED),
        (_S.CREATING, _S.REJECTED),
        (_S.SUBMITTED, _S.ENDED),
        (_S.SUBMITTED, _S.REJECTED),
        (_S.SUBMITTED, _S.LOST),
        (_S.ENDED, _S.FETCHED),
        (_S.FETCHED, _S.SETTLED),
    }
)
FINAL_JOB_STATES = frozenset({_S.SETTLED, _S.REJECTED, _S.LOST, _S.CANCELLED})
OPEN_JOB_STATES = frozenset(_S) - FINAL_JOB_STATES
