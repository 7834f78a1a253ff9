"""Recovering jobs: what the platform names its jobs leads to no place of ours."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from distilabel.ledger.jobs import Ledger
from distilabel.offline import recovery as recover
from distilabel.offline.client import PlatformClient
from distilabel.records import JobPhase, RemoteJob
from tests.fakes import FakePlatform, Office


@pytest.mark.parametrize("remote_id", ["../../etc/x", "projects/p/batches/7", "..", "x" * 300])
def test_files_of_a_job_stay_in_the_folder_whatever_its_id(remote_id: str, tmp_path: Path):
    async def run(_path: Path) -> bool:
        return True

    client = SimpleNamespace(
        transport=SimpleNamespace(run=run), provider=SimpleNamespace(fetch=lambda _file, path: path)
    )
    remote = RemoteJob(remote_id, "ended", JobPhase.COMPLETED, files={"output": "o", "error": "e"})
    paths = asyncio.run(recover._fetched(cast("Any", client), remote, tmp_path))
    assert {path.resolve().parent for path in paths} == {tmp_path.resolve()}
    assert len({path.name for path in paths if len(path.name) < 100}) == 2


def test_job_that_runs_while_the_platform_does_not_give_back_what_was_sent_is_reported(
    office: Callable[..., Office], platform: FakePlatform, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    at = office()
    platform.plan("in_progress")
    at.ask("a", "b")
    at.flush()
    ledger = Ledger(tmp_path / "after the disaster")
    client = PlatformClient(at.client.provider, at.client.target.base_url, at.client.transport)
    files = dict(platform.files)
    platform.files.clear()
    assert asyncio.run(recover.recover(ledger, client)) == []
    assert "Batch jobs of this account that are still running: 1." in caplog.text
    caplog.clear()
    platform.files.update(files)
    (job,) = asyncio.run(recover.recover(ledger, client))
    assert (job.remote_id, job.requests, caplog.text) == (next(iter(platform.batches)), 2, "")
    ledger.close()
