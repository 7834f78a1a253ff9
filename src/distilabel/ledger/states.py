"""Which moves of a batch job are legal, and the states of a sample.

    planned -> uploading -> uploaded -> creating -> submitted -> ended -> fetched -> settled
       |          |          |  ^          |  |         |
       |          v          |  +----------+  |         +-> rejected, lost
       |       planned       |  (not found)   |
       |     (interrupted)   |                +-> rejected
       +---------+-----------+
                 |
                 v
             cancelled

A job found in `creating` when a run starts is *uncertain*: the platform may have created it. It is looked up by its tag, and
moves to `submitted` if it is found, back to `uploaded` if not.

Beside its state a job may have a condition (`JobCondition`):

    submitted:  none -> cancel_due -> cancel_sent         (the deadline passed; both stay until the job is settled)
    ended:      none -> results_missing -> none           (the results arrived, or are no longer waited for)
    ended:      any condition -> forgotten                (the user's `distilabel jobs forget`)

`schema.sql` holds the same moves and refuses any other; it also refuses a condition in a state where it makes no sense. A
test keeps both the same.
"""

from enum import StrEnum

from distilabel.records import JobState

__all__ = ["JOB_MOVES", "SampleState"]


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
