"""`distilabel serve`: a local batch platform for tests and demos."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError

__all__ = ["serve"]


def serve(
    port: Annotated[int, typer.Option(help="The port; 0 chooses a free one.")] = 8080,
    host: Annotated[
        str, typer.Option(help="The address to listen on. There is no TLS: keep it on the loopback.")
    ] = "127.0.0.1",
    folder: Annotated[Path, typer.Option(help="The folder of its database and files.")] = Path(
        ".distilabel-platform"
    ),
    upstream: Annotated[
        Optional[str],
        typer.Option(
            help="The URL of an OpenAI-compatible server that answers, such as vLLM; default: a toy model."
        ),
    ] = None,
    upstream_key: Annotated[
        Optional[str], typer.Option(envvar="DISTILABEL_UPSTREAM_KEY", help="The key for --upstream.")
    ] = None,
    delay: Annotated[float, typer.Option(help="The least number of seconds that a batch job takes.")] = 0.0,
    concurrency: Annotated[int, typer.Option(help="The most requests in progress at once.")] = 8,
) -> None:
    """Serve an OpenAI-compatible platform: Files, Batches, Chat Completions, Embeddings, Moderations and more.

    Answers come from --upstream, or from a small built-in toy model that needs no key and no download. Stop it with
    Ctrl+C; when it is started again on the same folder, its batch jobs continue.
    """
    server = require("distilabel.server", "server")
    settings = server.Settings(
        folder=folder, upstream=upstream, upstream_key=upstream_key, delay=delay, concurrency=concurrency
    )
    try:
        server.serve(settings, host=host, port=port, ready=lambda url: _print_usage(url, upstream))
    except server.FolderError as error:
        raise DistilabelUserError(f"{error}.") from error
    except OSError as error:
        raise DistilabelUserError(
            f"Cannot listen on {host}:{port} ({error}): choose another --port."
        ) from error


def _print_usage(url: str, upstream: str | None) -> None:
    typer.echo(f"Serving {url}")
    typer.echo(
        f"Answers come from {upstream}." if upstream else "Answers come from a toy model: they mean nothing."
    )
    typer.echo(f"To use it: export OPENAI_BASE_URL={url} OPENAI_API_KEY=any")
