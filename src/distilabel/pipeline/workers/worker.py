"""The worker process itself: loads one step, answers what the driver asks, and ends with it.

It is started by `process.py` as a fresh interpreter: the user's script is not run again. Its standard output and
standard error are the driver's own.
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
from distilabel.pipeline.workers.step_server import Leaving, StepServer

__all__ = ["main"]


def main(given: socket.socket) -> None:
    """Serve until the driver asks to leave, or is gone.

    Args:
        given: Connected to the driver; it came as standard input.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the driver's: it tells us
    try:
        signal.signal(signal.SIGTERM, _leave)
        os.register_at_fork(after_in_child=_end_when_asked)
        channel = _moved_from_standard_input(given)
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(channel, inbox), name="distilabel-ears", daemon=True).start()
        _serve(channel, inbox)
    except (Leaving, BrokenPipeError):
        pass


def _leave(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Leaving


def _end_when_asked() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # in processes that the step forks off


def _moved_from_standard_input(given: socket.socket) -> Channel:
    channel = Channel(given.dup())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, given.detach())
    os.close(nothing)
    return channel


def _listen(channel: Channel, inbox: "queue.SimpleQueue[Any]") -> None:
    """Put what the driver says where the main thread finds it; end everything once the driver is gone."""
    while True:
        try:
            data = channel.receive()
        except EOFError:
            if os.getpgrp() == os.getpid():
                os.killpg(os.getpid(), signal.SIGKILL)  # with all that the step has started
            os._exit(1)
        try:
            inbox.put(loads(data))
        except Exception as error:  # noqa: BLE001 - rows may hold anything
            inbox.put(error)


def _serve(channel: Channel, inbox: "queue.SimpleQueue[Any]") -> None:
    try:
        served = _loaded(inbox.get(), channel)
    except Leaving:
        raise
    except BaseException as error:  # noqa: BLE001 - the driver judges it
        channel.send(dumps(portable(error)))
        return
    try:
        channel.send(dumps(Ready()))
        while True:
            channel.send(served.answer(inbox.get()))
    finally:
        served.unload()


def _loaded(setup: Setup | Exception, channel: Channel) -> StepServer:
    if isinstance(setup, Exception):
        raise setup
    return StepServer(setup, channel.send)
