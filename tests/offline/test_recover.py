"""Recovering jobs: what the platform names its jobs leads to no place of ours."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from distilabel.offline import recover
from distilabel.records import JobPhase, RemoteJob


@pytest.mark.parametrize("remote_id", ["../../etc/x", "projects/p/batches/7", "..", "x" * 300])
def test_files_of_a_job_stay_in_the_folder_whatever_its_id(remote_id: str, tmp_path: Path):
    async def run(_path: Path) -> bool:
        return True

    door = SimpleNamespace(
        transport=SimpleNamespace(run=run), provider=SimpleNamespace(fetch=lambda _file, path: path)
    )
    remote = RemoteJob(remote_id, "ended", JobPhase.ENDED, files={"output": "o", "error": "e"})
    paths = asyncio.run(recover._fetched(cast("Any", door), remote, tmp_path))
    assert {path.resolve().parent for path in paths} == {tmp_path.resolve()}
    assert len({path.name for path in paths if len(path.name) < 100}) == 2
