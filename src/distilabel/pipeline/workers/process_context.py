"""What surrounds a step besides its rows: arguments, log levels and warnings, taken from the driver to its workers."""

import contextlib
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

from distilabel.pipeline.workers.ipc import LogMessage, Setup, WarningMessage, dumps

__all__ = ["mirror_driver", "replay_message", "worker_setup"]

_PLAIN = (str, int, float, bool, type(None))


def worker_setup(step: bytes) -> bytes:
    """Return the first message to a worker: the pickled step, and what this process is like."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    levels = {logger.name: logger.level for logger in loggers if isinstance(logger, logging.Logger)}
    levels = {name: level for name, level in levels.items() if level != logging.NOTSET}
    return dumps(Setup(step, sys.argv, levels, list(warnings.filters)))


def mirror_driver(setup: Setup, say: Callable[[bytes], None]) -> None:
    """Make this process like the driver's; its log records and warnings go there.

    Args:
        setup: What the driver's process is like.
        say: Sends there.
    """
    sys.argv[:] = setup.argv
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    for name, level in setup.levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(_Forwarding(say))
    warnings.resetwarnings()
    warnings.filters.extend(setup.filters)  # type: ignore[attr-defined]

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001 - the standard library's signature
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        say(dumps(WarningMessage(message, category, filename, lineno)))

    warnings.showwarning = show


def replay_message(message: LogMessage | WarningMessage) -> None:
    """Give a record or a warning to those who would have had it from this process."""
    with contextlib.suppress(Exception):  # a handler of the user's must not cost an answer
        if isinstance(message, WarningMessage):
            warnings.showwarning(message.message, message.category, message.filename, message.lineno)
            return
        record: Any = logging.makeLogRecord(message.record)
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)


class _Forwarding(logging.Handler):
    """Sends each record to the driver, whose handlers show and keep it."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._say(dumps(LogMessage(self._plain(record))))
        except Exception:  # noqa: BLE001 - as every handler: a record that cannot be told costs nobody a row
            self.handleError(record)

    def _plain(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what the record holds as plain values, its traceback in its text."""
        text = self.format(record)
        values = {
            name: value if isinstance(value, _PLAIN) else str(value) for name, value in vars(record).items()
        }
        done = dict.fromkeys(("args", "exc_info", "exc_text", "stack_info"))
        return {**values, **done, "msg": text, "message": text}
