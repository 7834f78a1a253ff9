"""Names of a package that are loaded when they are first wanted: nobody waits for classes that he does not use."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["loaded_by_name"]


def loaded_by_name(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the functions `__getattr__` and `__dir__` of a package (https://peps.python.org/pep-0562/).

    Args:
        package: Its name.
        places: The module in which each of its names is defined.

    Examples:
        >>> find, names = loaded_by_name("distilabel", {"Flow": "distilabel.wire"})
        >>> "Flow" in names(), find("Flow").__name__
        (True, 'Generator')
    """

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(places[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return find, names
