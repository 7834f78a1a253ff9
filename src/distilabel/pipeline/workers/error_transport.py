"""Sends errors from a worker process to the driver process, and describes how a process ended."""

import signal
import traceback

from distilabel.exceptions import DistilabelException, DistilabelStepError
from distilabel.pipeline.workers.ipc import ErrorResult, dumps, loads

__all__ = ["describe_exit", "portable"]


def portable(error: BaseException) -> ErrorResult:
    """Wrap an error so that it can be pickled; one that cannot is replaced by an error of the same name and text."""
    text = "".join(traceback.format_exception(error))
    try:
        copied: BaseException = loads(dumps(error))
    except Exception:  # noqa: BLE001 - a user's error class may fail in any way when it is pickled
        return ErrorResult(_substitute(error), text)
    return ErrorResult(error if str(copied) == str(error) else _substitute(error), text)


def _substitute(error: BaseException) -> BaseException:
    base = DistilabelStepError if isinstance(error, DistilabelException) else Exception
    substitute: BaseException = type(type(error).__name__, (base,), {})(str(error))
    return substitute


def describe_exit(code: int) -> str:
    """Return a text about how a process ended, given its exit code.

    Examples:
        >>> describe_exit(3)
        'ended with exit code 3'
        >>> describe_exit(-9)
        'was killed by SIGKILL, perhaps because memory ran out'
    """
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}" + (", perhaps because memory ran out" if name == "SIGKILL" else "")
