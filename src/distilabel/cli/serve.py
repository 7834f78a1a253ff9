"""`distilabel serve`: a batch platform of one's own, for trying things out."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError

__all__ = ["serve"]


def serve(
    port: Annotated[int, typer.Option(help="The port; 0 picks a free one.")] = 8080,
    host: Annotated[
        str, typer.Option(help="The address; there is no TLS: keep it on the loopback.")
    ] = "127.0.0.1",
    folder: Annotated[Path, typer.Option(help="Where its database and files lie.")] = Path(
        ".distilabel-platform"
    ),
    upstream: Annotated[
        Optional[str],
        typer.Option(help="An OpenAI-compatible URL that answers, such as vLLM's; else a toy model answers."),
    ] = None,
    upstream_key: Annotated[
        Optional[str], typer.Option(envvar="DISTILABEL_UPSTREAM_KEY", help="The key for --upstream.")
    ] = None,
    delay: Annotated[float, typer.Option(help="Seconds that each batch takes at least.")] = 0.0,
    concurrency: Annotated[int, typer.Option(help="Requests under way at once.")] = 8,
) -> None:
    """Serve an OpenAI-compatible platform: Files, Batches, Chat Completions, Embeddings, Models.

    It answers from --upstream, or from a small built-in toy language model that needs no key and no download. Stop it
    with Ctrl+C; a batch under way goes on when it is started again on the same folder.
    """
    server = require("distilabel.server", "server")
    settings = server.Settings(
        folder=folder, upstream=upstream, upstream_key=upstream_key, delay=delay, concurrency=concurrency
    )
    try:
        server.serve(settings, host=host, port=port, ready=lambda url: _say(url, upstream))
    except server.FolderError as error:
        raise DistilabelUserError(f"{error}.") from error
    except OSError as error:
        raise DistilabelUserError(
            f"{host}:{port} cannot be listened on ({error}): choose another --port."
        ) from error


def _say(url: str, upstream: str | None) -> None:
    typer.echo(f"Serving {url}")
    typer.echo(
        f"Answers come from {upstream}." if upstream else "Answers come from a toy: they mean nothing."
    )
    typer.echo(f"To use it: export OPENAI_BASE_URL={url} OPENAI_API_KEY=any")
