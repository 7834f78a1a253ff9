"""The settings of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["RunSettings"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of a run, in addition to the graph.

    Attributes:
        pipeline: The pipeline's name.
        use_cache: Whether the run uses chunks and replies of former runs, and keeps its own.
        metadata: Whether the Distiset keeps the column `distilabel_metadata`.
        most_chunks: How many chunks each generator gives at most.
        retry_failed: Whether the run asks again for every row that has no answer.
        dry: Whether the run submits no batch job, and keeps nothing.
        stages: The steps that are loaded together, stage by stage; empty: each step is loaded when it is needed.
    """

    pipeline: str
    use_cache: bool = True
    metadata: bool = False
    most_chunks: int | None = None
    retry_failed: bool = False
    dry: bool = False
    stages: Sequence[Sequence[str]] = ()
