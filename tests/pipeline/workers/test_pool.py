"""Steps in worker processes, over whole runs: the same rows, whatever happens to the processes."""

import logging
import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import PrivateAttr
from tests.pipeline.plain import Add, line, numbers, rows
from tests.pipeline.workers import worker_steps
from tests.support.processes import is_alive, wait_until

from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.pipeline.runtime import run as run_module
from distilabel.pipeline.runtime.engine import LocalEngine
from distilabel.pipeline.workers import pool as pool_module
from distilabel.pipeline.workers.pool import Pool
from distilabel.pipeline.workers.runner import WorkerDiedError
from distilabel.steps import LoadDataFromDicts, Step, StepInput, StepResources

TWO = StepResources(replicas=2)
ONE = StepResources(cpus=1)
"""One worker process: any wish is enough."""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "calls"
    made.mkdir()
    return made


def lives(folder: Path) -> dict[int, list[str]]:
    """What each worker process said of itself."""
    return {int(path.name): path.read_text().splitlines() for path in folder.iterdir() if path.name.isdigit()}


def failures(found: list[dict[str, Any]], step: str) -> dict[int, tuple[str, str]]:
    reasons = {row["n"]: (row.get("distilabel_metadata") or {}).get(f"failure_{step}") for row in found}
    return {n: (reason["code"], reason["message"]) for n, reason in reasons.items() if reason}


class TestRows:
    def test_they_keep_their_order_though_one_replica_is_slower_than_the_other(self, tmp_path, folder):
        slow = worker_steps.SlowFirst(name="slow", folder=str(folder), resources=TWO)
        found = rows(line(tmp_path, slow, data=numbers(20)).run())
        assert [row["n"] for row in found] == list(range(20))
        assert len({row["pid"] for row in found[:2]} | {row["pid"] for row in found[2:]}) == 2

    def test_fewer_threads_than_replicas_make_them_wait_and_nothing_hang(self, tmp_path, folder, monkeypatch):
        monkeypatch.setattr(run_module, "LocalEngine", lambda _wanted: LocalEngine(1))
        three = StepResources(replicas=3)
        tells = worker_steps.Tells(name="tells", folder=str(folder), resources=three)
        add = Add(name="add", resources=three, input_batch_size=1)
        found = rows(line(tmp_path, tells, add, data=numbers(20)).run())
        assert [(row["n"], row["m"]) for row in found] == [(n, n + 1) for n in range(20)]

    def test_randomness_is_that_of_the_driver_and_all_that_is_yielded_counts(self, tmp_path):
        def drawn(cache: str, **more: Any) -> list[Any]:
            return rows(
                line(tmp_path / cache, worker_steps.Chance(name="chance", input_batch_size=5, **more)).run()
            )

        assert drawn("a") == drawn("b", resources=TWO)

    def test_mappings_rename_there_too(self, tmp_path):
        add = Add(name="add", input_mappings={"n": "number"}, output_mappings={"m": "more"}, resources=ONE)
        assert rows(line(tmp_path, add, data=[{"number": 1, "n": "mine"}]).run()) == [
            {"number": 1, "n": "mine", "more": 2}
        ]

    def test_step_of_a_local_class_with_a_value_from_around_it_runs_there(self, tmp_path):
        secret = 5

        class Local(Step):
            _by: int = PrivateAttr(default=2)

            def process(self, inputs: StepInput):
                yield [{**row, "n": row["n"] * self._by + secret, "pid": os.getpid()} for row in inputs]

        found = rows(line(tmp_path, Local(resources=ONE), data=numbers(2)).run())
        assert [row["n"] for row in found] == [5, 7]
        assert found[0]["pid"] != os.getpid()

    def test_those_of_the_cache_need_no_worker(self, tmp_path, folder):
        def run() -> list[Any]:
            return rows(line(tmp_path, worker_steps.Tells(name="x", folder=str(folder), resources=TWO)).run())

        first = run()
        began = lives(folder)
        assert run() == first
        assert lives(folder) == began

    def test_a_global_step_takes_all_of_them_in_one_worker(self, tmp_path, caplog):
        (found,) = rows(line(tmp_path, worker_steps.Total(name="all", resources=TWO)).run())
        assert found["sum"] == 45
        assert found["pid"] != os.getpid()
        assert (
            "Step 'all' takes all rows at once: it runs in one worker process, not in 2 replicas."
            in caplog.text
        )

    def test_a_model_that_runs_in_its_process_gets_a_worker(self, tmp_path):
        task = worker_steps.Writes(name="write", llm=worker_steps.Here())
        (found,) = rows(line(tmp_path, task, data=[{"instruction": "hi"}]).run())
        assert found["generation"] == "HI"
        assert int(found["model_name"]) != os.getpid()


