"""The worker processes' tests once more, with the workers on a Ray cluster; and what is different there."""

import importlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.pipeline.plain import Add, line, numbers, rows
from tests.pipeline.workers import test_pool, worker_steps
from tests.pipeline.workers.test_pool import ONE, TWO, failures, folder, lives
from tests.support.cluster import SMALL, skip_without_ray
from tests.support.platform import Platform
from tests.support.processes import is_alive, wait_until

from distilabel.exceptions import DistilabelMissingPackageError, DistilabelStepError, DistilabelUserError
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline, RayPipeline
from distilabel.pipeline.workers import actor
from distilabel.pipeline.workers import pool as pool_module
from distilabel.pipeline.workers.actor import RayActor
from distilabel.pipeline.workers.cluster import Cluster, ResourceRequest, options_for, shortages
from distilabel.pipeline.workers.placement import _gpus, place
from distilabel.pipeline.workers.pool import Pool
from distilabel.steps import LoadDataFromDicts, StepResources
from distilabel.steps.tasks import TextGeneration

__all__ = ["folder"]

# Ray leaves sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.slow,  # a Ray cluster, and the worker processes' tests once more
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
]


@pytest.fixture(scope="module", autouse=True)
def ray() -> Iterator[ModuleType]:
    """Start a cluster of one node with two CPUs, and a custom resource that it has one of."""
    skip_without_ray()
    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        started = importlib.import_module("ray")
        started.init("local", resources={"press": 1}, **SMALL)
        yield started
        started.shutdown()
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(autouse=True)
def _on_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_PROGRESS", "none")
    monkeypatch.setattr(Pipeline, "_cluster", lambda _self: Cluster())


class TestRows(test_pool.TestRows):
    """As on one machine."""


class TestLife(test_pool.TestLife):
    test_environment_is_that_of_the_resources = None
    test_what_a_worker_prints_is_printed = None


class TestErrors(test_pool.TestErrors):
    """As on one machine."""


class TestGenerators(test_pool.TestGenerators):
    test_generator_that_always_kills_ends_the_run = None


class TestDeath:
    """Of actors: their process ends, or Ray ends it."""

    @pytest.mark.parametrize("by", ["exit", "kill"])
    def test_rows_that_kill_fail_alone_and_say_why(self, tmp_path, folder, by):
        step = worker_steps.Dies(name="dies", folder=str(folder), at=(3, 4), by=by, resources=TWO)
        found = rows(line(tmp_path, step, enable_metadata=True).run())
        assert [row["n"] for row in found] == list(range(10))
        assert [row["n"] for row in found if row["pid"] is None] == [3, 4]
        reasons = failures(found, "dies")
        assert {n: code for n, (code, _) in reasons.items()} == {3: "worker_died", 4: "worker_died"}
        assert "the Ray actor ended (ActorDiedError: " in reasons[3][1]

    def test_rows_that_an_actor_died_of_once_are_given_to_another(self, tmp_path, folder):
        step = worker_steps.DiesOnce(name="dies", folder=str(folder), at=(3,), resources=ONE)
        found = rows(line(tmp_path, step, enable_metadata=True).run())
        assert failures(found, "dies") == {}
        assert len({row["pid"] for row in found}) == 2

    def test_step_that_kills_every_actor_ends_the_run(self, tmp_path, folder, monkeypatch):
        monkeypatch.setattr(pool_module, "_HOPELESS", 3)
        step = worker_steps.Dies(name="dies", folder=str(folder), at=tuple(range(10)), resources=TWO)
        with pytest.raises(
            DistilabelStepError, match=r"'dies' ended 3 worker processes .*the Ray actor ended"
        ):
            line(tmp_path, step).run()
        wait_until(lambda: not any(map(is_alive, lives(folder))))

    def test_actor_that_dies_while_it_loads_ends_the_run(self, tmp_path, folder):
        step = worker_steps.DiesLoading(name="x", folder=str(folder), resources=ONE)
        with pytest.raises(DistilabelStepError, match=r"'x' could not be loaded, twice: the Ray actor ended"):
            line(tmp_path, step).run()
        assert len(lives(folder)) == 2

    def test_idle_actor_that_died_is_replaced_and_no_row_is_blamed(self, folder):
        pool = pool_of(worker_steps.Tells(name="x", folder=str(folder)))
        (first,) = pool.process([[{"n": 1}]])
        os.kill(first["pid"], signal.SIGKILL)
        wait_until(lambda: not is_alive(first["pid"]))
        (second,) = pool.process([[{"n": 2}]])
        assert second["pid"] != first["pid"]
        pool.unload()
        wait_until(lambda: not is_alive(second["pid"]))

    def test_actor_that_hangs_is_ended(self, folder, monkeypatch):
        monkeypatch.setattr(pool_module, "_GRACE_IF_BUSY", 0.5)
        pool = pool_of(worker_steps.Hangs(name="x", folder=str(folder)))
        thread, raised = asking_in_vain(pool)
        wait_until(lambda: any("child" in line for said in lives(folder).values() for line in said))
        ((pid, said),) = lives(folder).items()
        pool.unload()
        wait_until(lambda: not is_alive(pid))
        thread.join(60)
        assert isinstance(raised[0], DistilabelStepError)
        os.kill(int(said[-1].split()[1]), signal.SIGKILL)  # the process that the step has started


