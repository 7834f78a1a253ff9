"""What surrounds a step: the pipeline being built, and the randomness of the chunk being processed."""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

__all__ = ["Registry", "chancing", "current_pipeline", "current_random", "seeded"]


class Registry(Protocol):
    """What a pipeline offers to the steps that are created in it."""

    @property
    def names(self) -> Collection[str]:
        """The names of the steps that it has."""

    def _add_step(self, step: Any) -> None:
        """Take a new step in."""

    def _connect(
        self,
        from_step: Any,
        to_steps: Sequence[Any],
        routing: Callable[[list[str]], list[str]] | None = None,
    ) -> None:
        """Lead the rows of one step to others: to all of them, or to those that `routing` picks."""


current_pipeline: ContextVar[Registry | None] = ContextVar("current_pipeline", default=None)
"""The pipeline whose `with` block is open; steps created meanwhile register there."""

_random: ContextVar[random.Random | None] = ContextVar("chunk_random", default=None)


def current_random() -> random.Random | None:
    """Give the randomness of the chunk being processed, None outside of `seeded`."""
    return _random.get()


@contextmanager
def seeded(seed: str) -> Iterator[random.Random]:
    """Process a chunk with randomness of its own, the same at each replay.

    Args:
        seed: What tells the chunk from all others, such as pipeline, step and number of the chunk.

    Examples:
        >>> with seeded("pipeline/step/7") as first:
        ...     a = first.random()
        >>> with seeded("pipeline/step/7") as again:
        ...     a == again.random()
        True
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    with chancing(chance):
        yield chance


@contextmanager
def chancing(chance: random.Random | None) -> Iterator[None]:
    """Process a chunk with this randomness; None: with the step's own."""
    token = _random.set(chance)
    try:
        yield
    finally:
        _random.reset(token)
