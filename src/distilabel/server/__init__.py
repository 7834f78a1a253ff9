"""The embedded platform: OpenAI's Files, Batches and the endpoints that batches ask, on SQLite.

It needs the extra `distilabel[server]`. It listens on the loopback, keeps everything in one folder, and goes on where
it was after a `kill -9`. Requests are answered by a built-in toy, or by any OpenAI-compatible server given as
`upstream`, which turns a plain `vllm serve` into one that takes batches. Point any OpenAI client at its base URL.

    from pathlib import Path
    from distilabel.server import Settings, serve

    serve(Settings(Path("platform")), port=8080, ready=print)

How it is put together: `app` (paths) -> `files`, `batches`, `online` (handlers) -> `store` (the database); `worker`
takes batches through `validation` and `run`, which asks an `answering.Answer` (`toy` or `upstream`) and writes
`results`. `parts` names what can be exchanged.
"""

from distilabel.server.app import create_app
from distilabel.server.parts import Parts
from distilabel.server.serving import running, serve
from distilabel.server.settings import Settings
from distilabel.server.store import FolderError, FolderInUseError

__all__ = ["FolderError", "FolderInUseError", "Parts", "Settings", "create_app", "running", "serve"]
