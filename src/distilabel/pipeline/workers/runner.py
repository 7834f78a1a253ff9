"""Runners execute a step's code: the protocol, and the runner that uses this process."""

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from distilabel.exceptions import DistilabelException, DistilabelStepError
from distilabel.steps.base import GeneratorStep, Step, _Step
from distilabel.typing import Row

__all__ = ["InProcessRunner", "Runner", "WorkerDiedError"]


class WorkerDiedError(Exception):
    """A worker process ended before it returned the result of some rows; those rows fail, as with an error of the step."""


class Runner(Protocol):
    """Runs one step. Several threads may call `process`, each with the random generator of its chunk."""

    def load(self) -> None:
        """Prepare for rows; called once, before the first rows."""

    def process(self, inputs: list[list[Row]]) -> list[Row]:
        """Return all rows that the step gives for these, with its column mappings applied.

        Raises:
            Exception: An error that the step raised.
            WorkerDiedError: The worker process with these rows died.
            DistilabelException: An error that ends the run.
        """

    def generate(self, offset: int) -> Iterator[tuple[list[Row], bool]]:
        """Yield the chunks of a generator step, starting at row `offset`."""

    def stop(self) -> None:
        """Accept no further rows and start to release resources; returns at once."""

    def unload(self) -> None:
        """Release all resources; returns when that is done."""


class InProcessRunner:
    """Runs a step in the threads of this process.

    Args:
        step: The step.
    """

    def __init__(self, step: _Step) -> None:
        self._step = step

    def load(self) -> None:
        """Load the step; an error names the step."""
        try:
            self._step.load()
        except DistilabelException:
            raise
        except Exception as error:
            raise DistilabelStepError(
                f"Step {self._step.name!r} could not be loaded: {type(error).__name__}: {error}."
            ) from error

    def process(self, inputs: list[list[Row]]) -> list[Row]:
        """Return all rows that the step gives for these."""
        assert isinstance(self._step, Step)
        return list(chain.from_iterable(self._step.process_applying_mappings(*inputs)))

    def generate(self, offset: int) -> Iterator[tuple[list[Row], bool]]:
        """Yield the generator's chunks, starting at row `offset`."""
        assert isinstance(self._step, GeneratorStep)
        return iter(self._step.process_applying_mappings(offset=offset))

    def stop(self) -> None:
        """Do nothing: a call that runs in a thread ends by itself."""

    def unload(self) -> None:
        """Unload the step."""
        self._step.unload()
