"""What a run keeps track of: the rows of each step, and the chunks that wait for replies."""

from collections import Counter

from distilabel.exceptions import DistilabelStepError
from distilabel.pipeline.runtime.commands import Processed

__all__ = ["ParkedChunks", "RowCounts"]

# A step that raised for this many rows, and for every one, is not tried further.
_HOPELESS = 50


class RowCounts:
    """The numbers of rows of each step."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._raised: Counter[str] = Counter()

    @property
    def failures(self) -> dict[str, int]:
        """How many rows have no answer, by step; only steps with such rows."""
        return {step: count for step, count in self._failures.items() if count}

    def add(self, step: str, rows: int, failures: int) -> None:
        """Count the rows that a step gave, and those of them without an answer."""
        self.rows[step] += rows
        self._failures[step] += failures

    def check_hopeless(self, done: Processed, *, ended: bool) -> None:
        """Count the rows for which a step raised.

        Args:
            done: A chunk that the step processed, whose rows are counted.
            ended: Whether it was the step's last.

        Raises:
            DistilabelStepError: The step raised for all of its rows.
        """
        step = done.step
        self._taken[step] += done.taken
        self._raised[step] += done.raised
        taken = self._taken[step]
        if self.rows[step] == self._raised[step] == taken > 0 and (taken >= _HOPELESS or ended):
            raise DistilabelStepError(
                f"Step {step!r} failed for all of its {taken} rows ({done.reason}): fix it and run again; the results of the "
                "steps before it are kept."
            )


class ParkedChunks:
    """The chunks that wait for replies, by scope and asker id.

    A batch job may settle before the run learns that a chunk waits for it: both orders wake the chunk.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], tuple[str, int]] = {}
        self._settled: set[tuple[str, str]] = set()

    def park(self, scope: str, asker: str, chunk: tuple[str, int]) -> bool:
        """Add a chunk, given as step and number; return whether its replies are there already."""
        if (scope, asker) in self._settled:
            self._settled.discard((scope, asker))
            return True
        self._waiting[scope, asker] = chunk
        return False

    def settle(self, scope: str, asker: str) -> tuple[str, int] | None:
        """Return the chunk whose replies are there now; None if it is not parked yet."""
        if chunk := self._waiting.pop((scope, asker), None):
            return chunk
        self._settled.add((scope, asker))
        return None
