"""Lazy package attributes (PEP 562)."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["attach"]


def attach(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the functions `__getattr__` and `__dir__` of a package (https://peps.python.org/pep-0562/).

    Submodules are attributes too, imported or not: the aliases of old import paths need their parents.

    Args:
        package: The package's name.
        places: The module that defines each of its lazy names.

    Examples:
        >>> get, names = attach("distilabel", {"Flow": "distilabel.http"})
        >>> "Flow" in names(), get("Flow").__name__
        (True, 'Generator')
    """

    def get(name: str) -> Any:
        if name in places:
            value = getattr(import_module(places[name]), name)
            setattr(sys.modules[package], name, value)
            return value
        submodule = f"{package}.{name}"
        try:
            if not name.startswith("_"):
                return import_module(submodule)
        except ModuleNotFoundError as error:
            if error.name != submodule:
                raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return get, names