@pytest.mark.slow  # starts worker processes for each test
class TestLife:
    def test_each_worker_loads_the_step_once_and_unloads_it_once(self, tmp_path, folder):
        step = worker_steps.SlowFirst(name="slow", folder=str(folder), resources=TWO)
        line(tmp_path, step, data=numbers(20)).run()
        found = lives(folder)
        assert len(found) == 2
        assert os.getpid() not in found
        for said in found.values():
            assert (said[0], said[-1]) == ("load", "unload")
            assert all(what.startswith("process") for what in said[1:-1])
        wait_until(lambda: not any(map(is_alive, found)))

    def test_no_more_workers_are_started_than_there_are_chunks_for(self, tmp_path, folder):
        step = worker_steps.Tells(name="x", folder=str(folder), resources=StepResources(replicas=4))
        line(tmp_path, step, data=numbers(2)).run()
        assert len(lives(folder)) == 1

    def test_workers_end_when_their_step_is_done_not_when_the_run_is(self, tmp_path, folder):
        class After(worker_steps.Tells):
            def process(self, inputs: StepInput):
                before = [path for path in Path(self.folder).iterdir() if path.name != str(os.getpid())]
                wait_until(lambda: all("unload" in path.read_text() for path in before))
                yield inputs

        class All(worker_steps.Total):
            def process(self, inputs: StepInput):
                yield inputs

        first, after = (
            worker_steps.Tells(name="first", folder=str(folder), resources=ONE),
            After(folder=str(folder)),
        )
        assert len(rows(line(tmp_path, first, All, after).run())) == 10

    def test_what_a_worker_prints_is_printed(self, tmp_path, capfd):
        class Prints(worker_steps.Tells):
            def process(self, inputs: StepInput):
                print("printed there", os.getpid() != self._driver)
                yield inputs

            _driver: int = PrivateAttr(default_factory=os.getpid)

        line(tmp_path, Prints(resources=ONE), data=numbers(1)).run()
        assert "printed there True" in capfd.readouterr().out

    def test_records_and_warnings_reach_the_driver(self, tmp_path, caplog):
        with pytest.warns(UserWarning, match="careful"), caplog.at_level(logging.INFO):
            line(tmp_path, worker_steps.Logs(name="logs", resources=ONE), data=numbers(3)).run()
        mine = [record for record in caplog.records if record.name == "distilabel.steps.logs"]
        assert [record.getMessage() for record in mine] == ["row 0", "row 1", "row 2"]
        assert {record.process == os.getpid() for record in mine} == {False}

    def test_a_step_that_cannot_be_unloaded_is_reported_and_loses_nothing(self, tmp_path, caplog):
        assert len(rows(line(tmp_path, worker_steps.CannotUnload(name="stuck", resources=ONE)).run())) == 10
        assert "A worker process of step 'stuck' could not unload it" in caplog.text
        assert "it is stuck" in caplog.text

    def test_artifacts_lie_where_they_always_do(self, tmp_path):
        distiset = line(tmp_path, worker_steps.Leaves(name="leaves", resources=TWO), data=numbers(1)).run()
        assert (distiset.artifacts_path / "leaves" / "notes" / "a.txt").read_text() == "hi"

    def test_environment_is_that_of_the_resources(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        step = worker_steps.Env(name="env", resources=StepResources(gpus=1, cpus=3))
        (found,) = rows(line(tmp_path, step, data=numbers(1)).run())
        assert found["pid"] == ["4", "3"]

    def test_a_key_is_in_memory_only(self, tmp_path):
        step = worker_steps.Knows(name="knows", api_key="sk-5up3r-53cr3t", resources=ONE)
        (found,) = rows(line(tmp_path, step, data=numbers(1)).run())
        assert (found["key"], found["seen"]) == ("sk-5up3r-53cr3t", False)


@pytest.mark.slow  # starts worker processes for each test
class TestErrors:
    def test_row_for_which_the_step_raises_says_so_unchanged(self, tmp_path):
        def found(cache: str, **more: Any) -> dict[int, tuple[str, str]]:
            raises = worker_steps.Raises(name="x", **more)
            return failures(rows(line(tmp_path / cache, raises, enable_metadata=True).run()), "x")

        expected = {3: ("step_error", "OddError: 3 is odd"), 6: ("step_error", "ValueError: 6 is even")}
        assert found("a") == found("b", resources=ONE) == expected

    def test_what_ends_a_run_ends_it_from_there_too(self, tmp_path):
        with pytest.raises(DistilabelUserError, match=r"^Buy a better one\.") as caught:
            line(tmp_path, worker_steps.Refuses(resources=ONE)).run()
        assert "In a worker process:" in caught.value.__notes__[0]
        assert "in made" in caught.value.__notes__[0]

    def test_row_that_cannot_be_pickled_ends_the_run(self, tmp_path):
        with pytest.raises(
            DistilabelStepError, match=r"Step 'x' gave a row with a value .* use plain values"
        ):
            line(tmp_path, worker_steps.GivesALock(name="x", resources=ONE)).run()

    def test_row_that_cannot_be_unpickled_fails_alone(self, tmp_path):
        step = worker_steps.GivesWhatCannotBeRead(name="x", resources=ONE)
        found = rows(line(tmp_path, step, enable_metadata=True).run())
        assert [row["pid"] for row in found] == [1, 1, 1, None, *[1] * 6]
        code, message = failures(found, "x")[3]
        assert code == "worker_died"
        assert "sent a message that cannot be read (ValueError: invalid literal" in message

    def test_step_that_cannot_be_pickled_is_reported(self, tmp_path):
        class Holds(worker_steps.Tells):
            _lock: Any = PrivateAttr(default_factory=threading.Lock)

        with pytest.raises(
            DistilabelUserError, match=r"'x' cannot be sent to a worker process .* in its load\(\)"
        ):
            line(tmp_path, Holds(name="x", resources=ONE)).run()

    def test_step_that_cannot_be_loaded_ends_the_run(self, tmp_path):
        with pytest.raises(
            DistilabelStepError, match="'x' could not be loaded: OSError: there are no weights"
        ):
            line(tmp_path, worker_steps.CannotLoad(name="x", resources=TWO)).run()


@pytest.mark.slow  # starts worker processes for each test, and kills them
class TestDeath:
    @pytest.mark.parametrize(
        ("by", "how"), [("exit", "ended with exit code 7"), ("kill", "was killed by SIGKILL")]
    )
    def test_rows_that_kill_fail_alone_and_say_why(self, tmp_path, folder, by, how):
        step = worker_steps.Dies(name="dies", folder=str(folder), at=(3, 4), by=by, resources=TWO)
        found = rows(line(tmp_path, step, enable_metadata=True).run())
        assert [row["n"] for row in found] == list(range(10))
        assert [row["n"] for row in found if row["pid"] is None] == [3, 4]
        reasons = failures(found, "dies")
        assert {n: code for n, (code, _) in reasons.items()} == {3: "worker_died", 4: "worker_died"}
        assert how in reasons[3][1]

    def test_rows_that_a_worker_died_of_once_are_given_to_another(self, tmp_path, folder):
        step = worker_steps.DiesOnce(name="dies", folder=str(folder), at=(3,), resources=ONE)
        found = rows(line(tmp_path, step, enable_metadata=True).run())
        assert failures(found, "dies") == {}
        assert len({row["pid"] for row in found}) == 2

    @pytest.mark.parametrize("seed", range(2))
    def test_workers_killed_at_any_moment_cost_no_row_its_place(self, tmp_path, folder, seed):
        chance, over = random.Random(seed), threading.Event()

        def kill() -> None:
            killed: set[int] = set()
            while len(killed) < 5 and not over.wait(chance.uniform(0, 0.3)):
                for pid in lives(folder).keys() - killed:
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)
            (folder / "killed").touch()

        killer = threading.Thread(target=kill)
        killer.start()
        step = worker_steps.WaitsForTheKiller(name="x", folder=str(folder), resources=TWO)
        found = rows(line(tmp_path, step, data=numbers(600), enable_metadata=True).run())
        over.set()
        killer.join()
        failed = failures(found, "x")
        assert [row["n"] for row in found] == list(range(600))
        assert {code for code, _ in failed.values()} <= {"worker_died"}
        assert sum("unload" not in said for said in lives(folder).values()) >= 5
        assert all(row["pid"] in lives(folder) for row in found if row["n"] not in failed)

    def test_step_that_kills_every_worker_ends_the_run(self, tmp_path, folder):
        step = worker_steps.Dies(
            name="dies", folder=str(folder), at=tuple(range(100)), input_batch_size=50, resources=TWO
        )
        with pytest.raises(
            DistilabelStepError, match=r"'dies' ended 10 worker processes .* exit code 7.*: fix it"
        ):
            line(tmp_path, step, data=numbers(100), size=50).run()
        assert not any(map(is_alive, lives(folder)))

    def test_step_of_few_rows_that_all_kill_ends_the_run(self, tmp_path):
        with pytest.raises(DistilabelStepError, match=r"failed for all of its 2 rows .*worker process"):
            line(tmp_path, worker_steps.Dies(name="dies", at=(0, 1), resources=ONE), data=numbers(2)).run()

    def test_worker_that_dies_while_it_loads_ends_the_run(self, tmp_path, folder):
        step = worker_steps.DiesLoading(name="x", folder=str(folder), resources=ONE)
        with pytest.raises(DistilabelStepError, match=r"'x' could not be loaded, twice: .* exit code 5"):
            line(tmp_path, step).run()
        assert len(lives(folder)) == 2

    def test_global_step_whose_worker_dies_twice_ends_the_run(self, tmp_path, folder):
        class Kills(worker_steps.Total):
            def process(self, inputs: StepInput):
                os._exit(1)
                yield inputs

        with pytest.raises(DistilabelStepError, match=r"Step 'x' failed: WorkerDiedError: .* exit code 1"):
            line(tmp_path, Kills(name="x", resources=ONE)).run()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    def test_death_is_noticed_though_a_child_of_the_worker_lives_on(self, tmp_path, folder):
        step = worker_steps.Forks(name="x", folder=str(folder), resources=ONE)
        with pytest.raises(DistilabelStepError, match="SIGKILL"):
            line(tmp_path, step, data=numbers(2)).run()


