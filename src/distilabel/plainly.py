"""A mistake that ends a program is told in its one sentence, without the traceback that leads through our code."""

import os
import sys
from types import TracebackType

from distilabel.exceptions import DistilabelException

__all__ = ["install"]


def install() -> None:
    """Have uncaught errors of this library printed as a sentence, where nobody else has taken the hook.

    With DISTILABEL_LOG_LEVEL=DEBUG the traceback is shown as ever.
    """
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    debugging = os.environ.get("DISTILABEL_LOG_LEVEL", "").upper() == "DEBUG"
    if isinstance(error, DistilabelException) and not debugging:
        sys.stderr.write(f"{kind.__name__}: {error}\n")
    else:
        sys.__excepthook__(kind, error, traceback)
