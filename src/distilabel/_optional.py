"""Imports optional packages where they are used, with one error text."""

from importlib import import_module
from types import ModuleType

from distilabel.exceptions import DistilabelMissingPackageError

__all__ = ["require"]


def require(module: str, extra: str) -> ModuleType:
    """Import a module that an extra of this package installs.

    Args:
        module: Such as `uvicorn`.
        extra: Such as `server`.

    Raises:
        DistilabelMissingPackageError: The module is not installed; the message names the command that installs it.

    Examples:
        >>> require("json", "server").__name__
        'json'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise DistilabelMissingPackageError(
            f"The package {error.name!r} is missing: pip install 'distilabel[{extra}]'."
        ) from error
