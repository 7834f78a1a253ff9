"""Write docs/api-coverage.md: which public names of distilabel 1.5 are here, found out by importing them.

Usage: python scripts/api_coverage.py
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "api-coverage.md"
NOT_YET = "not yet"
INTRODUCTION = """\
# What is here of distilabel 1.5

The public names of distilabel 1.5, each looked for by importing it. Pipelines that use the names with a *yes* run
unchanged; for the others, the page says why. (Made by `python scripts/api_coverage.py`.)
"""


def page(names: dict[str, str], reasons: dict[str, str]) -> str:
    """Return the page's text."""
    rows = {module: [(name, has(module, name)) for name in text.split()] for module, text in names.items()}
    here = sum(found for table in rows.values() for _, found in table)
    total = sum(map(len, rows.values()))
    return "\n".join([INTRODUCTION, f"**{here} of {total} names are here.**", "", *tables(rows, reasons)])


def tables(rows: dict[str, list[tuple[str, bool]]], reasons: dict[str, str]) -> Iterator[str]:
    """A table for each module."""
    for module, table in rows.items():
        yield f"## `{module}`\n\n| Name | Here | Why not |\n|---|---|---|"
        for name, found in table:
            why = "" if found else reasons.get(name, NOT_YET)
            yield f"| `{name}` | {'yes' if found else 'no'} | {why} |"
        yield ""


def has(module: str, name: str) -> bool:
    """Tell whether a module has a name, or a class in it a member."""
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return True


def read() -> tuple[dict[str, str], dict[str, str]]:
    """Return the names by module, and the reasons by name."""
    data = yaml.safe_load((HERE / "api_names.yaml").read_text(encoding="utf-8"))
    return data["names"], data["reasons"]


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(*read()), encoding="utf-8")


if __name__ == "__main__":
    main()
