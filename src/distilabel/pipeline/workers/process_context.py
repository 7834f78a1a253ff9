"""Copies arguments, log levels and warning filters from the driver to its workers, and log records and warnings back."""

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
    """Return the first message to a worker: the pickled step, and the state of this process."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    levels = {logger.name: logger.level for logger in loggers if isinstance(logger, logging.Logger)}
    levels = {name: level for name, level in levels.items() if level != logging.NOTSET}
    return dumps(Setup(step, sys.argv, levels, list(warnings.filters)))


def mirror_driver(setup: Setup, send: Callable[[bytes], None]) -> None:
    """Apply the state of the driver process to this process, and send log records and warnings to the driver.

    Args:
        setup: The state of the driver process.
        send: Sends a pickled message to the driver.
    """
    sys.argv[:] = setup.argv
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    for name, level in setup.levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(_ForwardingHandler(send))
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
        send(dumps(WarningMessage(message, category, filename, lineno)))

    warnings.showwarning = show


def replay_message(message: LogMessage | WarningMessage) -> None:
    """Handle a worker's log record or warning as if it came from this process."""
    with contextlib.suppress(Exception):  # an error in a user's handler must not lose a result
        if isinstance(message, WarningMessage):
            warnings.showwarning(message.message, message.category, message.filename, message.lineno)
            return
        record: Any = logging.makeLogRecord(message.record)
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)


class _ForwardingHandler(logging.Handler):
    """Sends each record to the driver, whose handlers process it."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send(dumps(LogMessage(self._plain(record))))
        except Exception:  # noqa: BLE001 - as in every handler: a record that cannot be sent must not fail a row
            self.handleError(record)

    def _plain(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the record's attributes as plain values, with its traceback in the text."""
        text = self.format(record)
        values = {
            name: value if isinstance(value, _PLAIN) else str(value) for name, value in vars(record).items()
        }
        formatted = dict.fromkeys(("args", "exc_info", "exc_text", "stack_info"))
        return {**values, **formatted, "msg": text, "message": text}
