"""The protocol of a replica of a step, wherever it runs."""

from typing import Protocol

from distilabel.pipeline.workers.ipc import ErrorResult, Result

__all__ = ["Replica"]


class Replica(Protocol):
    """One copy of a step outside of the driver process. One thread at a time may call it; any thread may stop it.

    Attributes:
        busy: Whether it is loading the step, or processing rows.
    """

    busy: bool

    @property
    def ended(self) -> bool:
        """Whether it has ended."""

    def load(self) -> None:
        """Load the step in the replica; return when it is loaded.

        Raises:
            BaseException: The error that the step's `load` raised.
            WorkerDiedError: The replica died while it loaded the step.
        """

    def call(self, request: bytes) -> Result | ErrorResult:
        """Send a request and wait for its result.

        Raises:
            WorkerDiedError: The replica died before it sent a result.
        """

    def stop(self) -> None:
        """Request that the replica unloads the step and ends; returns at once."""

    def wait(self, seconds: float) -> None:
        """Wait until the replica has ended and all of its messages are received."""

    def kill(self) -> None:
        """End the replica at once, with all processes that it has started."""
