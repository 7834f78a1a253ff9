"""The folder of a pipeline: held by one run at a time, and left as it should be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distilabel.exceptions import DistilabelCacheError, DistilabelRunningError
from distilabel.pipeline.storage.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path):
    made = Workspace(tmp_path, "p", use_cache=True)
    yield made
    made.release()


def test_second_run_is_refused_and_told_who_holds_the_folder(workspace):
    with pytest.raises(DistilabelRunningError) as refused:
        Workspace(workspace.cache, "p", use_cache=True)
    text = str(refused.value)
    assert text.startswith(f"Pipeline 'p' is running already (process {os.getpid()}):")
    assert "wait until it is done" in text
    assert "cache_dir" in text
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
def test_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path, place):
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


def test_two_runs_without_the_cache_never_share_chunks(tmp_path):
    works = []
    for _ in range(2):
        workspace = Workspace(tmp_path, "p", use_cache=False)
        works.append(workspace.work)
        workspace.release()
    assert works[0] != works[1]
