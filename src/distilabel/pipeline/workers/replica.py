"""The protocol that every replica of a step fulfils, wherever it runs."""

from typing import Protocol

from distilabel.pipeline.workers.ipc import ErrorResult, Result

__all__ = ["Replica"]


class Replica(Protocol):
    """One copy of a step outside of the driver's threads. One thread at a time may ask; any thread may end it.

    Attributes:
        busy: Whether it has rows that it has not answered.
    """

    busy: bool

    @property
    def ended(self) -> bool:
        """Whether it is over."""

    def loaded(self) -> None:
        """Have the step loaded, and wait until it is.

        Raises:
            BaseException: What its `load` raised.
            WorkerDiedError: It died of that.
        """

    def ask(self, question: bytes) -> Result | ErrorResult:
        """Send rows and wait for what comes of them.

        Raises:
            WorkerDiedError: It died of them.
        """

    def leave(self) -> None:
        """Ask it to unload the step and end; returns at once."""

    def wait(self, seconds: float) -> None:
        """Wait until it is over and all that it said is heard."""

    def kill(self) -> None:
        """End it at once, with all that it has started."""
