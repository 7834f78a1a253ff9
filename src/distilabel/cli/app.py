"""The command `distilabel` and its subcommands."""

import sys
from typing import Annotated

import typer

from distilabel import __version__
from distilabel.cli import jobs, pipeline, retry, serve
from distilabel.exceptions import DistilabelException

__all__ = ["app", "main"]

app = typer.Typer(
    name="distilabel",
    help="Datasets made with LLMs, at the price of their batch APIs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("retry")(retry.retry)
app.add_typer(pipeline.app, name="pipeline")
app.add_typer(jobs.app, name="jobs")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def distilabel(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Datasets made with LLMs, at the price of their batch APIs."""
    del version


def main() -> None:
    """Run the command line; an error of the user is printed as one sentence."""
    try:
        app()
    except DistilabelException as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
