"""Two helpers for the site: the command reference is read from the commands, and unbuilt modules say so."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SRC = Path(__file__).resolve().parents[1] / "src"
REFERENCE = re.compile(r"^::: (\S+)\n(?: {4}.*\n)*", re.MULTILINE)
COMMANDS = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill a page in; called by mkdocs for every page."""
    markdown = REFERENCE.sub(keep_if_built, markdown + "\n")
    return markdown.replace(COMMANDS, "\n".join(command_reference())) if COMMANDS in markdown else markdown


def keep_if_built(match: re.Match[str]) -> str:
    """Leave a reference as it is, or say that its module is not there yet."""
    path = SRC / match[1].replace(".", "/")
    built = path.with_suffix(".py").exists() or (path / "__init__.py").exists()
    return match[0] if built else f"`{match[1]}` is not built yet.\n"


def command_reference() -> Iterator[str]:
    """A section for every command of the command line, with its help as a terminal shows it."""
    if not (SRC / "distilabel/cli/app.py").exists() or find_spec("distilabel.cli.app") is None:
        yield "The command line is not built yet."
        return
    import typer  # noqa: PLC0415 - only the page of the commands needs it

    from distilabel.cli.app import app  # noqa: PLC0415 - likewise

    for name, command in leaves("distilabel", typer.main.get_command(app)):
        yield f"## {name}\n\n{command.help or ''}\n"
        yield from parameters(command)


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands below `command`, with their full names; a group is only a way to them."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for word in below:
        yield from leaves(f"{name} {word}", below[word])


def parameters(command: Any) -> Iterator[str]:
    """What a command may be given, as a table."""
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    if shown:
        yield "| Given as | Meaning |\n|---|---|"
        for parameter in shown:
            name = (
                ", ".join(parameter.opts)
                if parameter.param_type_name == "option"
                else parameter.human_readable_name
            )
            yield f"| `{name}` | {getattr(parameter, 'help', None) or ''} |"
        yield ""
