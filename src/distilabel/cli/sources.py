"""Loading a pipeline for the command line: a configuration or a script, from a file or a URL."""

import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from distilabel import _event_loop as loop
from distilabel.exceptions import DistilabelUserError

if TYPE_CHECKING:
    from distilabel.pipeline import Pipeline

__all__ = ["Allow", "AllowCode", "Config", "Script", "Variable", "Yes", "get_pipeline"]

_MOST = 1 << 20
_MODULE = "pipeline_script"

Config = Annotated[
    Optional[str],
    typer.Option(help="A pipeline as YAML or JSON, as Pipeline.save writes it: a file or a URL."),
]
Script = Annotated[
    Optional[str], typer.Option(help="A Python script that makes a pipeline: a file or a URL.")
]
Variable = Annotated[
    str, typer.Option("--pipeline-variable-name", help="The name of the pipeline in the script.")
]
Allow = Annotated[
    Optional[list[str]],
    typer.Option(
        help="A package whose classes a configuration may name, besides distilabel; may be repeated."
    ),
]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Let a configuration name code and commands that run on this machine."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before running something from a URL.")]


def get_pipeline(
    config: str | None,
    script: str | None,
    variable: str = "pipeline",
    allow: Sequence[str] = (),
    *,
    allow_code: bool = False,
    ask: bool,
) -> "Pipeline":
    """Return the pipeline that a configuration or a script describes.

    Args:
        config: A file or a URL.
        script: The alternative: a script's file or URL.
        variable: The name of the pipeline in the script.
        allow: The packages whose classes the configuration may name.
        allow_code: Whether the fields of the configuration may name code and commands.
        ask: Whether to show what comes from a URL and ask for confirmation before using it.

    Raises:
        DistilabelUserError: Neither or both are given, or there is no pipeline in it.
    """
    if (config is None) == (script is None):
        raise DistilabelUserError("Give either --config or --script, to say where the pipeline is.")
    if config is not None:
        if allow:
            sys.path.insert(0, str(Path.cwd()))
        return _from_config(config, ("distilabel", *allow), allow_code=allow_code, ask=ask)
    return _from_script(str(script), variable, ask=ask)


def _from_config(place: str, allow: Sequence[str], *, allow_code: bool, ask: bool) -> "Pipeline":
    from distilabel import config  # noqa: PLC0415 - slow to import, and `--help` needs none of it
    from distilabel.pipeline import Pipeline  # noqa: PLC0415

    if not _is_url(place):
        return Pipeline.from_file(place, allow, allow_code=allow_code)
    text = _fetch_text(place, ask=ask)
    kind = "json" if place.partition("?")[0].lower().endswith(".json") else "yaml"
    return Pipeline.from_dict(config.parse_document(text, kind, place), allow, allow_code=allow_code)


def _from_script(place: str, variable: str, *, ask: bool) -> "Pipeline":
    from distilabel.pipeline import Pipeline  # noqa: PLC0415 - as above

    if _is_url(place):
        text = _fetch_text(place, ask=ask)
        path = Path(mkdtemp(prefix="distilabel-")) / f"{_MODULE}.py"
        path.write_text(text, encoding="utf-8")
    else:
        path = Path(place)
    module = _run(path)
    found = getattr(module, variable, None)
    if isinstance(found, Pipeline):
        return found
    others = [name for name, value in vars(module).items() if isinstance(value, Pipeline)]
    remedy = (
        f"--pipeline-variable-name {others[0]}" if others else "make one, with `with Pipeline() as pipeline:`"
    )
    raise DistilabelUserError(f"{place} has no top-level pipeline named {variable!r}: {remedy}.")


def _run(path: Path) -> ModuleType:
    """Run a script as a module, so that worker processes find its classes; its `__main__` block is not run."""
    if not path.is_file():
        raise DistilabelUserError(f"There is no script {path}: check the path.")
    name = path.stem if path.stem.isidentifier() and not _is_taken(path.stem) else _MODULE
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DistilabelUserError(f"{path} is not a Python script: its name must end in .py.")
    module = module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    spec.loader.exec_module(module)
    return module


def _is_taken(name: str) -> bool:
    return name in sys.modules or name in sys.stdlib_module_names


def _is_url(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def _fetch_text(address: str, *, ask: bool) -> str:
    """Fetch a text; if `ask` is set, show it and ask for confirmation."""
    from distilabel.transport import fetch  # noqa: PLC0415 - slow to import

    try:
        text = loop.run(fetch(address, max_bytes=_MOST)).decode("utf-8")
    except UnicodeDecodeError:
        raise DistilabelUserError(f"The content of {address} is not text: check the address.") from None
    if ask:
        typer.echo(_visible(text), err=True)
        typer.confirm(f"This came from {address}. Use it?", abort=True, err=True)
    return text


def _visible(text: str) -> str:
    """Escape control and invisible characters, so that the user sees what will be run."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)
