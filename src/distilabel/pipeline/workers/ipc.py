"""The protocol between the driver and a worker process: pickled values over a socket, each preceded by its length.

Nothing else carries data from one to the other: no argument, no environment variable, no file. Both ends run the same
code as the same user, so pickles are trusted.
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
    """The first message to a worker: the pickled step, and the state of the driver process."""

    step: bytes
    argv: list[str]
    levels: dict[str, int]
    filters: list[Any]


@dataclass(frozen=True, slots=True)
class ProcessRequest:
    """Process these rows with this random generator."""

    inputs: list[list[Row]]
    rng: random.Random | None


@dataclass(frozen=True, slots=True)
class NextRequest:
    """Return the chunk that follows the first `offset` rows of a generator."""

    offset: int
    rng: random.Random | None


@dataclass(frozen=True, slots=True)
class Ready:
    """The step is loaded."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a request, and the state of the random generator after it."""

    value: Any
    rng: random.Random | None = None


@dataclass(frozen=True, slots=True)
class ErrorResult:
    """The error that the step raised, and its traceback as text."""

    error: BaseException
    traceback: str
    rng: random.Random | None = None

    def original(self) -> BaseException:
        """Return the error, with its traceback as a note."""
        self.error.add_note(f"In a worker process:\n{self.traceback}")
        return self.error


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A log record, as plain values."""

    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WarningMessage:
    """A warning that passed the worker's filters."""

    message: Warning | str
    category: type[Warning]
    filename: str
    lineno: int


def dumps(value: Any) -> bytes:
    """Pickle a value; classes and functions that other processes cannot import are pickled by value.

    `dill` cannot pickle pydantic classes by value (0.4.1), and `pickle` no class of a script or a notebook.
    """
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(value)
    return file.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Omits the variables of the function that defined a pydantic class, which pydantic keeps with the class."""

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
    return pickle.loads(data)  # noqa: S301 - from our own process; see the docstring of this module


_open: "weakref.WeakSet[Channel]" = weakref.WeakSet()


class Channel:
    """One end of the socket. Any thread may send; one thread receives.

    Args:
        sock: A connected socket. Forked child processes close their copy, so that the other end notices our death.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self._send_lock = threading.Lock()
        _open.add(self)

    def send(self, data: bytes) -> None:
        """Send a pickled value; raises OSError if the other end is gone."""
        with self._send_lock:
            self._sock.sendall(_LENGTH.pack(len(data)))
            self._sock.sendall(data)

    def receive(self) -> bytes:
        """Return the next pickled value; raises EOFError if the other end is gone."""
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

    def shutdown(self) -> None:
        """Make `receive` raise EOFError after it has returned all values that arrived."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close_in_child(self) -> None:
        """Close a forked child's copy of the socket."""
        with contextlib.suppress(OSError):
            os.close(self._sock.detach())

    def close(self) -> None:
        """Close this end."""
        self._file.close()
        self._sock.close()


def _after_fork() -> None:
    for channel in list(_open):
        channel.close_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
