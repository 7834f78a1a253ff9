"""What came of a command, as values: the engine's workers say it, the run's pump hears it."""

from dataclasses import dataclass

from distilabel.pipeline.storage.chunks import Chunk

__all__ = ["Crashed", "Exhausted", "Generated", "Interrupted", "Outcome", "Parked", "Processed"]


@dataclass(frozen=True, slots=True)
class Generated:
    """A generator gave a chunk; `to`: the branches that a route picked."""

    step: str
    index: int
    chunk: Chunk
    last: bool
    to: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A generator has no more."""

    step: str


@dataclass(frozen=True, slots=True)
class Processed:
    """A chunk is done, and these chunks came of it.

    Attributes:
        taken: How many rows the step was given, 0 where the chunks came from the cache.
        raised: For how many of them it raised.
        reason: What it raised first.
        to: The branches that a route picked for each chunk.
    """

    step: str
    index: int
    chunks: tuple[Chunk, ...]
    taken: int = 0
    raised: int = 0
    reason: str = ""
    to: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A chunk waits for replies; `asker` is the name under which it asked, "" where nobody will wake it."""

    step: str
    index: int
    asker: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """A command failed in a way that ends the run."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A person or the system asks the run to stop."""


Outcome = Generated | Exhausted | Processed | Parked | Crashed | Interrupted
