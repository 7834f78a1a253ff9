"""Showing a chat to a person."""

from distilabel.typing import FormattedInput

__all__ = ["print_chat"]


def print_chat(title: str, formatted: FormattedInput) -> None:
    """Print each message of a chat in a frame of its own."""
    from rich.console import Console  # noqa: PLC0415 - only needed here
    from rich.panel import Panel  # noqa: PLC0415 - only needed here
    from rich.text import Text  # noqa: PLC0415 - only needed here

    console = Console()
    console.rule(title)
    chat = formatted[0] if isinstance(formatted, tuple) else formatted
    for message in chat:
        content = message["content"]
        text = content if isinstance(content, str) else "\n".join(map(str, content))
        console.print(Panel(Text(text), title=message["role"], title_align="left"))
