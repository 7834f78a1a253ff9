"""What a crash leaves behind, and how a new server goes on from there."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openai import OpenAI

from distilabel.server import FolderInUseError, Settings, running, serve
from distilabel.server.errors import ApiError
from distilabel.server.records import Batch, File, Status
from distilabel.server.results import Reply, Results
from distilabel.server.store import Store

from .conftest import client_of
from .helpers import CHAT, finished, lines, rows, said, start, until

SERVER = """
import sys
from pathlib import Path
from distilabel.server import Settings, serve
serve(Settings(Path(sys.argv[1]), delay=float(sys.argv[2])), port=0, ready=lambda url: print(url, flush=True))
"""


@contextmanager
def process(folder: Path, delay: float) -> Iterator[tuple[subprocess.Popen, str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(delay)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            yield server, server.stdout.readline().strip()
        finally:
            server.kill()


def completed(client: OpenAI, batch_id: str) -> int:
    return client.batches.retrieve(batch_id).request_counts.completed


def progress(client: OpenAI, batch_id: str, since: int) -> int:
    """Wait until more is completed than `since`."""
    return until(lambda: (done := completed(client, batch_id)) > since and done)


def test_killed_server_goes_on_and_no_line_is_lost_or_doubled(tmp_path: Path):
    batch_id = ""
    seen = 0
    for _ in range(3):
        with process(tmp_path, delay=600) as (server, url), client_of(url) as client:
            batch_id = batch_id or start(client, lines(2_000)).id
            seen = progress(client, batch_id, seen)
            assert seen < 2_000
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
    with running(Settings(tmp_path)) as url, client_of(url) as client:
        assert completed(client, batch_id) >= seen
        batch = finished(client, client.batches.retrieve(batch_id))
        answers = rows(client, batch.output_file_id)
    assert (batch.status, batch.request_counts.completed) == ("completed", 2_000)
    assert sorted(row["custom_id"] for row in answers) == sorted(f"r-{at}" for at in range(2_000))
    assert all(said(row).startswith(f'About "prompt number {row["custom_id"][2:]}"') for row in answers)
    assert batch.usage.output_tokens == sum(
        row["response"]["body"]["usage"]["completion_tokens"] for row in answers
    )


def test_server_that_is_reported_to_stop_does_so_at_once_and_keeps_every_answer(tmp_path: Path):
    with process(tmp_path, delay=3_000) as (server, url), client_of(url) as client:
        batch = start(client, lines(3_000))
        until(lambda: completed(client, batch.id))
        server.terminate()
        server.wait(60)
    store = Store(tmp_path)
    batch = store.batch(batch.id)
    assert store.path(batch.output_part).stat().st_size == batch.output_bytes > 0
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def stored_batch(store: Store, data: bytes, total: int) -> Batch:
    """A batch as a server leaves it that dies right after it has created it."""
    now = time.time()
    store.path("file-in").write_bytes(data)
    batch = store.add_batch(
        input_file_id="file-in",
        endpoint=CHAT,
        completion_window="24h",
        metadata=None,
        output_seconds=None,
        now=now,
        expires_at=now + 1_000,
    )
    if total:
        store.begin(batch.id, model="toy", total=total, now=now)
    return store.batch(batch.id)


def ended(folder: Path, batch_id: str) -> tuple[str, list[str], list[str]]:
    with running(Settings(folder)) as url, client_of(url) as client:
        batch = finished(client, client.batches.retrieve(batch_id))
        found = [
            [row["custom_id"] for row in rows(client, file)]
            for file in (batch.output_file_id, batch.error_file_id)
        ]
    return batch.status, *found


def test_batch_that_was_not_validated_yet_is_run(store: Store, tmp_path: Path):
    batch = stored_batch(store, lines(3), total=0)
    store.close()
    assert ended(tmp_path, batch.id) == ("completed", ["r-0", "r-1", "r-2"], [])


def test_lines_after_the_last_checkpoint_are_cut_off_and_asked_again(store: Store, tmp_path: Path):
    batch = stored_batch(store, lines(4), total=4)
    results = Results(store, batch)
    results.add(Reply("r-2", 200, {}))
    results.checkpoint()
    results.add(Reply("r-0", 200, {}))
    results.close()
    with store.path(batch.output_part).open("ab") as part:
        part.write(b'{"torn": "li')
    store.close()
    assert ended(tmp_path, batch.id) == ("completed", ["r-2", "r-0", "r-1", "r-3"], [])


def test_batch_that_was_being_finalized_is_completed(store: Store, tmp_path: Path):
    batch = stored_batch(store, lines(2), total=2)
    results = Results(store, batch)
    results.add(Reply("r-1", 200, {}))
    results.add(Reply("r-0", 400, {}))
    results.checkpoint()
    results.close()
    store.finalize(batch.id, time.time())
    store.close()
    assert ended(tmp_path, batch.id) == ("completed", ["r-1"], ["r-0"])


def test_batch_that_was_being_cancelled_is_cancelled(store: Store, tmp_path: Path):
    batch = stored_batch(store, lines(2), total=2)
    results = Results(store, batch)
    results.add(Reply("r-1", 200, {}))
    results.checkpoint()
    results.close()
    store.cancel(batch.id, time.time())
    store.close()
    assert ended(tmp_path, batch.id) == ("cancelled", ["r-1"], ["r-0"])


def test_batch_cancelled_before_it_began_has_no_files(store: Store, tmp_path: Path):
    batch = stored_batch(store, lines(2), total=0)
    store.cancel(batch.id, time.time())
    store.close()
    assert ended(tmp_path, batch.id) == ("cancelled", [], [])
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["file-in"]


def test_batch_that_leaves_its_state_meanwhile_is_not_settled(store: Store):
    batch = stored_batch(store, lines(1), total=1)
    store.cancel(batch.id, time.time())
    store.settle(batch, Status.EXPIRED, {"output": None, "error": None}, time.time())
    assert store.status(batch.id) is Status.CANCELLING


def test_batch_and_its_files_are_made_known_together_or_not_at_all(store: Store):
    batch = stored_batch(store, lines(1), total=1)
    store.finalize(batch.id, time.time())
    batch = store.batch(batch.id)
    output = File(0, batch.output_part, "o", "batch_output", 1, 1.0, None)
    impossible = File(0, batch.error_part, "e", "batch_output", -1, 1.0, None)
    with pytest.raises(sqlite3.IntegrityError):
        store.settle(batch, Status.COMPLETED, {"output": output, "error": impossible}, time.time())
    assert store.batch(batch.id) == batch
    with pytest.raises(ApiError):
        store.file(output.id, time.time())


def test_two_servers_cannot_share_a_folder(tmp_path: Path):
    with running(Settings(tmp_path)):
        with pytest.raises(FolderInUseError, match="in use by another server"), running(Settings(tmp_path)):
            pass
        with pytest.raises(FolderInUseError):
            serve(Settings(tmp_path), port=0)


def test_taken_port_is_an_error_of_its_own(tmp_path: Path, base_url: str):
    port = int(base_url.rsplit(":", 1)[1].removesuffix("/v1"))
    with pytest.raises(OSError, match="in use"):
        serve(Settings(tmp_path), port=port)
