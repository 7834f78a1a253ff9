"""Where commands are carried out: the protocol that every engine fulfils."""

from collections.abc import Callable
from typing import Protocol

from distilabel.pipeline.scheduler import Command

__all__ = ["Engine", "Work"]

Work = Callable[[Command], None]
"""Carries out one command and reports what came of it by itself; never raises."""


class Engine(Protocol):
    """Carries out commands beside the caller, several at once."""

    workers: int

    def start(self, work: Work) -> None:
        """Get ready to carry out commands with `work`."""

    def submit(self, command: Command) -> None:
        """Have a command carried out; returns at once."""

    def stop(self) -> None:
        """Take up no further command; returns at once, what is under way is left to end by itself."""
