"""The driver's side of a worker process: starts it, calls it, receives its messages, ends it and its children."""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from distilabel.pipeline.workers.error_transport import describe_exit
from distilabel.pipeline.workers.ipc import (
    Channel,
    ErrorResult,
    LogMessage,
    Ready,
    Result,
    WarningMessage,
    loads,
)
from distilabel.pipeline.workers.process_context import replay_message
from distilabel.pipeline.workers.runner import WorkerDiedError

__all__ = ["WorkerProcess"]

# Only the standard library is used until sys.path is that of the driver. `-P` keeps user files that are named like standard
# modules from being imported. The user's script is not imported as `__main__`, so it needs no `if __name__ == ...` guard.
_BOOTSTRAP = """\
import json, socket, sys
s = socket.socket(fileno=0)
n = int.from_bytes(s.recv(8, socket.MSG_WAITALL), "big")
sys.path[:] = json.loads(s.recv(n, socket.MSG_WAITALL))
from distilabel.pipeline.workers.worker import main
main(s)
"""
# Seconds between checks that the process is alive. Its end normally closes the socket at once, unless a child of the process
# still holds the socket.
_CHECK_INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class _Ended:
    description: str


class WorkerProcess:
    """One worker process. One thread at a time may call it; any thread may stop it.

    Attributes:
        busy: Whether it is processing rows.

    Args:
        name: The step's name, shown in the system's list of processes.
        setup: From `worker_setup`.
        environment: The environment variables of the process.
    """

    def __init__(self, name: str, setup: bytes, environment: Mapping[str, str]) -> None:
        self._replies: queue.SimpleQueue[Result | ErrorResult | Ready | _Ended] = queue.SimpleQueue()
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a constant
                [sys.executable, "-P", "-c", _BOOTSTRAP, "distilabel-worker", name],
                stdin=theirs.fileno(),
                env=dict(environment),
                process_group=0,
            )
        self._listener = threading.Thread(
            target=self._listen, name=f"distilabel-listener-{name}", daemon=True
        )
        self._listener.start()
        self._setup = setup
        self.busy = False

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return not self._listener.is_alive()

    def load(self) -> None:
        """Load the step in the process; return when it is loaded.

        Raises:
            BaseException: The error that the step's `load` raised.
            WorkerDiedError: The process died.
        """
        self._send(json.dumps([str(path) for path in sys.path]).encode())
        self._send(self._setup)
        reply = self._receive()
        if isinstance(reply, ErrorResult):
            raise reply.original()

    def call(self, request: bytes) -> Result | ErrorResult:
        """Send a request and wait for its result.

        Raises:
            WorkerDiedError: The process died.
        """
        self.busy = True
        self._send(request)
        reply = self._receive()
        self.busy = False
        assert isinstance(reply, Result | ErrorResult)
        return reply

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the listener notices that the process has ended
            self._channel.send(data)

    def _receive(self) -> Result | ErrorResult | Ready:
        while True:
            try:
                reply = self._replies.get(timeout=_CHECK_INTERVAL)
            except queue.Empty:
                if self._process.poll() is not None:
                    self._channel.shutdown()
                continue
            if isinstance(reply, _Ended):
                self._replies.put(reply)
                raise WorkerDiedError(f"the worker process {reply.description}")
            return reply

    def _listen(self) -> None:
        unreadable = ""
        try:
            while True:
                message = loads(self._channel.receive())
                if isinstance(message, LogMessage | WarningMessage):
                    replay_message(message)
                else:
                    self._replies.put(message)
        except EOFError:
            pass
        except Exception as error:  # noqa: BLE001 - the next reply must never be taken for the unreadable one
            unreadable = f"sent a message that cannot be read ({type(error).__name__}: {error})"
        self.kill()
        code = self._process.wait()
        self._channel.close()
        self._replies.put(_Ended(unreadable or describe_exit(code)))

    # The end

    def stop(self) -> None:
        """Request that the process unloads the step and ends; returns at once."""
        if not self.ended:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until the process has ended and all of its messages are received."""
        self._listener.join(seconds)

    def kill(self) -> None:
        """End the process and its children at once."""
        with contextlib.suppress(
            ProcessLookupError, PermissionError
        ):  # it has ended; macOS raises the latter
            os.killpg(self._process.pid, signal.SIGKILL)
