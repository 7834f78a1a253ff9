"""What happened, as values: the core says it, screens and the scheduler's pump listen."""

from dataclasses import dataclass

from distilabel.records import Job

__all__ = [
    "ChunkDone",
    "DispatcherIdle",
    "Event",
    "JobMoved",
    "JobSettled",
    "NextPoll",
    "Notice",
    "RunBegan",
    "RunEnded",
    "RunFailed",
    "StepBegan",
    "StepEnded",
]


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A run begins; `steps` in the order of the graph."""

    pipeline: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A step is loaded and gets its first rows."""

    step: str


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """A step is done with a chunk: rows out, rows of them without an answer, and whether it came from the cache."""

    step: str
    rows: int
    failures: int = 0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is done with everything."""

    step: str


@dataclass(frozen=True, slots=True)
class JobMoved:
    """A job is in a new state, or its platform tells new figures."""

    job: Job


@dataclass(frozen=True, slots=True)
class NextPoll:
    """A job will be asked about again in so many seconds."""

    job: Job
    seconds: float


@dataclass(frozen=True, slots=True)
class JobSettled:
    """A job is settled; these askers of the scope await nothing any more."""

    scope: str
    askers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DispatcherIdle:
    """The dispatcher has nothing under way at this moment."""


@dataclass(frozen=True, slots=True)
class RunFailed:
    """Something failed that the run cannot go on with."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person who watches; `level` is one of `info`, `warning`, `error`."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over: whether its dataset is complete, and the jobs that are still open.

    `own_jobs` are the ids of jobs that LLMs with a batch protocol of their own wait for.
    """

    pipeline: str
    complete: bool
    rows: int
    failures: dict[str, int]
    open_jobs: tuple[Job, ...] = ()
    own_jobs: tuple[str, ...] = ()


Event = (
    RunBegan
    | StepBegan
    | ChunkDone
    | StepEnded
    | JobMoved
    | NextPoll
    | JobSettled
    | DispatcherIdle
    | RunFailed
    | Notice
    | RunEnded
)
