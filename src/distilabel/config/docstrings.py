"""Reads the descriptions of arguments from Google-style docstrings."""

import inspect
import re
from typing import Any

_SECTION = re.compile(r"^(Args|Arguments|Attributes|Parameters):\s*$")
_ENTRY = re.compile(r"^(\w+(?:, \w+)*)\s*(?:\([^)]*\))?:\s*(.*)$")
# A mere reference does not replace a description.
_REFERENCE = re.compile(r"^See `\w+`\.$")


def argument_descriptions(documented: Any) -> dict[str, str]:
    """Return the descriptions of arguments in the docstring of a function, or of a class and its bases.

    Examples:
        >>> def greet(name, times, pause):
        ...     '''Say hello.
        ...
        ...     Args:
        ...         name: Whom to greet,
        ...             by first name.
        ...         times, pause: How often.
        ...     '''
        >>> argument_descriptions(greet)
        {'name': 'Whom to greet, by first name.', 'times': 'How often.', 'pause': 'How often.'}
    """
    owners = reversed(documented.__mro__) if isinstance(documented, type) else (documented,)
    found: dict[str, str] = {}
    for owner in owners:
        for name, text in _entries(inspect.cleandoc(getattr(owner, "__doc__", None) or "")).items():
            if name not in found or not _REFERENCE.match(text):
                found[name] = text
    return found


def _entries(text: str) -> dict[str, str]:
    """Return the entries of a docstring, by argument; one entry may describe several arguments."""
    found: dict[str, str] = {}
    indent, names = -1, ""
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        if _SECTION.match(line):
            indent, names = 0, ""
        elif line.strip() and depth == 0:
            indent = -1
        elif indent >= 0 and line.strip():
            indent = indent or depth
            names = _add_line(found, names, line.strip(), is_new=depth == indent)
    return {name: entry for names, entry in found.items() for name in names.split(", ")}


def _add_line(found: dict[str, str], names: str, line: str, *, is_new: bool) -> str:
    match = _ENTRY.match(line) if is_new else None
    if match:
        found[match[1]] = match[2]
        return match[1]
    if names:
        found[names] = f"{found[names]} {line}".strip()
    return names
