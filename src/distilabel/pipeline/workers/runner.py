"""Where a step's own code runs: the protocol that every runner fulfils, and the runner that stays in this process."""

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from distilabel.exceptions import DistilabelException, DistilabelStepError
from distilabel.steps.base import GeneratorStep, Step, _Step
from distilabel.typing import Row

__all__ = ["InProcessRunner", "Runner", "WorkerDiedError"]


class WorkerDiedError(Exception):
    """The process that had some rows ended before it answered; concerns those rows, as an error of the step does."""


class Runner(Protocol):
    """Runs one step. `process` may be called from several threads; the chunk's randomness is that of the caller."""

    def load(self) -> None:
        """Get ready; called once, before the first rows."""

    def process(self, inputs: list[list[Row]]) -> list[Row]:
        """Return all rows that the step gives for these, as `process_applying_mappings` does.

        Raises:
            Exception: What the step raised.
            WorkerDiedError: The process that had the rows died.
            DistilabelException: What ends the run.
        """

    def generate(self, offset: int) -> Iterator[tuple[list[Row], bool]]:
        """Yield what a generator step gives from its row `offset` on."""

    def stop(self) -> None:
        """Take no further rows and begin to let go of what is held; returns at once."""

    def unload(self) -> None:
        """Let go of everything; returns when that is done."""


class InProcessRunner:
    """Runs a step in the threads of this process.

    Args:
        step: The step.
    """

    def __init__(self, step: _Step) -> None:
        self._step = step

    def load(self) -> None:
        """Load the step; what it raises is told with its name."""
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
        """Yield what the generator gives from its row `offset` on."""
        assert isinstance(self._step, GeneratorStep)
        return iter(self._step.process_applying_mappings(offset=offset))

    def stop(self) -> None:
        """Do nothing: what is under way in a thread ends by itself."""

    def unload(self) -> None:
        """Unload the step."""
        self._step.unload()
