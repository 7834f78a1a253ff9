"""What is done in a case beside running the pipeline again until it is done."""

import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import monotonic, sleep

from tests.chaos.cases import Skipped, Stage
from tests.chaos.runner import Outcome

_SCHEMA_1 = Path(__file__).parents[1] / "ledger" / "schema_1.sql"
RANDOM_KILLS = 120
_RAISING = ("DistilabelPlatformError", "DistilabelUnreachableError", "DistilabelAuthenticationError")


def _until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"{what} never came"
        sleep(0.005)


def _raises(stage: Stage, outcome: Outcome, name: str, *parts: str) -> None:
    """Note a fault unless a run ended with this error, and its text has these parts."""
    if outcome.error != name or not all(part in outcome.message for part in parts):
        told = f"{outcome.error}: {outcome.message}" if outcome.error else "no error"
        stage.verdict.faults.append(f"{name} with {parts} was expected, not {told}")


# The network


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
    for _ in range(9):
        if outcome.rows is not None:
            break
        sleep(0.5)
        outcome = stage.run()
    stage.check(outcome)


def tls_fails(stage: Stage) -> None:
    """Come first to a platform whose certificate nobody has signed."""
    with _unsigned(stage.folder) as url:
        _raises(stage, stage.run(base_url=url), "DistilabelUnreachableError", "TLS")
    stage.check(stage.run_until_done())


def no_tls(stage: Stage) -> None:
    """Come first by https."""
    url = stage.platform.url.replace("http:", "https:")
    _raises(stage, stage.run(base_url=url), "DistilabelUnreachableError", "TLS")
    stage.check(stage.run_until_done())


def no_name(stage: Stage) -> None:
    """Come first to a name that nobody knows."""
    outcome = stage.run(base_url="http://platform.invalid/v1")
    _raises(stage, outcome, "DistilabelUnreachableError", "platform.invalid")
    stage.check(stage.run_until_done())


def away_while_waiting(stage: Stage) -> None:
    """Take the platform away while a run polls."""
    spec = stage.spec()
    process = stage.runner.start(spec)
    _until(lambda: stage.platform.books.calls["poll"] > 0, "a poll")
    stage.platform.go_away()
    sleep(1.0)
    still = not stage.runner.ended(process)
    stage.platform.come_back()
    stage.verdict.runs += 1
    stage.check(stage.noted(stage.runner.end(process, spec)))
    if not still:
        stage.verdict.faults.append("the run did not wait for the platform")


def away_between_runs(stage: Stage) -> None:
    """Take the platform away after the first run."""
    stage.run()
    stage.platform.go_away()
    _raises(stage, stage.run(), "DistilabelUnreachableError", "cannot be reached")
    stage.platform.come_back()
    stage.check(stage.run_until_done())


def away_at_first(stage: Stage) -> None:
    """Have nobody there in the first run."""
    stage.platform.go_away()
    _raises(stage, stage.run(), "DistilabelUnreachableError", "cannot be reached")
    stage.platform.come_back()
    stage.check(stage.run_until_done())


@contextmanager
def _unsigned(folder: Path) -> Iterator[str]:
    """Listen with a certificate of one's own making."""
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


# The process


def kills_everywhere(stage: Stage, before: int = 0, cut_wal: bool = False, every: int = 1) -> None:
    """Kill a run at each of its points, each time in a world of its own, and run again until done.

    Args:
        stage: The case's stage.
        before: How many runs go well before the one that is killed.
        cut_wal: Whether the power goes with it: what was not synced is lost.
        every: Which points: each of them, each second, ...
    """
    for k, name in list(enumerate(_points(stage, before), start=1))[::every]:
        with _world(stage, f"{k} {name}") as world:
            _run_well(world, before)
            outcome = world.run(kill_at=k, points=str(world.folder / "points"))
            if cut_wal and outcome.signal:
                _cut_wal(world)
            world.judge(outcome if outcome.rows is not None else world.run_until_done())


def kills_when_collecting(stage: Stage) -> None:
    """Kill the second run, the one that collects, at each of its points."""
    kills_everywhere(stage, before=1)


