"""The folder of a pipeline: held by one run at a time, and left as it should be."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from distilabel.exceptions import DistilabelCacheError, DistilabelRunningError
from distilabel.pipeline.storage.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path):
    made = Workspace(tmp_path, "p", use_cache=True)
    yield made
    made.release()


def test_second_run_is_refused_with_the_name_of_who_holds_the_folder(workspace):
    with pytest.raises(DistilabelRunningError) as refused:
        Workspace(workspace.cache, "p", use_cache=True)
    text = str(refused.value)
    assert text.startswith(f"Pipeline 'p' is running already (process {os.getpid()}):")
    assert "wait until it is done" in text
    assert "give this pipeline another name: Pipeline(name=...)" in text
    assert text.endswith("This run submitted nothing.")


def test_run_without_the_cache_is_refused_too(workspace):
    with pytest.raises(DistilabelRunningError):
        Workspace(workspace.cache, "p", use_cache=False)


def test_other_process_is_refused(workspace):
    code = (
        "import sys; from pathlib import Path; from distilabel.pipeline.storage.workspace import Workspace\n"
        "try: Workspace(Path(sys.argv[1]), 'p', use_cache=True)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace.cache)], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith(
        f"DistilabelRunningError Pipeline 'p' is running already (process {os.getpid()})"
    )


def test_refusal_leaves_the_holder_alone(workspace):
    for _ in range(2):
        with pytest.raises(DistilabelRunningError):
            Workspace(workspace.cache, "p", use_cache=True)
    assert (workspace.folder / "run.pid").read_text() == str(os.getpid())


def test_other_pipelines_run_beside_it(workspace):
    Workspace(workspace.cache, "q", use_cache=True).release()


def test_folder_that_was_left_can_be_taken_again(tmp_path):
    for _ in range(3):
        Workspace(tmp_path, "p", use_cache=True).release()
    assert not (tmp_path / "p" / "run.pid").exists()


@pytest.mark.parametrize("place", [".", "cache", "cache/p"])
def test_folder_that_cannot_be_written_is_one_sentence(tmp_path, place):
    cache = tmp_path / "cache"
    if place == ".":
        cache = tmp_path / "file" / "cache"
        (tmp_path / "file").write_text("")
    else:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("")
    with pytest.raises(DistilabelCacheError) as refused:
        Workspace(cache, "p", use_cache=True)
    text = str(refused.value)
    assert text.startswith(f"The cache folder {cache / 'p'} cannot be used (")
    assert "name another with Pipeline(cache_dir=...) or DISTILABEL_CACHE_DIR" in text


def test_everything_of_a_pipeline_lies_in_its_folder(workspace):
    places = (workspace.work, workspace.output, workspace.log, workspace.config, workspace.artifacts)
    assert all(place.is_relative_to(workspace.cache / "p") for place in places)
    assert workspace.work == workspace.folder


def test_run_without_the_cache_works_apart_and_leaves_nothing(tmp_path):
    Workspace(tmp_path, "p", use_cache=True).release()
    before = sorted(tmp_path.rglob("*"))
    workspace = Workspace(tmp_path, "p", use_cache=False)
    assert workspace.work.is_relative_to(workspace.folder)
    assert workspace.work != workspace.folder
    (workspace.work / "chunks").mkdir(parents=True)
    (workspace.work / "chunks" / "load.chunks").write_bytes(b"x")
    workspace.release()
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_killed_run_without_the_cache_left_is_cleared_away(tmp_path):
    killed = tmp_path / "p" / "runs" / "0123"
    killed.mkdir(parents=True)
    Workspace(tmp_path, "p", use_cache=True).release()
    assert not killed.exists()


def started(cache: Path, at: int | None, **more: Any) -> Workspace:
    """Begin a run without the cache that has written a chunk and submitted batch jobs from sample `at` on."""
    workspace = Workspace(cache, "p", use_cache=False, **more)
    (workspace.work / "chunks").mkdir(parents=True, exist_ok=True)
    if at is not None:
        workspace.first_sample(at)
    return workspace


@pytest.mark.parametrize(("at", "dry"), [(None, False), (5, True)], ids=["online", "dry"])
def test_two_runs_without_the_cache_share_no_chunks_if_nothing_was_submitted(tmp_path, at, dry):
    started(tmp_path, at, dry=dry).release()
    again = Workspace(tmp_path, "p", use_cache=False)
    assert not (again.work / "chunks").exists()
    assert not again.continues
    again.release()


def test_run_without_the_cache_that_was_not_complete_is_continued_after_runs_with_it(tmp_path):
    started(tmp_path, 7).release()
    cached = Workspace(tmp_path, "p", use_cache=True)
    assert (cached.has_unfinished, cached.continues) == (True, False)
    cached.complete = True
    cached.release()
    again = Workspace(tmp_path, "p", use_cache=False)
    assert (again.has_unfinished, again.continues) == (True, True)
    assert (again.work / "chunks").exists()
    assert again.first_sample(90) == 7
    again.complete = True
    again.release()
    assert not (tmp_path / "p" / "runs").exists()
    assert not Workspace(tmp_path, "p", use_cache=False).continues


def test_first_sample_is_never_beyond_those_of_a_ledger_that_was_lost(tmp_path):
    workspace = started(tmp_path, 700)
    assert workspace.first_sample(3) == 3
    assert workspace.first_sample(40) == 3


def test_steps_without_the_cache_in_a_run_with_it_start_over_after_a_complete_run(tmp_path):
    for next_sample, complete, expected in ((5, False, 5), (10, True, 5), (15, False, 15)):
        workspace = Workspace(tmp_path, "p", use_cache=True)
        assert workspace.first_sample(next_sample) == expected
        workspace.complete = complete
        workspace.release()
