"""The main program of a worker process: serves one step until the driver stops it or ends.

`process.py` starts it in a new interpreter; the user's script is not run again. It shares standard output and standard
error with the driver.
"""

import os
import queue
import signal
import socket
import threading
from types import FrameType
from typing import Any

from distilabel.pipeline.workers.error_transport import portable
from distilabel.pipeline.workers.ipc import (
    Channel,
    Ready,
    Setup,
    dumps,
    loads,
)
from distilabel.pipeline.workers.step_server import StepServer, WorkerStopped

__all__ = ["main"]


def main(given: socket.socket) -> None:
    """Serve until the driver stops this process or ends.

    Args:
        given: A socket that is connected to the driver, received as standard input.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver handles Ctrl+C and sends SIGTERM
    try:
        signal.signal(signal.SIGTERM, _stop)
        # Forked children of the step end on SIGTERM, as other processes do.
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
        channel = _channel_from_stdin(given)
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(
            target=_listen, args=(channel, inbox), name="distilabel-listener", daemon=True
        ).start()
        _serve(channel, inbox)
    except (WorkerStopped, BrokenPipeError):
        pass


def _stop(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise WorkerStopped


def _channel_from_stdin(given: socket.socket) -> Channel:
    channel = Channel(given.dup())
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, given.detach())
    os.close(empty)
    return channel


def _listen(channel: Channel, inbox: "queue.SimpleQueue[Any]") -> None:
    """Pass the driver's requests to the main thread; end this process and its children when the driver is gone."""
    while True:
        try:
            data = channel.receive()
        except EOFError:
            if os.getpgrp() == os.getpid():
                os.killpg(os.getpid(), signal.SIGKILL)  # with all children of the step
            os._exit(1)
        try:
            inbox.put(loads(data))
        except Exception as error:  # noqa: BLE001 - rows may hold anything
            inbox.put(error)


def _serve(channel: Channel, inbox: "queue.SimpleQueue[Any]") -> None:
    try:
        setup: Setup | Exception = inbox.get()
        if isinstance(setup, Exception):
            raise setup  # noqa: TRY301 - reported as an error of the step's load is
        server = StepServer(setup, channel.send)
    except WorkerStopped:
        raise
    except BaseException as error:  # noqa: BLE001 - the driver decides what it means
        channel.send(dumps(portable(error)))
        return
    try:
        channel.send(dumps(Ready()))
        while True:
            channel.send(server.handle(inbox.get()))
    finally:
        server.unload()
