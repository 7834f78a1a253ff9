"""How the driver and a worker process talk: pickled values over a socket, each with its length before it.

Nothing else carries anything from one to the other: no argument, no environment, no file. Both ends run the same code
as the same user, so pickles are trusted.
"""

import contextlib
import io
import os
import pickle
import random
import socket
import struct
import threading
import weakref
from dataclasses import dataclass
from typing import Any

import cloudpickle

from distilabel.typing import Row

__all__ = [
    "Channel",
    "ErrorResult",
    "LogMessage",
    "NextRequest",
    "ProcessRequest",
    "Ready",
    "Result",
    "Setup",
    "WarningMessage",
    "dumps",
    "loads",
]

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Setup:
    """The first thing that a worker is told: the step, pickled, and how the driver's process is set up."""

    step: bytes
    argv: list[str]
    levels: dict[str, int]
    filters: list[Any]


@dataclass(frozen=True, slots=True)
class ProcessRequest:
    """Process these rows, with this randomness."""

    inputs: list[list[Row]]
    chance: random.Random | None


@dataclass(frozen=True, slots=True)
class NextRequest:
    """Give what comes after so many rows of a generator."""

    offset: int
    chance: random.Random | None


@dataclass(frozen=True, slots=True)
class Ready:
    """The step is loaded."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the rows, and the randomness as it is now."""

    value: Any
    chance: random.Random | None = None


@dataclass(frozen=True, slots=True)
class ErrorResult:
    """What the step raised, and where, as text."""

    error: BaseException
    traceback: str
    chance: random.Random | None = None

    def original(self) -> BaseException:
        """Return the error with a note of where it was raised."""
        self.error.add_note(f"In a worker process:\n{self.traceback}")
        return self.error


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A record of the log, as plain values."""

    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WarningMessage:
    """A warning that the worker's filters let through."""

    message: Warning | str
    category: type[Warning]
    filename: str
    lineno: int


def dumps(value: Any) -> bytes:
    """Pickle a value; classes and functions that no other process can import go along whole.

    `dill` cannot pickle pydantic classes by value (0.4.1), and `pickle` no class of a script or a notebook.
    """
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(value)
    return file.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Leaves behind what pydantic remembers of the function in which a class was made: all of its variables."""

    def reducer_override(self, obj: Any) -> Any:
        reduced = super().reducer_override(obj)
        if (
            isinstance(obj, type)
            and "__pydantic_parent_namespace__" in vars(obj)
            and reduced is not NotImplemented
        ):
            members, _ = reduced[2]
            members["__pydantic_parent_namespace__"] = None
        return reduced


def loads(data: bytes) -> Any:
    """Unpickle a value."""
    return pickle.loads(data)  # noqa: S301 - from our own other end; see above


_open: "weakref.WeakSet[Channel]" = weakref.WeakSet()


class Channel:
    """One end of the socket. Any thread may send; one thread receives.

    Args:
        sock: Connected; it is closed in processes that are forked off, so that the other end notices our death.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self._sending = threading.Lock()
        _open.add(self)

    def send(self, data: bytes) -> None:
        """Send a pickled value; raises OSError where nobody listens any more."""
        with self._sending:
            self._sock.sendall(_LENGTH.pack(len(data)))
            self._sock.sendall(data)

    def receive(self) -> bytes:
        """Return the next pickled value; raises EOFError where the other end is gone."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        return self._read(length)

    def _read(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except (OSError, ValueError):  # reset, or closed by us
            data = b""
        if len(data) < size:
            raise EOFError
        return data

    def hang_up(self) -> None:
        """Have whoever receives here be told that the other end is gone, once all that came is read."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def leave_to_parent(self) -> None:
        """Close this process's copy of the socket."""
        with contextlib.suppress(OSError):
            os.close(self._sock.detach())

    def close(self) -> None:
        """Close this end."""
        self._file.close()
        self._sock.close()


def _after_fork() -> None:
    for channel in list(_open):
        channel.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
