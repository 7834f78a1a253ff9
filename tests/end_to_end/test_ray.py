"""Real scripts whose worker processes are on a Ray cluster: started by the script, or there already."""

import re
import signal
import socket
from pathlib import Path

import pytest

from tests.end_to_end.test_workers import HANGING, OURS, UNGUARDED, script, workers
from tests.support.cluster import SMALL, skip_without_ray
from tests.support.process import Process, run
from tests.support.processes import is_alive, wait_until

pytestmark = pytest.mark.slow  # each test starts a Ray cluster

__all__ = ["script"]

ON_RAY = f"pipeline.ray(ray_init_kwargs={dict(SMALL, address='local')}).run()"
LONG = 120
"""Seconds that Ray may take to start on a busy machine."""

TWO_NODES = """
import sys
from ray.cluster_utils import Cluster
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, Step, StepInput, StepResources

class Where(Step):
    @property
    def outputs(self):
        return [self.name]

    def process(self, inputs: StepInput):
        import ray
        node = ray.get_runtime_context().get_node_id()
        yield [{**row, self.name: node} for row in inputs]

few = {"object_store_memory": 80 * 2**20}
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "resources": {"near": 1}, **few})
cluster.add_node(num_cpus=1, resources={"far": 1}, **few)
cluster.wait_for_nodes()
with Pipeline("nodes", cache_dir=sys.argv[1]) as pipeline:
    load = LoadDataFromDicts(data=[{"n": n} for n in range(20)], batch_size=5)
    near = Where(name="near", input_batch_size=5, resources=StepResources(resources={"near": 1}))
    far = Where(name="far", input_batch_size=5, resources=StepResources(resources={"far": 0.5}, replicas=2))
    load >> near >> far
rows = list(pipeline.ray(ray_head_node_url=cluster.address).run()["default"]["train"])
print("ROWS", [row["n"] for row in rows] == list(range(20)))
print("NODES", len({row["near"] for row in rows}), len({row["near"] for row in rows} | {row["far"] for row in rows}))
cluster.shutdown()
"""

NOWHERE = """
import sys
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
with Pipeline("nowhere", cache_dir=sys.argv[1]) as pipeline:
    LoadDataFromDicts(data=[{"n": 1}])
pipeline.ray(ray_head_node_url=sys.argv[2]).run()
"""


@pytest.fixture
def ours(tmp_path: Path) -> dict[str, str]:
    """The environment of a script: Ray tells nobody of its use, keeps its token with the test, and shows all at once."""
    skip_without_ray()
    home = tmp_path / "home"
    home.mkdir()
    return {
        **OURS,
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DEDUP_LOGS": "0",
    }


def test_script_without_a_guard_runs_once_and_its_own_classes_work_in_actors(script, ours):
    done = run(script(UNGUARDED.replace("pipeline.run()", ON_RAY)), ours)
    assert done.lines.count("THE SCRIPT RUNS") == 1
    assert [line for line in done.lines if re.fullmatch(r"\d+ \d+ \d+ \d+", line)] == [
        f"{n} {n + 1} {n * 10} {n * 100}" for n in range(20)
    ]


def hanging(script, ours: dict[str, str]) -> Process:
    """Start a script both of whose actors hang."""
    process = Process(script(HANGING.replace("pipeline.run()", ON_RAY)), ours)
    wait_until(lambda: sum("HANGS" in line for line in process.lines) == 2, LONG)
    return process


def test_ctrl_c_ends_actors_that_hang_and_a_run_without_ray_goes_on(script, ours, tmp_path: Path):
    process = hanging(script, ours)
    process.send(signal.SIGINT)
    assert process.end() == 0, process.text
    assert "ROWS 0" in process.lines
    assert "Traceback" not in process.text
    wait_until(lambda: not any(map(is_alive, workers(tmp_path))))
    (tmp_path / "cured").touch()
    again = run(script(HANGING), ours)
    assert "ROWS 10" in again.lines
    assert {line for line in again.lines if line.startswith("TAKES")} == {"TAKES 4", "TAKES 6", "TAKES 8"}


def test_no_actor_outlives_a_driver_that_was_killed(script, ours, tmp_path: Path):
    process = hanging(script, ours)
    alive = [pid for pid in workers(tmp_path) if is_alive(pid)]
    assert len(alive) == 2
    process.kill()
    wait_until(lambda: not any(map(is_alive, alive)), LONG)


def test_steps_run_on_the_nodes_that_have_what_they_ask_for(script, ours, tmp_path: Path):
    done = run(script(TWO_NODES), ours, str(tmp_path / "cache"))
    assert "ROWS True" in done.lines, done.text
    assert "NODES 1 2" in done.lines, done.text


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "no address"])
def test_cluster_that_is_not_there_is_one_sentence(script, ours, tmp_path: Path, address):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = address.format(free.getsockname()[1])
    process = Process(script(NOWHERE), ours, str(tmp_path / "cache"), address)
    assert process.end() == 1
    last = process.lines[-1].removeprefix("distilabel.exceptions.")
    assert last.startswith(f"DistilabelUserError: The Ray cluster at {address} cannot be joined")
    assert "check ray_head_node_url" in last