def asking_in_vain(pool: Pool) -> tuple[threading.Thread, list[BaseException]]:
    """Ask in a thread for what does not come; return it, and where what it raises will be."""
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            pool.process([[{"n": 1}]])
        except DistilabelStepError as error:
            raised.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread, raised


def pool_of(step: Any, **options: Any) -> Pool:
    pool = Pool(step, [options], RayActor)
    pool.load()
    return pool


class TestResources:
    def test_actors_ask_for_what_their_step_asks_for(self):
        resources = StepResources(cpus=2, gpus=1, memory=2**30, resources={"press": 1})
        assert options_for(resources, gpus=resources.gpus) == {
            "num_cpus": 2, "num_gpus": 1, "memory": 2**30, "resources": {"press": 1},
        }  # fmt: skip
        assert options_for(StepResources(replicas=3), gpus=None) == {"num_cpus": 0}

    def test_two_steps_that_need_the_one_press_follow_each_other_by_load_groups(self, tmp_path, caplog):
        press = StepResources(resources={"press": 1})
        first = worker_steps.Tells(name="first", resources=press)
        second = Add(name="second", resources=press)
        found = rows(line(tmp_path, first, second).run(load_groups=[["first"], ["second"]]))
        assert [row["m"] for row in found] == list(range(1, 11))
        assert "The steps request 2 'press' in all, and the Ray cluster has 1 now" in caplog.text

    def test_what_no_node_has_is_reported_before_and_while_it_is_waited_for(
        self, tmp_path, caplog, monkeypatch
    ):
        monkeypatch.setattr(actor, "_PLACEMENT_TIMEOUT", 0.2)
        monkeypatch.setattr(pool_module, "_GRACE_IF_BUSY", 0.5)
        pool = pool_of(worker_steps.Tells(name="x"), resources={"no such thing": 1})
        thread, raised = asking_in_vain(pool)
        wait_until(lambda: "Step 'x' waits for free resources in the Ray cluster" in caplog.text)
        pool.unload()
        thread.join(60)
        assert isinstance(raised[0], DistilabelStepError)
        (note,) = shortages([ResourceRequest("x", 1, {"resources": {"no such thing": 1}})], Cluster().nodes)
        assert note.startswith(
            "No node of the Ray cluster has {'no such thing': 1.0} for a replica of step 'x'"
        )

    def test_what_ray_does_not_accept_is_reported(self, tmp_path):
        step = worker_steps.Tells(name="x", resources=StepResources(gpus=1.5))
        with pytest.raises(
            DistilabelUserError, match=r"Ray does not accept the resources that step 'x' requests .*1\.5"
        ):
            line(tmp_path, step).run()

    @pytest.mark.parametrize(("gpus", "asked"), [(None, 1.0), (0, 0), (2, 2)])
    def test_a_model_gets_a_gpu_where_the_cluster_has_some(self, gpus, asked):
        step = worker_steps.Writes(name="write", llm=worker_steps.Here(), resources=StepResources(gpus=gpus))
        assert _gpus(step, place(step), has_gpus=True) == asked
        assert _gpus(step, place(step), has_gpus=False) == gpus


