"""What is done to the disk: full, read-only, and a ledger that is older, newer or damaged."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.cases import Skipped, Stage
from tests.chaos.scenarios.common import raises, world

_SCHEMA_1 = Path(__file__).parents[2] / "ledger" / "schema_1.sql"


def disk_full(stage: Stage) -> None:
    """Give the cache folder a disk of so few bytes that it is full sooner or later."""
    for kilobytes in (16, 64, 128, 160, 192, 224, 256, 320):
        with world(stage, f"{kilobytes} kB") as one, _disk(one.cache, f"{kilobytes}k"):
            outcome = one.run()
            if outcome.rows is None:
                raises(one, outcome, "DistilabelCacheError", "full")
            _mount("-o", "remount,size=64m", str(one.cache))
            one.judge(outcome if outcome.rows is not None else one.run_until_done())


def file_limit(stage: Stage) -> None:
    """Let no file grow beyond so many bytes, as a quota does."""
    for kilobytes in (8, 24, 64, 128, 192, 256):
        with world(stage, f"{kilobytes} kB") as one:
            outcome = one.run(limit=kilobytes * 1024)
            if outcome.rows is None:
                raises(one, outcome, "DistilabelCacheError")
            one.judge(outcome if outcome.rows is not None else one.run_until_done())


def read_only(stage: Stage) -> None:
    """Make the cache folder read-only between submitting and collecting."""
    stage.run()
    with _disk_of(stage.cache):
        _mount("-o", "remount,ro,bind", str(stage.cache))
        raises(stage, stage.run(), "DistilabelCacheError", "writ")
    stage.check(stage.run_until_done())


def not_a_folder(stage: Stage) -> None:
    """Have a file where the cache folder should be."""
    stage.cache.write_text("I am a file.")
    raises(stage, stage.run(), "DistilabelCacheError", str(stage.cache))
    stage.cache.unlink()
    stage.check(stage.run_until_done())


def newer_ledger(stage: Stage) -> None:
    """Have a newer version of the library write the ledger."""
    stage.run()
    version = _set_version(stage, 999)
    raises(stage, stage.run(), "DistilabelCacheError", "schema 999", "cache_dir")
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
        raises(stage, stage.run(), "DistilabelCacheError", "damaged", "ledger.db")
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
        names = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
        # Keys were hexadecimal digits then.
        values = ["lower(hex(key))" if name == "key" else name for name in names]
        connection.execute(f"DELETE FROM main.{table}")
        connection.execute(
            f"INSERT INTO main.{table} ({', '.join(names)}) SELECT {', '.join(values)} FROM new.{table}"
        )
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
