"""What a run needs to know beside the graph."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["RunSettings"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run needs to know beside the graph.

    Attributes:
        pipeline: The pipeline's name.
        use_cache: Whether chunks and answers of former runs may be used, and those of this one kept.
        metadata: Whether the Distiset keeps the column `distilabel_metadata`.
        most_chunks: How many chunks each generator gives at most.
        stages: The steps that are loaded together, stage by stage; none where each is loaded when it is needed.
    """

    pipeline: str
    use_cache: bool = True
    metadata: bool = False
    most_chunks: int | None = None
    stages: Sequence[Sequence[str]] = ()
