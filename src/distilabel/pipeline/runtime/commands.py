"""What workers carry out (commands), and what comes of it (outcomes), as values."""

from dataclasses import dataclass

from distilabel.pipeline.storage.chunks import Chunk

__all__ = [
    "Command",
    "Crashed",
    "Exhausted",
    "Generate",
    "Generated",
    "Interrupted",
    "Outcome",
    "Parked",
    "Process",
    "Processed",
    "WorkItem",
]


@dataclass(frozen=True, slots=True)
class Generate:
    """Get chunk `index` from a generator."""

    step: str
    index: int


@dataclass(frozen=True, slots=True)
class Process:
    """Process chunk `index` of a step; `inputs` names the chunks of the steps before it."""

    step: str
    index: int
    inputs: tuple[tuple[str, tuple[int, ...]], ...]


Command = Generate | Process
WorkItem = tuple[Command, ...]
"""The commands that one worker carries out in order. A generator that ends or waits for replies ends its work item."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A generator gave a chunk; `to` holds the branches that a route picked."""

    step: str
    index: int
    chunk: Chunk
    last: bool
    to: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A generator has no more rows."""

    step: str


@dataclass(frozen=True, slots=True)
class Processed:
    """A step processed a chunk and gave `chunks`.

    Attributes:
        taken: How many rows the step was given; 0 if the chunks came from the cache.
        raised: For how many of these rows the step raised.
        error: The first error that it raised.
        to: The branches that a route picked for each chunk.
    """

    step: str
    index: int
    chunks: tuple[Chunk, ...]
    taken: int = 0
    raised: int = 0
    error: Exception | None = None
    to: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A chunk waits for replies. `asker` identifies it in the ledger; "" if no event of this run will wake it."""

    step: str
    index: int
    asker: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """A command failed with an error that ends the run."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A user or the system requests that the run stops."""


Outcome = Generated | Exhausted | Processed | Parked | Crashed | Interrupted
