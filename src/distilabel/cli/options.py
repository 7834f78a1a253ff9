"""Options of several commands."""

from pathlib import Path
from typing import Annotated, Any, Optional

import orjson
import typer

__all__ = ["AsJson", "CacheDir", "print_json"]

CacheDir = Annotated[Optional[Path], typer.Option(help="The cache folder; default: DISTILABEL_CACHE_DIR.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: Any, *, indent: bool = True) -> None:
    """Print a value as JSON."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode())
