"""Where commands are carried out: the protocol that every engine fulfils."""

from collections.abc import Callable
from typing import Protocol

from distilabel.pipeline.runtime.scheduler import Command, Turn

__all__ = ["Engine", "Work"]

Work = Callable[[Command], bool]
"""Carries out one command, reports what came of it by itself, and tells whether the turn goes on; never raises."""


class Engine(Protocol):
    """Carries out commands beside the caller, several turns at once."""

    workers: int

    def start(self, work: Work) -> None:
        """Get ready to carry out commands with `work`."""

    def submit(self, turn: Turn) -> None:
        """Have commands carried out, one after the other; returns at once."""

    def stop(self) -> None:
        """Take up no further command; returns at once, what is under way is left to end by itself."""
