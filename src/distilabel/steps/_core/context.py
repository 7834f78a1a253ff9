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


class _LazyRandom:
    """Randomness that is seeded when it is first asked for: most chunks leave nothing to it."""

    __slots__ = ("_made", "_seed")

    def __init__(self, seed: str = "", made: random.Random | None = None) -> None:
        self._seed = seed
        self._made = made

    def random(self) -> random.Random:
        self._made = self._made or random.Random(self._seed)  # noqa: S311 - repeatable on purpose
        return self._made


_chance: ContextVar[_LazyRandom | None] = ContextVar("chunk_random", default=None)


def current_random() -> random.Random | None:
    """Give the randomness of the chunk being processed, None outside of `seeded`."""
    chance = _chance.get()
    return chance.random() if chance else None


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """Process a chunk with randomness of its own, the same at each replay.

    Args:
        seed: What tells the chunk from all others, such as pipeline, step and number of the chunk.

    Examples:
        >>> with seeded("pipeline/step/7"):
        ...     a = current_random().random()
        >>> with seeded("pipeline/step/7"):
        ...     a == current_random().random()
        True
    """
    with _chancing(_LazyRandom(seed)):
        yield


@contextmanager
def chancing(chance: random.Random | None) -> Iterator[None]:
    """Process a chunk with this randomness; None: with the step's own."""
    with _chancing(_LazyRandom(made=chance) if chance else None):
        yield


@contextmanager
def _chancing(chance: _LazyRandom | None) -> Iterator[None]:
    token = _chance.set(chance)
    try:
        yield
    finally:
        _chance.reset(token)
