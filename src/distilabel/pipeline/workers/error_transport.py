"""Errors on their way from a worker process to the driver, and what the end of a process means."""

import signal
import traceback

from distilabel.exceptions import DistilabelException, DistilabelStepError
from distilabel.pipeline.workers.ipc import ErrorResult, dumps, loads

__all__ = ["describe_exit", "portable"]


def portable(error: BaseException) -> ErrorResult:
    """Wrap an error so that it crosses a process boundary: as itself, or as a stand-in of the same name and text."""
    text = "".join(traceback.format_exception(error))
    try:
        crossed: BaseException = loads(dumps(error))
    except Exception:  # noqa: BLE001 - an error of the user's may fail in any way when it is pickled
        return ErrorResult(_stand_in(error), text)
    return ErrorResult(error if str(crossed) == str(error) else _stand_in(error), text)


def _stand_in(error: BaseException) -> BaseException:
    base = DistilabelStepError if isinstance(error, DistilabelException) else Exception
    made: BaseException = type(type(error).__name__, (base,), {})(str(error))
    return made


def describe_exit(code: int) -> str:
    """Say how a process ended, given its exit code.

    Examples:
        >>> describe_exit(3)
        'ended with exit code 3'
        >>> describe_exit(-9)
        'was killed by SIGKILL, perhaps for want of memory'
    """
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}" + (", perhaps for want of memory" if name == "SIGKILL" else "")