def power_losses(stage: Stage) -> None:
    """Kill a run at each of its points, and lose what was not synced."""
    kills_everywhere(stage, cut_wal=True)


def kills_at_random(stage: Stage) -> None:
    """Kill runs at random moments, several times on the way to one dataset."""
    random = Random(20261122)
    number = 0
    while stage.verdict.kills < RANDOM_KILLS and not stage.verdict.faults:
        number += 1
        with _world(stage, f"world {number}") as world:
            for _ in range(min(6, RANDOM_KILLS - stage.verdict.kills)):
                _kill_after(world, random.uniform(0.01, 0.7))
            world.judge(world.run_until_done())


def half_a_result_file(stage: Stage) -> None:
    """Die while a result file is written: half of it is on the disk."""
    names = _points(stage, 0)
    with _world(stage, "half a file") as world:
        world.run(kill_at=1 + names.index("before a download is synced"))
        (part,) = world.cache.glob("jobs/*/*.part")
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
        world.judge(world.run_until_done())


def interrupted(stage: Stage) -> None:
    """Send SIGINT."""
    _signalled(stage, signal.SIGINT)


def terminated(stage: Stage) -> None:
    """Send SIGTERM."""
    _signalled(stage, signal.SIGTERM)


def two_at_once(stage: Stage) -> None:
    """Start the same pipeline twice."""
    spec = stage.spec()
    first = stage.runner.start(spec)
    _until(lambda: stage.platform.books.calls["poll"] > 0, "a poll")
    stage.verdict.runs += 1
    second = stage.run(out=str(stage.folder / "second.json"))
    _raises(stage, second, "DistilabelRunningError", "running already")
    stage.check(stage.noted(stage.runner.end(first, spec)))


def two_pipelines(stage: Stage) -> None:
    """Run two pipelines at once in one cache folder."""
    other = stage.spec(name="other", model="toy-2", out=str(stage.folder / "other.json"))
    spec = stage.spec()
    processes = stage.runner.start(other), stage.runner.start(spec)
    stage.verdict.runs += 2
    also = stage.noted(stage.runner.end(processes[0], other))
    stage.check(stage.noted(stage.runner.end(processes[1], spec)))
    if also.rows is None or [row["text"] for row in also.rows if row["text"] is None]:
        stage.verdict.faults.append(f"the other pipeline did not come through: {also}")


def clock_back(stage: Stage) -> None:
    """Have the clock jump back by a day between submitting and collecting."""
    stage.run()
    stage.check(stage.run_until_done(clock=-86_400.0))


def clock_back_while_unknown(stage: Stage) -> None:
    """Die between the creation and its record; the next run's clock is a day behind, or ahead."""
    k = 1 + _points(stage, 0).index("after POST batches")
    for clock in (-86_400.0, 86_400.0):
        with _world(stage, f"clock {clock:+g}") as world:
            world.run(kill_at=k)
            world.judge(world.run_until_done(clock=clock))


def _points(stage: Stage, before: int) -> list[str]:
    """Return the names of the points that a run passes."""
    with _world(stage, "counting") as world:
        _run_well(world, before)
        path = world.folder / "points"
        world.run(points=str(path))
        return [line.split(" ", 1)[1] for line in path.read_text("utf-8").splitlines()]


def _run_well(world: Stage, runs: int) -> None:
    for _ in range(runs):
        world.run()
        _until(world.platform.idle, "the end of the platform's jobs")


@contextmanager
def _world(stage: Stage, name: str) -> Iterator[Stage]:
    """Set up a stage beside, with a platform of its own; its figures count in the first one's."""
    world = Stage(stage.case, stage.folder / name.replace(" ", "-").replace("/", "-"), stage.runner)
    with world.platform:
        yield world
    world.verdict.faults = [f"({name}) {fault}" for fault in world.verdict.faults]
    stage.verdict.add(world.verdict)
    if not world.verdict.faults:
        shutil.rmtree(world.folder)


def _kill_after(world: Stage, seconds: float) -> None:
    spec = world.spec()
    process = world.runner.start(spec)
    sleep(seconds)
    if not world.runner.ended(process):
        os.kill(process, signal.SIGKILL)
    world.verdict.runs += 1
    world.noted(world.runner.end(process, spec))


