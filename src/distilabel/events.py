"""Events: the core emits them; screens and the run's loop listen."""

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
    """A step is done with a chunk: its rows, those without an answer, and whether it came from the cache."""

    step: str
    rows: int
    failures: int = 0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step has processed all its chunks."""

    step: str


@dataclass(frozen=True, slots=True)
class JobMoved:
    """A job is in a new state, or its platform reports new counts."""

    job: Job


@dataclass(frozen=True, slots=True)
class NextPoll:
    """A job will be polled again in so many seconds."""

    job: Job
    seconds: float


@dataclass(frozen=True, slots=True)
class JobSettled:
    """A job is settled; these askers of the scope have all their answers."""

    scope: str
    askers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DispatcherIdle:
    """The dispatcher has no task at this moment."""


@dataclass(frozen=True, slots=True)
class RunFailed:
    """An error after which the run cannot continue."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the user; `level` is one of `info`, `warning`, `error`."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over: whether its dataset is complete, and the jobs that are still open.

    `own_jobs` are the ids of jobs that LLMs with a custom batch protocol wait for.
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
