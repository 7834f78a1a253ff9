"""Sets up the screen and the log of a run, and removes them at its end."""

import dataclasses
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import orjson
from rich.console import Console

from distilabel.events import Event
from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.progress.log_lines import EventLogger
from distilabel.progress.table import LiveTable

__all__ = ["log_cause", "screen"]

_LOGGER = logging.getLogger("distilabel")
_FORMAT = "%(asctime)s %(levelname)-7s %(message)s"
_MODES = ("auto", "rich", "plain", "json", "none")


def log_cause(error: BaseException) -> None:
    """Write the traceback of the cause of an error to the log file, and not to the screen: the caller of the run sees it."""
    if isinstance(error, DistilabelStepError) and error.__cause__ is not None:
        cause = error.__cause__
        _LOGGER.getChild("pipeline").error("%s", error, exc_info=cause, extra={"only_in_file": True})


@contextmanager
def screen(log: Path, handlers: Sequence[logging.Handler] = ()) -> Iterator[Callable[[Event], None]]:
    """Show a run while the context is open: call its value with each event.

    `DISTILABEL_PROGRESS` sets the form: `rich` (a live table), `plain` (lines), `json` (one event per line, on standard
    error), `none`, or `auto`: a table on a terminal, lines elsewhere. `DISTILABEL_LOG_LEVEL` sets the lowest level that is
    shown, by default `INFO`. The file `log` gets all records from `INFO` on.

    Args:
        log: The log file; lines are appended.
        handlers: Additional handlers of the user.
    """
    mode, level = _setting("DISTILABEL_PROGRESS", _MODES, "auto"), _level()
    console = Console(stderr=True)
    if mode == "auto":
        mode = "rich" if console.is_terminal else "plain"
    table = LiveTable(console) if mode == "rich" else None
    shown = _shown(mode, console, level)
    own = [_file_handler(log), *handlers, *([shown] if shown else [])]
    event_logger = EventLogger(_LOGGER.getChild("pipeline").log)
    listeners: list[Callable[[Event], None]] = [event_logger, *([table] if table else [])]
    if mode == "json":
        listeners.append(_JsonLines(sys.stderr))
    with _logging_to(own, min(level, logging.INFO)):
        if table:
            table.start()
        try:
            yield _together(listeners)
        finally:
            if table:
                table.stop()


def _together(listeners: Sequence[Callable[[Event], None]]) -> Callable[[Event], None]:
    lock = threading.Lock()

    def emit(event: Event) -> None:
        with lock:
            for listener in listeners:
                listener(event)

    return emit


@contextmanager
def _logging_to(handlers: Sequence[logging.Handler], level: int) -> Iterator[None]:
    before = _LOGGER.level, _LOGGER.propagate
    _LOGGER.setLevel(level)
    for handler in handlers:
        _LOGGER.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            _LOGGER.removeHandler(handler)
        handlers[0].close()
        _LOGGER.setLevel(before[0])


class _LogFile(logging.FileHandler):
    """A log file that a full disk may cut: the run itself ends with the reason, and a record must not end it."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of `logging`
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


def _file_handler(log: Path) -> logging.Handler:
    handler = _LogFile(log, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.setLevel(logging.INFO)
    return handler


def _shown(mode: str, console: Console, level: int) -> logging.Handler | None:
    if mode in ("none", "json"):
        return None
    handler = _ConsoleHandler(console) if mode == "rich" else logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT, datefmt="%H:%M:%S"))
    handler.setLevel(level)
    handler.addFilter(lambda record: not getattr(record, "only_in_file", False))
    return handler


class _ConsoleHandler(logging.Handler):
    """Prints above the live table, without wrapping lines, so that users can copy them unchanged."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(self.format(record), markup=False, highlight=False, soft_wrap=True)


class _JsonLines:
    """Writes one JSON object per event: its kind and its fields."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
        line = orjson.dumps({"event": type(event).__name__, **values}, default=str)
        self._stream.write(line.decode() + "\n")
        self._stream.flush()


def _level() -> int:
    names = tuple(logging.getLevelNamesMapping())
    return logging.getLevelNamesMapping()[_setting("DISTILABEL_LOG_LEVEL", names, "INFO", upper=True)]


def _setting(variable: str, allowed: Sequence[str], default: str, *, upper: bool = False) -> str:
    given = os.environ.get(variable) or default
    value = given.upper() if upper else given.lower()
    if value not in allowed:
        raise DistilabelUserError(f"{variable} is {given!r}: set it to one of {', '.join(allowed)}.")
    return value
