"""Loads a step in a worker and handles one request after the other."""

import logging
from collections.abc import Callable, Iterator
from itertools import chain

from distilabel.exceptions import DistilabelStepError
from distilabel.pipeline.workers.error_transport import portable
from distilabel.pipeline.workers.ipc import (
    ErrorResult,
    NextRequest,
    ProcessRequest,
    Result,
    Setup,
    dumps,
    loads,
)
from distilabel.pipeline.workers.process_context import mirror_driver
from distilabel.steps._core.context import chunk_random
from distilabel.steps.base import GeneratorStep, Step, _Step
from distilabel.typing import Row

__all__ = ["StepServer", "WorkerStopped"]


class WorkerStopped(BaseException):
    """The driver has stopped this process; not an error of the step."""


class StepServer:
    """Serves a step. Loads it when created.

    Args:
        setup: The pickled step, and the state of the driver process.
        send: Sends the driver a message that is not a reply: a log record, or a warning.
    """

    def __init__(self, setup: Setup, send: Callable[[bytes], None]) -> None:
        mirror_driver(setup, send)
        self._step: _Step = loads(setup.step)
        self._step.load()
        # A generator's rows, and the number of rows that it has given.
        self._rows: Iterator[tuple[list[Row], bool]] = iter(())
        self._given = -1

    def handle(self, request: ProcessRequest | NextRequest | Exception) -> bytes:
        """Return the pickled reply to a request; an error in place of a request is returned as it is."""
        if isinstance(request, Exception):
            return dumps(portable(request))
        try:
            with chunk_random(request.rng):
                value = (
                    self._next(request.offset) if isinstance(request, NextRequest) else self._process(request)
                )
        except WorkerStopped:
            raise
        except BaseException as error:  # noqa: BLE001 - the driver decides what it means
            sent = portable(error)
            return dumps(ErrorResult(sent.error, sent.traceback, request.rng))
        try:
            return dumps(Result(value, request.rng))
        except WorkerStopped:
            raise
        except Exception as error:  # noqa: BLE001 - a value may fail in any way when it is pickled
            unpicklable = DistilabelStepError(
                f"Step {self._step.name!r} gave a row with a value that cannot be pickled ({error}): use plain values, arrays "
                "or images."
            )
            return dumps(portable(unpicklable))

    def _process(self, request: ProcessRequest) -> list[Row]:
        assert isinstance(self._step, Step)
        return list(chain.from_iterable(self._step.process_applying_mappings(*request.inputs)))

    def _next(self, offset: int) -> tuple[list[Row], bool] | None:
        """Return the generator's chunk after `offset` rows; None if there is none."""
        if offset != self._given:
            assert isinstance(self._step, GeneratorStep)
            self._rows = iter(self._step.process_applying_mappings(offset=offset))
        chunk = next(self._rows, None)
        self._given = offset + (len(chunk[0]) if chunk else 0)
        return chunk

    def unload(self) -> None:
        """Unload the step; log a warning if that fails."""
        try:
            self._step.unload()
        except Exception:
            logging.getLogger(f"distilabel.steps.{self._step.name}").warning(
                "A worker process of step %r could not unload it", self._step.name, exc_info=True
            )