def _signalled(stage: Stage, number: signal.Signals) -> None:
    spec = stage.spec(wait=30.0)
    process = stage.runner.start(spec)
    _until(lambda: stage.platform.books.calls["create"] > 0, "a job")
    sleep(0.1)
    began = monotonic()
    os.kill(process, number)
    stage.verdict.runs += 1
    outcome = stage.noted(stage.runner.end(process, spec))
    if monotonic() - began > 3 or outcome.signal or outcome.error or outcome.rows is not None:
        stage.verdict.faults.append(f"after {number.name}: {monotonic() - began:.1f} s, {outcome}")
    stage.check(stage.run_until_done())


def _cut_wal(world: Stage) -> None:
    """Cut the ledger's log to what was synced last, put half a frame of garbage after it, and lose half of each chunk."""
    for chunks in world.cache.glob("chaos/chunks/*"):
        size = chunks.stat().st_size
        with chunks.open("r+b") as file:
            file.seek(size // 2)
            file.write(bytes(size - size // 2))
    wal = world.cache / "ledger.db-wal"
    if not wal.exists():
        return
    points = (world.folder / "points").read_text("utf-8").splitlines()
    synced = [int(line.rpartition(" ")[2]) for line in points if " after a durable commit" in line]
    with wal.open("r+b") as file:
        file.truncate(synced[-1] if synced else 0)
        file.seek(0, os.SEEK_END)
        file.write(b"\xa5" * 2000)
    wal.with_name("ledger.db-shm").unlink(missing_ok=True)


# The disk


def disk_full(stage: Stage) -> None:
    """Give the cache folder a disk of so few bytes that it is full sooner or later."""
    for kilobytes in (16, 64, 128, 160, 192, 224, 256, 320):
        with _world(stage, f"{kilobytes} kB") as world, _disk(world.cache, f"{kilobytes}k"):
            outcome = world.run()
            if outcome.rows is None:
                _raises(world, outcome, "DistilabelCacheError", "full")
            _mount("-o", "remount,size=64m", str(world.cache))
            world.judge(outcome if outcome.rows is not None else world.run_until_done())


def file_limit(stage: Stage) -> None:
    """Let no file grow beyond so many bytes, as a quota does."""
    for kilobytes in (8, 24, 64, 128, 192, 256):
        with _world(stage, f"{kilobytes} kB") as world:
            outcome = world.run(limit=kilobytes * 1024)
            if outcome.rows is None:
                _raises(world, outcome, "DistilabelCacheError")
            world.judge(outcome if outcome.rows is not None else world.run_until_done())


def read_only(stage: Stage) -> None:
    """Make the cache folder read-only between submitting and collecting."""
    stage.run()
    with _disk_of(stage.cache):
        _mount("-o", "remount,ro,bind", str(stage.cache))
        _raises(stage, stage.run(), "DistilabelCacheError", "writ")
    stage.check(stage.run_until_done())


def not_a_folder(stage: Stage) -> None:
    """Have a file where the cache folder should be."""
    stage.cache.write_text("I am a file.")
    _raises(stage, stage.run(), "DistilabelCacheError", str(stage.cache))
    stage.cache.unlink()
    stage.check(stage.run_until_done())


def newer_ledger(stage: Stage) -> None:
    """Have a newer version of the library write the ledger."""
    stage.run()
    version = _set_version(stage, 999)
    _raises(stage, stage.run(), "DistilabelCacheError", "schema 999", "cache_dir")
    _set_version(stage, version)
    stage.check(stage.run_until_done())


def damaged_ledger(stage: Stage) -> None:
    """Overwrite the ledger's beginning, or a page in its middle; then bring back what was there."""
    stage.run()
    ledger = stage.cache / "ledger.db"
    whole = ledger.read_bytes()
    for start, length in ((0, 4096), (4096, len(whole))):
        damaged = whole[:start] + b"\x5a" * min(length, len(whole) - start) + whole[start + length :]
        ledger.write_bytes(damaged)
        _raises(stage, stage.run(), "DistilabelCacheError", "damaged", "ledger.db")
        for beside in ("-wal", "-shm"):
            ledger.with_name(ledger.name + beside).unlink(missing_ok=True)
        ledger.write_bytes(whole)
    stage.check(stage.run_until_done())


def older_ledger(stage: Stage) -> None:
    """Have the ledger as the first version of the library wrote it."""
    stage.run()
    ledger, old = stage.cache / "ledger.db", stage.folder / "old.db"
    connection = sqlite3.connect(old)
    connection.executescript(_SCHEMA_1.read_text("utf-8"))
    connection.execute("ATTACH ? AS new", (str(ledger),))
    tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
        connection.execute(f"DELETE FROM main.{table}")
        connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    old.replace(ledger)
    stage.check(stage.run_until_done())


def _set_version(stage: Stage, version: int) -> int:
    connection = sqlite3.connect(stage.cache / "ledger.db")
    before = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    return before


@contextmanager
def _disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def _disk_of(folder: Path) -> Iterator[None]:
    _mount("--bind", str(folder), str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    if (
        shutil.which("mount") is None
        or subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode
    ):
        raise Skipped("nothing can be mounted here")


# Disaster


def recovered_in_python(stage: Stage) -> None:
    """Delete the cache folder after submitting; recover by `Pipeline.recover()`."""
    stage.run()
    _until(stage.platform.idle, "the end of the platform's jobs")
    _recover(stage)


def recovered_by_command(stage: Stage) -> None:
    """The same, by `distilabel jobs recover`."""
    stage.run()
    _until(stage.platform.idle, "the end of the platform's jobs")
    _recover(stage, "jobs", "recover")


def recovered_while_running(stage: Stage) -> None:
    """Recover while the platform's jobs still run."""
    stage.run()
    _recover(stage)


def recovered_when_done(stage: Stage) -> None:
    """Delete the cache folder when all is done."""
    stage.run_until_done()
    _recover(stage)


def recovered_twice(stage: Stage) -> None:
    """Recover a second time: there is nothing left to find."""
    stage.run()
    shutil.rmtree(stage.cache)
    counts = [stage.run(command=("recover",)).recovered for _ in range(2)]
    if counts[1] != 0:
        stage.verdict.faults.append(f"recovered {counts}")
    stage.check(stage.run_until_done())


def recovered_ledger(stage: Stage) -> None:
    """Do as the message about a damaged ledger says: move it aside, recover, run again."""
    stage.run()
    ledger = stage.cache / "ledger.db"
    ledger.write_bytes(b"\x5a" * 8192)
    _raises(stage, stage.run(), "DistilabelCacheError", "recover")
    for path in stage.cache.glob("ledger.db*"):
        path.rename(stage.folder / path.name)
    stage.noted(stage.run(command=("jobs", "recover")))
    stage.check(stage.run_until_done())


def kills_when_recovering(stage: Stage) -> None:
    """Kill the recovery at each of its points, and recover again."""
    for k, name in enumerate(_points_of_recovery(stage), start=1):
        with _world(stage, f"{k} {name}") as world:
            _run_well(world, 1)
            shutil.rmtree(world.cache)
            world.run(command=("recover",), kill_at=k)
            again = world.run(command=("recover",))
            if again.error:
                world.verdict.faults.append(f"recovering again raised {again.error}: {again.message}")
            world.judge(world.run_until_done())


def _points_of_recovery(stage: Stage) -> list[str]:
    with _world(stage, "counting") as world:
        _run_well(world, 1)
        shutil.rmtree(world.cache)
        path = world.folder / "points"
        world.run(command=("recover",), points=str(path))
        world.judge(world.run_until_done())
        return [line.split(" ", 1)[1] for line in path.read_text("utf-8").splitlines()]


def _recover(stage: Stage, *command: str) -> None:
    shutil.rmtree(stage.cache)
    outcome = stage.run(command=command or ("recover",))
    if outcome.error:
        stage.verdict.faults.append(f"recovering raised {outcome.error}: {outcome.message}")
    stage.check(stage.run_until_done())
