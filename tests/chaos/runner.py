"""Real processes, quickly: a server that has everything imported and forks one process for each run.

Harness side: `Runner`. Run as `python -m tests.chaos.runner` it is the server: a line of JSON in (a `Spec`) starts a
process, lines out say which process began, and which ended how.
"""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Any, Self

from tests.chaos.pipeline import Spec, build

__all__ = ["Outcome", "Runner"]

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 90.0
_TRIES = 6
_DAY = 86_400


@dataclass(frozen=True)
class Outcome:
    """What came of one process.

    Attributes:
        signal: The signal that ended it, 0 if none did.
        hung: Whether it had to be ended because nothing came of it.
        rows: The rows, if it was done: `i`, `text`, `reason`.
        failures: What the Distiset says of rows without an answer.
        recovered: How many jobs were recovered.
        error: The class of the exception that ended the run, "" if none did.
        message: Its text.
        said: What it wrote on its terminal.
    """

    signal: int = 0
    hung: bool = False
    rows: list[dict[str, Any]] | None = None
    failures: dict[str, int] = field(default_factory=dict)
    recovered: int | None = None
    error: str = ""
    message: str = ""
    said: str = ""


class Runner:
    """Starts runs, each in a separate process; to be used from one thread."""

    def __init__(self) -> None:
        paths = [os.environ.get("CHAOS_SRC", str(_ROOT / "src")), str(_ROOT)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "HF_HUB_OFFLINE": "1",
            "LC_ALL": "C.UTF-8",
        }
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            environment.pop(name, None)
            environment.pop(name.upper(), None)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.runner"],
            env=environment, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._buffer = b""
        self._ended: dict[int, int] = {}

    def run(self, spec: Spec) -> Outcome:
        """Run once, to the end."""
        return self.end(self.start(spec), spec)

    def start(self, spec: Spec) -> int:
        """Start a run and return its process's number."""
        Path(spec.out).unlink(missing_ok=True)
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(spec.json()).encode() + b"\n")
        self._server.stdin.flush()
        while "began" not in (message := self._hear(monotonic() + _PATIENCE)):
            assert message, "the server of processes is gone"
        return int(message["began"])

    def end(self, process: int, spec: Spec, seconds: float = _PATIENCE) -> Outcome:
        """Wait for a process's end; one that hangs is killed."""
        code = self._code(process, seconds)
        hung = code is None
        if hung:
            os.kill(process, signal.SIGKILL)
            code = self._code(process, _PATIENCE)
        out, said = Path(spec.out), Path(spec.out + ".log")
        reported = json.loads(out.read_text("utf-8")) if out.exists() else {}
        text = said.read_text("utf-8", "replace") if said.exists() else ""
        return Outcome(signal=-code if code and code < 0 else 0, hung=hung, said=text, **reported)

    def ended(self, process: int) -> bool:
        """Tell whether a process has ended."""
        self._hear(monotonic())
        return process in self._ended

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _code(self, process: int, seconds: float) -> int | None:
        deadline = monotonic() + seconds
        while process not in self._ended:
            if not self._hear(deadline) and monotonic() > deadline:
                return None
        return self._ended.pop(process)

    def _hear(self, deadline: float) -> dict[str, int]:
        assert self._server.stdout is not None
        while b"\n" not in self._buffer:
            left = max(0.0, deadline - monotonic())
            if not select.select([self._server.stdout], [], [], left)[0]:
                return {}
            piece = os.read(self._server.stdout.fileno(), 65536)
            if not piece:
                return {}
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, int] = json.loads(line)
        if "ended" in message:
            self._ended[message["ended"]] = message["code"]
        return message


# The server


def _serve() -> None:
    import datasets  # noqa: F401 - imported here once, not in each process
    import google.auth.transport.requests  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    build(Spec(cache="unused", base_url="http://127.0.0.1:1/v1", out="unused"))
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    waiting = b""
    while True:
        ready, _, _ = select.select([0, read], [], [])
        if read in ready:
            os.read(read, 4096)
            _reap()
        if 0 in ready:
            piece = os.read(0, 65536)
            if not piece:
                return
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                values = json.loads(line)
                _begin(Spec(**{**values, "command": tuple(values["command"])}))


