"""A helper for the site: the command reference is read from the commands themselves."""

from collections.abc import Iterator
from typing import Any

import typer

from distilabel.cli.app import app

COMMANDS = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the commands where a page asks for them; called by mkdocs for every page."""
    return markdown.replace(COMMANDS, "\n".join(command_reference())) if COMMANDS in markdown else markdown


def command_reference() -> Iterator[str]:
    """A section for every command of the command line, with its help as a terminal shows it."""
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
                ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
            )
            yield f"| `{name}` | {getattr(parameter, 'help', None) or ''} |"
        yield ""
