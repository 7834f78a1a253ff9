"""What is done to the network: the platform away, addresses that lead nowhere, certificates nobody trusts."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from tests.chaos.cases import Skipped, Stage
from tests.chaos.scenarios.common import raises, until

_RAISING = ("DistilabelPlatformError", "DistilabelUnreachableError", "DistilabelAuthenticationError")


def waits_as_asked(stage: Stage) -> None:
    """See that the second creation comes as late as the platform asked."""
    stage.check(stage.run_until_done(patient=True))
    times = [at for name, at in stage.platform.books.times if name == "create"]
    if len(times) != 2 or times[1] - times[0] < 2:
        stage.verdict.faults.append(f"created again after {[at - times[0] for at in times]} s")


def may_raise(stage: Stage) -> None:
    """Let the first run end with an error of the platform's, or go on by itself."""
    first = stage.run()
    if first.error and first.error not in _RAISING:
        stage.verdict.faults.append(f"raised {first.error}: {first.message}")
    stage.check(first if first.rows is not None else stage.run_until_done())


def with_pauses(stage: Stage) -> None:
    """Run again and again with half a second between the runs."""
    outcome = stage.run()
    for _ in range(40):
        if outcome.rows is not None:
            break
        sleep(0.5)
        outcome = stage.run()
    stage.check(outcome)


def tls_fails(stage: Stage) -> None:
    """Come first to a platform whose certificate nobody has signed."""
    with _unsigned(stage.folder) as url:
        raises(stage, stage.run(base_url=url), "DistilabelUnreachableError", "TLS")
    stage.check(stage.run_until_done())


def no_tls(stage: Stage) -> None:
    """Come first by https."""
    url = stage.platform.url.replace("http:", "https:")
    raises(stage, stage.run(base_url=url), "DistilabelUnreachableError", "TLS")
    stage.check(stage.run_until_done())


def no_name(stage: Stage) -> None:
    """Come first to a name that nobody knows."""
    outcome = stage.run(base_url="http://platform.invalid/v1")
    raises(stage, outcome, "DistilabelUnreachableError", "platform.invalid")
    stage.check(stage.run_until_done())


def away_while_waiting(stage: Stage) -> None:
    """Take the platform away while a run polls."""
    spec = stage.spec()
    stage.platform.gate.clear()
    process = stage.runner.start(spec)
    until(lambda: stage.platform.books.calls["poll"] > 0, "a poll")
    stage.platform.go_away()
    sleep(1.0)
    still = not stage.runner.ended(process)
    stage.platform.gate.set()
    stage.platform.come_back()
    stage.verdict.runs += 1
    stage.check(stage.noted(stage.runner.end(process, spec)))
    if not still:
        stage.verdict.faults.append("the run did not wait for the platform")


def away_between_runs(stage: Stage) -> None:
    """Take the platform away after the first run."""
    stage.run()
    stage.platform.go_away()
    raises(stage, stage.run(), "DistilabelUnreachableError", "cannot be reached")
    stage.platform.come_back()
    stage.check(stage.run_until_done())


def away_at_first(stage: Stage) -> None:
    """Have nobody there in the first run."""
    stage.platform.go_away()
    raises(stage, stage.run(), "DistilabelUnreachableError", "cannot be reached")
    stage.platform.come_back()
    stage.check(stage.run_until_done())


@contextmanager
def _unsigned(folder: Path) -> Iterator[str]:
    """Listen with a self-signed certificate."""
    if shutil.which("openssl") is None:
        raise Skipped("there is no openssl to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()