def _reap() -> None:
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process == 0:
            return
        _say({"ended": process, "code": os.waitstatus_to_exitcode(status)})


def _begin(spec: Spec) -> None:
    process = os.fork()
    if process:
        _say({"began": process})
        return
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _attach(spec)
        _run(spec)
        code = 0
    except BaseException:  # noqa: BLE001 - the parent's loop must not go on in the child
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(message: dict[str, int]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


# The process


def _attach(spec: Spec) -> None:
    log = os.open(spec.out + ".log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    null = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)


def _run(spec: Spec) -> None:
    _prepare(spec)
    reported: dict[str, Any] = {}
    try:
        reported |= _carry_out(spec)
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001 - the harness judges it
        reported |= {"error": type(error).__name__, "message": str(error)}
    part = Path(spec.out + ".part")
    part.write_text(json.dumps(reported), "utf-8")
    part.replace(spec.out)


def _carry_out(spec: Spec) -> dict[str, Any]:
    from tests.chaos.dialects import DIALECTS

    dialect = DIALECTS[spec.dialect]
    if dialect.environment or dialect.credentials:
        os.environ |= dialect.environment_of(spec.base_url, spec.key, Path(spec.out).parent)
    if spec.command[0] == "recover":
        return {"recovered": build(spec).recover()}
    if spec.command[0] != "run":
        from distilabel.cli.app import app

        os.environ |= dialect.environment_of(spec.base_url, spec.key, Path(spec.out).parent)
        platform = ["--platform", dialect.name] if "recover" in spec.command else []
        app([*spec.command, *platform, "--cache-dir", spec.cache], standalone_mode=False)
        return {}
    distiset = build(spec).run(retry_failed=spec.retry_failed)
    rows = [_told(row) for row in distiset["default"]["train"]] if len(distiset) else None
    return {"failures": distiset.failures, "rows": rows}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    reason = (row.get("distilabel_metadata") or {}).get("failure_answer")
    return {"i": row["i"], "text": row["generation"], "reason": reason}


def _prepare(spec: Spec) -> None:
    import stamina

    from distilabel.offline import dispatcher
    from tests.chaos.points import Points, watch

    if not spec.patient:
        stamina.set_testing(True, attempts=_TRIES, cap=True)
    modules = [module for name, module in sys.modules.items() if name.startswith("distilabel.offline")]
    for module in (dispatcher, *modules):
        if hasattr(module, "_LOOK_UP_AGAIN_AFTER"):
            module._LOOK_UP_AGAIN_AFTER = (0.2, 1.0)
        if hasattr(module, "_RESULT_PAUSES"):
            module._RESULT_PAUSES = (0.2, 0.4, 0.8)
    if spec.points or spec.kill_at or spec.kill_first:
        watch(Points(spec.points, spec.kill_at, spec.kill_first))
    if spec.clock or "deadline" in spec.options:
        _set_clock(spec.clock, Path(spec.cache).with_name("leaps"))
    if spec.per_job:
        _set_limit(spec.dialect, spec.per_job)
    if spec.limit:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (spec.limit, spec.limit))
    _refuse_names()


def _set_limit(platform_name: str, requests: int) -> None:
    from dataclasses import replace

    from distilabel.providers.registry import platform

    cls: Any = type(platform(platform_name).provider())
    cls.limits = replace(cls.limits, requests=requests)


def _set_clock(seconds: float, leaps: Path) -> None:
    """Put the ledger's clock forward (or back), and by a day more for each byte in a file of the platform's."""
    from distilabel.ledger.jobs import Ledger

    def clock() -> float:
        return time() + seconds + _DAY * (leaps.stat().st_size if leaps.exists() else 0)

    Ledger.__init__.__defaults__ = (clock,)


def _refuse_names() -> None:
    """Have no name resolved but the loopback's: a test of DNS must not ask one."""
    import socket

    resolve = socket.getaddrinfo

    def resolved(host: Any, *arguments: Any, **named: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", b"127.0.0.1", None):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **named)

    socket.getaddrinfo = resolved


if __name__ == "__main__":
    _serve()
