"""Running the app on a port, in the foreground or in a background thread."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from distilabel.server.app import create_app
from distilabel.server.settings import Settings

# Seconds for which a stopping server waits for responses in progress.
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
        settings: The platform's settings.
        host: Address to listen on. There is no TLS, and by default any key is accepted: keep it on the loopback.
        port: Port to listen on; 0 picks a free one.
        ready: Called with the base URL, such as `http://127.0.0.1:8080/v1`, once the server answers requests.
        app: Makes the app; wrap `create_app` to change the platform's behaviour.

    Raises:
        OSError: The port is in use.
        FolderError: The folder cannot be used, or (`FolderInUseError`) another server runs on it.
    """
    with _listening(host, port) as listener, suppress(KeyboardInterrupt):
        _Server(app(settings), listener, ready or (lambda _url: None)).run_here()


@contextmanager
def running(
    settings: Settings, port: int = 0, *, app: Callable[[Settings], ASGIApp] = create_app
) -> Iterator[str]:
    """Run a platform in a background thread; yields its base URL, such as `http://127.0.0.1:43210/v1`.

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
            if server.startup_error is not None:
                raise server.startup_error
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
    """Uvicorn on a socket that is already open; reports when it is ready, or why it cannot start."""

    def __init__(self, app: ASGIApp, listener: socket.socket, ready: Callable[[str], None]) -> None:
        self.startup_error: BaseException | None = None
        self._listener = listener
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                self._capturing_startup_error(app),
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
            if self.startup_error is None:
                raise
        # Some versions of uvicorn raise SystemExit for a failed start; others (0.35) return.
        if self.startup_error is not None and not self.started:
            raise self.startup_error from None

    def run_aside(self, up: Event) -> None:
        """Run in a background thread; `up` is set when the server is ready or has failed."""
        try:
            self.run_here()
        except BaseException as error:  # noqa: BLE001
            self.startup_error = error
        finally:
            up.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then report the base URL."""
        await super().startup(sockets)
        host, port = self._listener.getsockname()[:2]
        self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/v1")

    def _capturing_startup_error(self, app: ASGIApp) -> ASGIApp:
        # Uvicorn turns a failed start into SystemExit(3); the caller needs the original exception.
        async def app_with_capture(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except BaseException as error:
                if scope["type"] == "lifespan":
                    self.startup_error = error
                raise

        return app_with_capture