class TestTogether:
    def test_offline_task_between_steps_on_the_cluster_is_asked_once(self, tmp_path, fast_platform: Platform):
        def pipeline() -> Pipeline:
            with Pipeline("p", cache_dir=tmp_path) as made:
                load = LoadDataFromDicts(data=[{"instruction": f"q{n}", "n": n} for n in range(9)])
                llm = OpenAILLM(model="toy-1", use_offline_batch_generation=True)
                before, after = (
                    Add(name="before", resources=TWO),
                    worker_steps.Tells(name="after", resources=TWO),
                )
                load >> before >> TextGeneration(llm=llm) >> after
            return made

        assert len(pipeline().run()) == 0
        fast_platform.wait()
        found = rows(pipeline().run())
        assert [(row["n"], row["m"]) for row in found] == [(n, n + 1) for n in range(9)]
        assert all(row["instruction"] in row["generation"] for row in found)
        assert {row["pid"] for row in found} & {os.getpid()} == set()
        assert len(fast_platform.lines()) == 9

    def test_chunks_of_a_run_on_one_machine_are_taken_over(self, tmp_path, monkeypatch, folder):
        def run() -> list[Any]:
            return rows(line(tmp_path, worker_steps.Tells(name="x", folder=str(folder), resources=ONE)).run())

        with monkeypatch.context() as patch:
            patch.setattr(Pipeline, "_cluster", lambda _self: None)
            there = run()
        assert run() == there
        assert len(lives(folder)) == 1

    def test_a_key_is_in_no_file_of_rays(self, tmp_path, ray):
        key = "sk-5up3r-53cr3t-0n-r4y"
        step = worker_steps.Knows(name="knows", api_key=key, resources=ONE)
        assert rows(line(tmp_path, step, data=numbers(1)).run())[0]["seen"] is False
        session = Path(ray._private.worker._global_node.get_session_dir_path())
        files = [path for path in session.rglob("*") if path.is_file() and not path.is_symlink()]
        assert len(files) > 5
        assert [path for path in files if key.encode() in path.read_bytes()] == []

    def test_large_setup_arrives_whole(self):
        pool = pool_of(worker_steps.Big(ballast="x" * 300_000, name="big"))
        assert pool.process([[{"n": 1}]])[0]["pid"] == 300_000
        pool.unload()


class TestFace:
    def test_ray_gives_the_same_pipeline_in_the_same_folder(self, tmp_path):
        with Pipeline("p", "for you", tmp_path, enable_metadata=True) as pipeline:
            LoadDataFromDicts(data=numbers(3)) >> Add(resources=ONE)
        there = pipeline.ray("ray://head:10001", {"runtime_env": {}})
        assert isinstance(there, RayPipeline)
        assert (there.name, there.description, there.cache_dir, there.enable_metadata) == (
            "p", "for you", pipeline.cache_dir, True,
        )  # fmt: skip
        assert there.dag is pipeline.dag
        assert rows(there.run()) == rows(pipeline.run())

    def test_a_connection_that_was_there_is_left_there(self, tmp_path, ray):
        line(tmp_path, Add(resources=ONE)).ray().run()
        assert ray.is_initialized()

    def test_process_within_a_cluster_uses_it(self, monkeypatch):
        monkeypatch.undo()
        for name in ("RAY_NODE_TYPE_NAME", "RAY_CLUSTER_NAME", "RAY_ADDRESS"):
            monkeypatch.delenv(name, raising=False)
        assert Pipeline("p")._cluster() is None
        monkeypatch.setenv("RAY_CLUSTER_NAME", "ours")
        assert isinstance(Pipeline("p")._cluster(), Cluster)
        monkeypatch.setattr("distilabel.pipeline.pipeline.find_spec", lambda _name: None)
        assert Pipeline("p")._cluster() is None

    def test_package_that_is_missing_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(DistilabelMissingPackageError, match=r"pip install 'distilabel\[ray\]'"):
            line(tmp_path, Add()).run()
