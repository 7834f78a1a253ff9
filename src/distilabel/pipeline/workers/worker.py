"""The worker process itself: loads one step, answers what the driver asks, and ends with it.

It is started by `replica.py` as a fresh interpreter: the user's script is not run again. Its standard output and
standard error are the driver's own.
"""

import logging
import os
import queue
import signal
import socket
import threading
from collections.abc import Iterator
from itertools import chain
from types import FrameType
from typing import Any

from distilabel.exceptions import DistilabelStepError
from distilabel.pipeline.workers.mistakes import portable
from distilabel.pipeline.workers.surroundings import live_as_the_driver
from distilabel.pipeline.workers.wire import (
    Asked,
    Channel,
    Gave,
    More,
    Raised,
    Ready,
    Setup,
    dumps,
    loads,
)
from distilabel.steps.base import GeneratorStep, Step, _Step
from distilabel.steps.context import chancing
from distilabel.typing import Row

__all__ = ["main"]


class _Leaving(BaseException):
    """The driver has asked this process to end."""


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
    except (_Leaving, BrokenPipeError):
        pass


def _leave(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise _Leaving


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
        step = _loaded(inbox.get(), channel)
    except _Leaving:
        raise
    except BaseException as error:  # noqa: BLE001 - the driver judges it
        channel.send(dumps(portable(error)))
        return
    try:
        channel.send(dumps(Ready()))
        rows = _Generating(step)
        while True:
            channel.send(_answer(step, rows, inbox.get()))
    finally:
        _unload(step)


def _loaded(setup: Setup | Exception, channel: Channel) -> _Step:
    if isinstance(setup, Exception):
        raise setup
    live_as_the_driver(setup, channel)
    step: _Step = loads(setup.step)
    step.load()
    return step


def _unload(step: _Step) -> None:
    try:
        step.unload()
    except Exception:
        logging.getLogger(f"distilabel.steps.{step.name}").warning(
            "A worker process of step %r could not unload it", step.name, exc_info=True
        )


def _answer(step: _Step, rows: "_Generating", asked: Asked | More | Exception) -> bytes:
    if isinstance(asked, Exception):
        return dumps(portable(asked))
    try:
        with chancing(asked.chance):
            value = rows.after(asked.offset) if isinstance(asked, More) else _processed(step, asked.inputs)
    except _Leaving:
        raise
    except BaseException as error:  # noqa: BLE001 - what it means is for the driver to say
        raised = portable(error)
        return dumps(Raised(raised.error, raised.traceback, asked.chance))
    return _packed(step, Gave(value, asked.chance))


def _processed(step: _Step, inputs: list[list[Row]]) -> list[Row]:
    assert isinstance(step, Step)
    return list(chain.from_iterable(step.process_applying_mappings(*inputs)))


def _packed(step: _Step, gave: Gave) -> bytes:
    try:
        return dumps(gave)
    except _Leaving:
        raise
    except Exception as error:  # noqa: BLE001 - a value may fail in any way when it is pickled
        told = DistilabelStepError(
            f"A row that step {step.name!r} gave holds a value that cannot be kept ({error}): give plain values, arrays or "
            "images."
        )
        return dumps(portable(told))


class _Generating:
    """Where a generator stands."""

    def __init__(self, step: _Step) -> None:
        self._step = step
        self._given = -1
        self._rows: Iterator[tuple[list[Row], bool]] = iter(())

    def after(self, offset: int) -> tuple[list[Row], bool] | None:
        """Return what comes after `offset` rows; None where there is no more."""
        if offset != self._given:
            assert isinstance(self._step, GeneratorStep)
            self._rows = iter(self._step.process_applying_mappings(offset=offset))
        made = next(self._rows, None)
        self._given = offset + (len(made[0]) if made else 0)
        return made
