"""A batch platform on your machine: OpenAI's Files, Batches, Chat Completions and Embeddings on SQLite.

It needs the extra `distilabel[server]`. It listens on the loopback and keeps everything in one folder; after a
`kill -9` it continues where it was. A built-in toy model answers the requests, or any OpenAI-compatible server given
as `upstream`: so a plain `vllm serve` gets a Batch API. Point any OpenAI client at its base URL.

    from pathlib import Path
    from distilabel.server import Settings, serve

    serve(Settings(Path("platform")), port=8080, ready=print)

Structure: `app` (paths) -> `files`, `batches`, `online` (handlers) -> `store` (the database). `worker` takes each batch
through `validation` and `run`, which sends its requests to a `Responder` (`toy_model` or `upstream`) and writes
`results`. `parts` names what can be replaced.
"""

from distilabel.server.app import create_app
from distilabel.server.parts import Parts
from distilabel.server.serving import running, serve
from distilabel.server.settings import Settings
from distilabel.server.store import FolderError, FolderInUseError

__all__ = ["FolderError", "FolderInUseError", "Parts", "Settings", "create_app", "running", "serve"]
