"""Reading what a Google-style docstring says about each argument."""

import inspect
import re
from typing import Any

_SECTION = re.compile(r"^(Args|Arguments|Attributes|Parameters):\s*$")
_ENTRY = re.compile(r"^(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def described_arguments(documented: Any) -> dict[str, str]:
    """Collect what the docstrings of a function, or of a class and its bases, say about arguments.

    Examples:
        >>> def greet(name):
        ...     '''Say hello.
        ...
        ...     Args:
        ...         name: Whom to greet,
        ...             by first name.
        ...     '''
        >>> described_arguments(greet)
        {'name': 'Whom to greet, by first name.'}
    """
    owners = reversed(documented.__mro__) if isinstance(documented, type) else (documented,)
    found: dict[str, str] = {}
    for owner in owners:
        found |= _entries(inspect.cleandoc(getattr(owner, "__doc__", None) or ""))
    return found


def _entries(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    indent, name = -1, ""
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        if _SECTION.match(line):
            indent, name = 0, ""
        elif line.strip() and depth == 0:
            indent = -1
        elif indent >= 0 and line.strip():
            indent = indent or depth
            name = _take(found, name, line.strip(), is_new=depth == indent)
    return found


def _take(found: dict[str, str], name: str, line: str, *, is_new: bool) -> str:
    match = _ENTRY.match(line) if is_new else None
    if match:
        found[match[1]] = match[2]
        return match[1]
    if name:
        found[name] = f"{found[name]} {line}".strip()
    return name