@pytest.mark.slow  # starts worker processes for each test
class TestGenerators:
    def pipeline(self, tmp_path: Path, **more: Any) -> Pipeline:
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            worker_steps.Numbers(name="numbers", folder=str(tmp_path), resources=ONE, **more) >> Add()
        return pipeline

    def test_generator_runs_in_one_worker_from_its_start_to_its_end(self, tmp_path):
        found = rows(self.pipeline(tmp_path).run())
        assert [row["n"] for row in found] == list(range(10))
        assert {row["from"] for row in found} == {0}
        assert {row["pid"] for row in found} != {os.getpid()}

    def test_generator_whose_worker_died_goes_on_where_it_was(self, tmp_path):
        found = rows(self.pipeline(tmp_path, die_at=4).run())
        assert [row["n"] for row in found] == list(range(10))
        assert [row["from"] for row in found] == [0] * 4 + [4] * 6

    def test_generator_that_always_kills_ends_the_run(self, tmp_path):
        with pytest.raises(
            DistilabelStepError, match=r"Generator 'numbers' failed: WorkerDiedError: .* exit code 9"
        ):
            self.pipeline(tmp_path, die_at=4, dies_always=True).run()


@pytest.mark.slow  # starts worker processes for each test
class TestEnd:
    """Of a pool by itself, while a thread waits for an answer that does not come."""

    @pytest.fixture(params=[False, True], ids=["listens", "deaf"])
    def hanging(self, request, folder, monkeypatch):
        monkeypatch.setattr(pool_module, "_GRACE_IF_BUSY", 0.5)
        pool = Pool(worker_steps.Hangs(name="x", folder=str(folder), deaf=request.param), [dict(os.environ)])
        pool.load()
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                pool.process([[{"n": 1}]])
            except DistilabelStepError as error:
                raised.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        wait_until(lambda: any("child" in line for said in lives(folder).values() for line in said))
        yield pool, thread, raised
        pool.unload()

    def test_worker_that_hangs_is_ended_with_all_that_it_started(self, hanging, folder):
        pool, thread, raised = hanging
        ((pid, said),) = lives(folder).items()
        child = int(said[-1].split()[1])
        assert is_alive(pid)
        assert is_alive(child)
        pool.unload()
        wait_until(lambda: not is_alive(pid) and not is_alive(child))
        thread.join(60)
        assert isinstance(raised[0], DistilabelStepError)

    def test_idle_worker_that_died_is_replaced_and_no_row_is_blamed(self, folder):
        pool = Pool(worker_steps.Tells(name="x", folder=str(folder)), [dict(os.environ)])
        pool.load()
        (first,) = pool.process([[{"n": 1}]])
        os.kill(first["pid"], signal.SIGKILL)
        (second,) = pool.process([[{"n": 2}]])
        assert second["pid"] != first["pid"]
        pool.unload()
        assert not is_alive(second["pid"])

    def test_pool_that_was_stopped_starts_nobody(self, folder):
        pool = Pool(worker_steps.Tells(name="x", folder=str(folder)), [dict(os.environ)])
        pool.load()
        pool.stop()
        with pytest.raises(DistilabelStepError, match="is being stopped"):
            pool.process([[{"n": 1}]])
        pool.unload()
        assert lives(folder) == {}

    def test_deaths_are_counted_only_while_nobody_answers(self, folder, monkeypatch):
        monkeypatch.setattr(pool_module, "_HOPELESS", 4)
        pool = Pool(worker_steps.Dies(name="x", folder=str(folder), at=(0,)), [dict(os.environ)])
        pool.load()
        for _ in range(2):
            with pytest.raises(WorkerDiedError):
                pool.process([[{"n": 0}]])
            assert pool.process([[{"n": 1}]])
        with pytest.raises(WorkerDiedError):
            pool.process([[{"n": 0}]])
        with pytest.raises(DistilabelStepError, match="ended 4 worker processes"):
            pool.process([[{"n": 0}]])
        pool.unload()


@pytest.mark.slow  # starts worker processes several times
def test_pipeline_that_loads_rows_here_and_works_there_gives_the_same_as_one_that_does_all_here(tmp_path):
    def run(cache: str, **more: Any) -> list[Any]:
        with Pipeline("p", cache_dir=tmp_path / cache) as pipeline:
            load = LoadDataFromDicts(data=numbers(37), batch_size=5)
            load >> Add(input_batch_size=3, **more) >> Add(name="b", input_batch_size=11, **more)
        return rows(pipeline.run())

    assert run("a") == run("b", resources=TWO)
