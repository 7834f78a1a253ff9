"""What surrounds a step besides its rows: arguments, log levels and warnings, taken from the driver to its workers."""

import logging
import sys
import warnings
from typing import Any, TextIO

from distilabel.pipeline.workers.wire import Channel, Noted, Setup, Warned, dumps

__all__ = ["live_as_the_driver", "setup_for"]

_PLAIN = (str, int, float, bool, type(None))


def setup_for(step: bytes) -> bytes:
    """Return the first message to a worker: the pickled step, and what this process is like."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    levels = {logger.name: logger.level for logger in loggers if isinstance(logger, logging.Logger)}
    levels = {name: level for name, level in levels.items() if level != logging.NOTSET}
    return dumps(Setup(step, sys.argv, levels, list(warnings.filters)))


def live_as_the_driver(setup: Setup, channel: Channel) -> None:
    """Make this process like the driver's; its log records and warnings go there.

    Args:
        setup: What the driver's process is like.
        channel: Leads there.
    """
    sys.argv[:] = setup.argv
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    for name, level in setup.levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(_Forwarding(channel))
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
        channel.send(dumps(Warned(message, category, filename, lineno)))

    warnings.showwarning = show


class _Forwarding(logging.Handler):
    """Sends each record to the driver, whose handlers show and keep it."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._channel.send(dumps(Noted(self._plain(record))))
        except Exception:  # noqa: BLE001 - as every handler: a record that cannot be told costs nobody a row
            self.handleError(record)

    def _plain(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what the record holds as plain values, its traceback in its text."""
        text = self.format(record)
        told = {
            name: value if isinstance(value, _PLAIN) else str(value) for name, value in vars(record).items()
        }
        done = dict.fromkeys(("args", "exc_info", "exc_text", "stack_info"))
        return {**told, **done, "msg": text, "message": text}
