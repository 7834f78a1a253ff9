"""Runs the app on a port, in the foreground or beside a test."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from distilabel.server.app import create_app
from distilabel.server.settings import Settings

# Seconds that answers under way are given to finish when the server stops.
GRACE = 2


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8080,
    ready: Callable[[str], None] | None = None,
    *,
    app: Callable[[Settings], ASGIApp] = create_app,
) -> None:
    """Run a platform until SIGINT or SIGTERM.

    Args:
        settings: What to run.
        host: Address to listen on. There is no TLS and any key may be let in: keep it on the loopback.
        port: Port to listen on; 0 picks a free one.
        ready: Called with the base URL, such as `http://127.0.0.1:8080/v1`, once requests are answered.
        app: Makes the app; wrap `create_app` to change what the platform does.

    Raises:
        OSError: The port is taken.
        FolderError: The folder cannot be used, or (`FolderInUseError`) another server runs on it.
    """
    with _listening(host, port) as listener, suppress(KeyboardInterrupt):
        _Server(app(settings), listener, ready or (lambda _url: None)).run_here()


@contextmanager
def running(
    settings: Settings, port: int = 0, *, app: Callable[[Settings], ASGIApp] = create_app
) -> Iterator[str]:
    """Run a platform in a thread beside the block; yields its base URL, such as `http://127.0.0.1:43210/v1`.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from distilabel.server import Settings, running
        >>> with TemporaryDirectory() as folder, running(Settings(Path(folder))) as base_url:
        ...     base_url.endswith("/v1")
        True
    """
    urls: list[str] = []
    up = Event()

    def ready(url: str) -> None:
        urls.append(url)
        up.set()

    with _listening("127.0.0.1", port) as listener:
        server = _Server(app(settings), listener, ready)
        thread = Thread(target=server.run_aside, args=(up,), name="platform", daemon=True)
        thread.start()
        up.wait()
        try:
            if server.trouble is not None:
                raise server.trouble
            yield urls[0]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms for an ACK.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        # A restarted server gets its port back at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
        yield listener


class _Server(uvicorn.Server):
    """Uvicorn on a socket that listens already; says when it is ready and why it is not."""

    def __init__(self, app: ASGIApp, listener: socket.socket, ready: Callable[[str], None]) -> None:
        self.trouble: BaseException | None = None
        self._listener = listener
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                self._noting_trouble(app),
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                timeout_graceful_shutdown=GRACE,
            )
        )

    def run_here(self) -> None:
        """Run in this thread."""
        try:
            self.run([self._listener])
        except SystemExit:
            if self.trouble is None:
                raise
        # A failed start is SystemExit to some versions of uvicorn, and nothing to others (0.35).
        if self.trouble is not None and not self.started:
            raise self.trouble from None

    def run_aside(self, up: Event) -> None:
        """Run in a thread that somebody waits for: `up` is set whatever happens."""
        try:
            self.run_here()
        except BaseException as error:  # noqa: BLE001
            self.trouble = error
        finally:
            up.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        host, port = self._listener.getsockname()[:2]
        self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/v1")

    def _noting_trouble(self, app: ASGIApp) -> ASGIApp:
        # Uvicorn turns a failed start into SystemExit(3); the caller should see the failure itself.
        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except BaseException as error:
                if scope["type"] == "lifespan":
                    self.trouble = error
                raise

        return noting
