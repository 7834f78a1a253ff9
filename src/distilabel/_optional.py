"""Packages that only some users need: imported where they are used, with one error text."""

from importlib import import_module
from types import ModuleType

from distilabel.exceptions import DistilabelMissingPackageError

__all__ = ["require"]


def require(module: str, extra: str) -> ModuleType:
    """Import a module that an extra of this package brings along.

    Args:
        module: Such as `uvicorn`.
        extra: Such as `server`.

    Raises:
        DistilabelMissingPackageError: It is not installed; the message names the command that installs it.

    Examples:
        >>> require("json", "server").__name__
        'json'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise DistilabelMissingPackageError(
            f"This needs the package {error.name!r}: pip install 'distilabel[{extra}]'."
        ) from error
