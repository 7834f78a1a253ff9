"""A worker process as the driver sees it: started, asked, listened to, and ended with all that it started."""

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

# Standard library only, until the worker finds modules where the driver finds them. `-P` keeps a file of the user's
# that is called like a standard module out of the way; no `__main__` is prepared: a script needs no guard.
_BOOTSTRAP = """\
import json, socket, sys
s = socket.socket(fileno=0)
n = int.from_bytes(s.recv(8, socket.MSG_WAITALL), "big")
sys.path[:] = json.loads(s.recv(n, socket.MSG_WAITALL))
from distilabel.pipeline.workers.worker import main
main(s)
"""
# How long to listen before looking whether the process is still there: its end normally shows at once, unless
# something that it has started holds its end of the socket.
_LOOK = 1.0


@dataclass(frozen=True, slots=True)
class _Ended:
    how: str


class WorkerProcess:
    """One worker process. One thread at a time may ask; any thread may end it.

    Attributes:
        busy: Whether it has rows that it has not answered.

    Args:
        name: The step's name, for people who look at the list of processes.
        setup: From `worker_setup`.
        environment: The worker's environment.
    """

    def __init__(self, name: str, setup: bytes, environment: Mapping[str, str]) -> None:
        self._heard: queue.SimpleQueue[Result | ErrorResult | Ready | _Ended] = queue.SimpleQueue()
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a constant
                [sys.executable, "-P", "-c", _BOOTSTRAP, "distilabel-worker", name],
                stdin=theirs.fileno(),
                env=dict(environment),
                process_group=0,
            )
        self._ears = threading.Thread(target=self._listen, name=f"distilabel-ears-{name}", daemon=True)
        self._ears.start()
        self._setup = setup
        self.busy = False

    @property
    def ended(self) -> bool:
        """Whether the process is over."""
        return not self._ears.is_alive()

    def loaded(self) -> None:
        """Have the step loaded, and wait until it is.

        Raises:
            BaseException: What its `load` raised.
            WorkerDiedError: The process died.
        """
        self._say(json.dumps([str(path) for path in sys.path]).encode())
        self._say(self._setup)
        reply = self._next()
        if isinstance(reply, ErrorResult):
            raise reply.original()

    def ask(self, question: bytes) -> Result | ErrorResult:
        """Send rows and wait for what comes of them.

        Raises:
            WorkerDiedError: The process died.
        """
        self.busy = True
        self._say(question)
        reply = self._next()
        self.busy = False
        assert isinstance(reply, Result | ErrorResult)
        return reply

    def _say(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # its end is heard
            self._channel.send(data)

    def _next(self) -> Result | ErrorResult | Ready:
        while True:
            try:
                reply = self._heard.get(timeout=_LOOK)
            except queue.Empty:
                if self._process.poll() is not None:
                    self._channel.hang_up()
                continue
            if isinstance(reply, _Ended):
                self._heard.put(reply)
                raise WorkerDiedError(f"the worker process {reply.how}")
            return reply

    def _listen(self) -> None:
        unreadable = ""
        try:
            while True:
                message = loads(self._channel.receive())
                if isinstance(message, LogMessage | WarningMessage):
                    replay_message(message)
                else:
                    self._heard.put(message)
        except EOFError:
            pass
        except Exception as error:  # noqa: BLE001 - never mistake the next answer for the one that cannot be read
            unreadable = f"gave what cannot be read ({type(error).__name__}: {error})"
        self.kill()
        code = self._process.wait()
        self._channel.close()
        self._heard.put(_Ended(unreadable or describe_exit(code)))

    # Its end

    def leave(self) -> None:
        """Ask the process to unload the step and end; returns at once."""
        if not self.ended:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until the process is over and all that it said is heard."""
        self._ears.join(seconds)

    def kill(self) -> None:
        """End the process and all that it has started at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # over already; macOS says the latter
            os.killpg(self._process.pid, signal.SIGKILL)
