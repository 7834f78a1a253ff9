"""A step in a process that is not the driver's: loaded there, and asked one question after the other."""

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

__all__ = ["Leaving", "StepServer"]


class Leaving(BaseException):
    """The driver has asked this process to end: no error of the step's."""


class StepServer:
    """A step that is loaded, and answers.

    Args:
        setup: The step, pickled, and what the driver's process is like.
        say: Tells the driver something that is not an answer: a record of the log, or a warning.
    """

    def __init__(self, setup: Setup, say: Callable[[bytes], None]) -> None:
        mirror_driver(setup, say)
        self._step: _Step = loads(setup.step)
        self._step.load()
        self._rows = _Generating(self._step)

    def answer(self, asked: ProcessRequest | NextRequest | Exception) -> bytes:
        """Return what comes of the rows, or what the step raised; an error in place of a question is returned as it is."""
        if isinstance(asked, Exception):
            return dumps(portable(asked))
        try:
            with chunk_random(asked.chance):
                value = (
                    self._rows.after(asked.offset)
                    if isinstance(asked, NextRequest)
                    else _processed(self._step, asked.inputs)
                )
        except Leaving:
            raise
        except BaseException as error:  # noqa: BLE001 - what it means is for the driver to say
            raised = portable(error)
            return dumps(ErrorResult(raised.error, raised.traceback, asked.chance))
        return _packed(self._step, Result(value, asked.chance))

    def unload(self) -> None:
        """Unload the step; where that fails, the log says so."""
        try:
            self._step.unload()
        except Exception:
            logging.getLogger(f"distilabel.steps.{self._step.name}").warning(
                "A worker process of step %r could not unload it", self._step.name, exc_info=True
            )


def _processed(step: _Step, inputs: list[list[Row]]) -> list[Row]:
    assert isinstance(step, Step)
    return list(chain.from_iterable(step.process_applying_mappings(*inputs)))


def _packed(step: _Step, gave: Result) -> bytes:
    try:
        return dumps(gave)
    except Leaving:
        raise
    except Exception as error:  # noqa: BLE001 - a value may fail in any way when it is pickled
        unpicklable = DistilabelStepError(
            f"A row that step {step.name!r} gave holds a value that cannot be kept ({error}): give plain values, arrays or "
            "images."
        )
        return dumps(portable(unpicklable))


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
