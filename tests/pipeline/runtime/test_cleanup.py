"""What goes from a pipeline's folder when a run has ended well, and what stays."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.plain import Add, column, line, numbers, rows
from tests.steps.fakes import EchoLLM
from tests.support.platform import Platform

from distilabel.llms import OpenAILLM
from distilabel.pipeline.runtime import run
from distilabel.pipeline.storage.chunks import ChunkStore
from distilabel.steps import KeepColumns
from distilabel.steps.tasks import TextGeneration

DEFAULT_MOST_UNUSED = run._MOST_UNUSED
keep = partial(KeepColumns, name="keep", columns=["n"])


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")
    monkeypatch.setattr(run, "_MOST_UNUSED", 0)


def size_of(cache: Path, step: str) -> int:
    (file,) = cache.rglob(f"{step}.chunks")
    return file.stat().st_size


def data(first: int, count: int = 10) -> list[dict[str, Any]]:
    return [{"n": first + n} for n in range(count)]


def test_chunks_of_former_rows_go_once_they_take_more_room_than_those_in_use(tmp_path):
    sizes = []
    for first in (1000, 2000, 3000, 4000, 5000):
        assert column(line(tmp_path, keep, data=data(first)).run()) == list(range(first, first + 10))
        sizes.append(size_of(tmp_path, "keep"))
    assert sizes == [sizes[0], 2 * sizes[0], sizes[0], 2 * sizes[0], sizes[0]]
    assert not list(tmp_path.rglob("*.part"))


def test_chunks_that_stay_are_found_again(tmp_path):
    for first in (1000, 2000, 3000):
        line(tmp_path, keep, data=data(first)).run()
    before = size_of(tmp_path, "keep")
    assert column(line(tmp_path, keep, data=data(3000)).run()) == list(range(3000, 3010))
    assert size_of(tmp_path, "keep") == before


def test_little_is_left_lying(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "_MOST_UNUSED", DEFAULT_MOST_UNUSED)
    sizes = []
    for first in (1000, 2000, 3000, 4000):
        line(tmp_path, keep, data=data(first)).run()
        sizes.append(size_of(tmp_path, "keep"))
    assert sizes == [sizes[0] * times for times in (1, 2, 3, 4)]


def test_answers_that_were_paid_for_stay(tmp_path):
    calls: list[Any] = []

    def answer(chat: Any, count: int) -> dict[str, Any]:
        calls.append(chat)
        return {"generations": ["a"] * count}

    def ask() -> TextGeneration:
        return TextGeneration(name="ask", template="{{ n }}", columns=["n"], llm=EchoLLM(answer=answer))

    for first in (1000, 2000, 3000, 1000, 2000, 3000):
        line(tmp_path, ask, data=data(first)).run()
    assert len(calls) == 30


def test_what_the_users_own_code_has_made_stays_unless_no_run_would_find_it(tmp_path):
    for first in (1000, 2000, 3000, 1000):
        add, fresh = Add(name="add"), Add(name="fresh", use_cache=False)
        line(tmp_path, add, fresh, data=data(first)).run()
    assert (add.calls, fresh.calls) == (0, 1)
    assert size_of(tmp_path, "fresh") < size_of(tmp_path, "add")


def test_replies_of_jobs_stay_whatever_goes(fast_platform: Platform):
    def make(first: int) -> Any:
        llm = OpenAILLM(
            model="m", use_offline_batch_generation=True, offline_batch_generation_block_until_done=0.02
        )
        ask = TextGeneration(name="ask", template="{{ n }}", columns=["n"], llm=llm)
        return line(None, ask, keep, data=data(first))

    for first in (1000, 2000, 3000, 1000, 2000, 3000):
        assert column(make(first).run()) == list(range(first, first + 10))
    assert len(fast_platform.lines()) == 30


def test_run_that_fails_lets_nothing_go(tmp_path):
    for first in (1000, 2000):
        line(tmp_path, keep, data=data(first)).run()
    before = size_of(tmp_path, "keep")

    def failing(*_: Any, **__: Any) -> None:
        raise OSError("the disk is away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "write_leaf", failing)
        with pytest.raises(OSError, match="disk is away"):
            line(tmp_path, keep, data=data(3000)).run()
    assert size_of(tmp_path, "keep") == 3 * before / 2


def test_written_datasets_go_after_a_week_and_this_run_s_never(tmp_path):
    for first in (1000, 2000, 3000):
        line(tmp_path, keep, data=data(first)).run()
    written = sorted(
        (tmp_path / "line" / "output" / "keep").iterdir(), key=lambda path: path.stat().st_mtime_ns
    )
    assert len(written) == 3
    for folder in (written[0], written[2]):
        os.utime(folder, (1, 1))
    assert rows(line(tmp_path, keep, data=data(3000)).run()) == data(3000)
    assert set((tmp_path / "line" / "output" / "keep").iterdir()) == set(written[1:])


def test_store_that_has_let_go_holds_the_stream_of_its_last_run(tmp_path):
    path = tmp_path / "s.chunks"
    store = ChunkStore(path)
    for number in range(6):
        store.put(number, bytes([number]) * 16, numbers(number))
    store.close()
    store = ChunkStore(path)
    assert store.reuse(0, b"\4" * 16)
    store.drop_unused(0)
    store = ChunkStore(path)
    assert store.reuse(0, b"\5" * 16) is None
    assert store.reuse(0, b"\4" * 16)
    assert store.rows(0) == numbers(4)
    store.close()
