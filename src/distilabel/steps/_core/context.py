"""The context of a step: the pipeline being built, and the randomness of the chunk being processed."""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from distilabel.exceptions import within_run
from distilabel.typing import Row

__all__ = ["Registry", "chunk_random", "current_pipeline", "current_random", "first_prompt"]


class Registry(Protocol):
    """The interface of a pipeline for the steps that are created in it."""

    @property
    def names(self) -> Collection[str]:
        """The names of its steps."""

    def _add_step(self, step: Any) -> None:
        """Add a new step."""

    def _connect(
        self,
        from_step: Any,
        to_steps: Sequence[Any],
        routing: Callable[[list[str]], list[str]] | None = None,
    ) -> None:
        """Send the rows of one step to others: to all, or to those that `routing` selects."""


current_pipeline: ContextVar[Registry | None] = ContextVar("current_pipeline", default=None)
"""The pipeline whose `with` block is open; new steps register there."""


first_prompt: ContextVar[Callable[[Callable[[Row], Any], Row], Any] | None] = ContextVar(
    "first_prompt", default=None
)
"""Gives a row of the chunk in process the prompt that it had first, or makes it; None: prompts are made each time.

It is a context variable, not an argument: between the run, which keeps prompts, and the task lies the user's `process`."""


class _LazyRandom:
    """Randomness that is seeded at its first use, because most chunks use none."""

    __slots__ = ("_source",)

    def __init__(self, source: str | random.Random) -> None:
        self._source = source

    def random(self) -> random.Random:
        if isinstance(self._source, str):
            self._source = random.Random(self._source)  # noqa: S311 - repeatable on purpose
        return self._source


_chunk_random: ContextVar[_LazyRandom | None] = ContextVar("chunk_random", default=None)


def current_random() -> random.Random | None:
    """Return the randomness of the chunk in process, None outside of `chunk_random`."""
    lazy = _chunk_random.get()
    return lazy.random() if lazy else None


@contextmanager
def chunk_random(source: str | random.Random | None) -> Iterator[None]:
    """Process a chunk with its own randomness, which is the same at each replay.

    Args:
        source: A seed that identifies the chunk, such as pipeline, step and number of the chunk; or a random generator;
            or None for the randomness of the step.

    Examples:
        >>> with chunk_random("pipeline/step/7"):
        ...     a = current_random().random()
        >>> with chunk_random("pipeline/step/7"):
        ...     a == current_random().random()
        True
    """
    token = _chunk_random.set(None if source is None else _LazyRandom(source))
    outer = within_run.set(True)
    try:
        yield
    finally:
        within_run.reset(outer)
        _chunk_random.reset(token)
