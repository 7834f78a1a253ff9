"""Worker processes of real scripts: no guard is needed, nobody outlives anybody, and Ctrl+C is heard."""

import os
import signal
import sys
from pathlib import Path

import pytest

import distilabel
from tests.support.process import Process, run
from tests.support.processes import is_alive, wait_until

OURS = {"PYTHONPATH": str(Path(distilabel.__file__).parents[1])}
pytestmark = [
    pytest.mark.slow,  # kills and interrupts whole trees of processes
    pytest.mark.skipif(sys.platform == "win32", reason="worker processes need POSIX"),
]

HEAD = """\
import os, sys, threading
from dataclasses import dataclass
from pathlib import Path

from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, Step, StepInput, StepResources, step

HERE = Path(__file__).parent
FACTOR = 10
print("THE SCRIPT RUNS", flush=True)
"""

UNGUARDED = f"""{HEAD}
@dataclass(frozen=True)
class Point:
    x: int

def scaled(n):
    return n * FACTOR

class Scale(Step):
    @property
    def outputs(self):
        return ["m", "pid", "point"]

    def process(self, inputs: StepInput):
        assert all(isinstance(row["point"], Point) for row in inputs)
        yield [
            {{**row, "m": scaled(row["n"]), "pid": os.getpid(), "point": Point(row["n"] + 1)}} for row in inputs
        ]

class Check(Step):
    def process(self, inputs: StepInput):
        assert all(type(row["point"]) is Point for row in inputs)
        yield [{{**row, "point": row["point"].x}} for row in inputs]

@step(inputs=["m"], outputs=["more"])
def More(inputs: StepInput):
    yield [{{**row, "more": scaled(row["m"])}} for row in inputs]

class Points(Step):
    def process(self, inputs: StepInput):
        yield [{{**row, "point": Point(row["n"])}} for row in inputs]

with Pipeline("unguarded", cache_dir=HERE / "cache") as pipeline:
    load = LoadDataFromDicts(data=[{{"n": n}} for n in range(20)], batch_size=2)
    scale = Scale(input_batch_size=2, resources=StepResources(replicas=2))
    load >> Points() >> scale >> Check() >> More(resources=StepResources(cpus=1))

for row in pipeline.run()["default"]["train"]:
    assert row["pid"] != os.getpid()
    print(row["n"], row["point"], row["m"], row["more"])
"""

HANGING = f"""{HEAD}
class Hang(Step):
    def process(self, inputs: StepInput):
        (HERE / f"worker-{{os.getpid()}}").touch()
        print("TAKES", inputs[0]["n"], flush=True)
        if inputs[0]["n"] >= 4 and not (HERE / "cured").exists():
            HANG
        yield inputs

with Pipeline("hanging", cache_dir=HERE / "cache") as pipeline:
    load = LoadDataFromDicts(data=[{{"n": n}} for n in range(10)], batch_size=2)
    load >> Hang(name="hang", input_batch_size=2, resources=StepResources(replicas=2))

distiset = pipeline.run()
print("ROWS", len(distiset["default"]["train"]) if len(distiset) else 0)
""".replace(
    "HANG\n",
    'print("HANGS", flush=True)\n            while True:\n                threading.Event().wait()\n',
)

DEAF = HANGING.replace("import os,", "import os, signal,").replace(
    'print("HANGS"',
    'signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"ASKED TO END\\n")); print("HANGS"',
)

PATIENT = (
    "(setattr(__import__('importlib').import_module('distilabel.pipeline.workers.pool'), '_GRACE_IF_BUSY', 600), "
    "pipeline.run())[1]"
)


def workers(folder: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in folder.glob("worker-*")]


@pytest.fixture
def script(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(text)
        return path

    return write


def test_script_without_a_guard_runs_once_and_its_own_classes_work_in_workers(script):
    done = run(script(UNGUARDED), OURS)
    assert done.lines.count("THE SCRIPT RUNS") == 1
    assert [line for line in done.lines if line[:1].isdigit() and ":" not in line] == [
        f"{n} {n + 1} {n * 10} {n * 100}" for n in range(20)
    ]


@pytest.mark.parametrize("whom", ["the driver", "everybody"])
def test_ctrl_c_ends_workers_that_hang_and_keeps_what_was_done(script, tmp_path: Path, whom):
    process = Process(script(HANGING), OURS)
    wait_until(lambda: process.lines.count("HANGS") == 2)
    for pid in workers(tmp_path) if whom == "everybody" else ():
        os.kill(pid, signal.SIGINT)
    process.send(signal.SIGINT)
    assert process.end() == 0, process.text
    assert "ROWS 0" in process.lines
    assert "Traceback" not in process.text
    wait_until(lambda: not any(map(is_alive, workers(tmp_path))))
    (tmp_path / "cured").touch()
    again = run(script(HANGING), OURS)
    assert "ROWS 10" in again.lines
    assert {line for line in again.lines if line.startswith("TAKES")} == {"TAKES 4", "TAKES 6", "TAKES 8"}


def test_ctrl_c_ends_workers_that_do_not_listen(script, tmp_path: Path):
    process = Process(script(DEAF), OURS)
    wait_until(lambda: process.lines.count("HANGS") == 2)
    process.send(signal.SIGINT)
    assert process.end() == 0, process.text
    assert process.lines.count("ASKED TO END") == 2
    wait_until(lambda: not any(map(is_alive, workers(tmp_path))))


def test_second_ctrl_c_does_not_wait_for_them(script, tmp_path: Path):
    process = Process(script(DEAF.replace("pipeline.run()", PATIENT)), OURS)
    wait_until(lambda: process.lines.count("HANGS") == 2)
    process.send(signal.SIGINT)
    wait_until(lambda: process.lines.count("ASKED TO END") == 2)
    process.send(signal.SIGINT)
    assert process.end() != 0
    assert "KeyboardInterrupt" in process.text
    wait_until(lambda: not any(map(is_alive, workers(tmp_path))))


def test_no_worker_outlives_a_driver_that_was_killed(script, tmp_path: Path):
    process = Process(script(HANGING), OURS)
    wait_until(lambda: process.lines.count("HANGS") == 2)
    alive = [pid for pid in workers(tmp_path) if is_alive(pid)]
    assert len(alive) == 2
    process.kill()
    wait_until(lambda: not any(map(is_alive, alive)))


MEMORY = """
import resource, sys
from distilabel.pipeline import Pipeline
from distilabel.steps import GeneratorStep, Step, StepInput, StepResources

class Load(GeneratorStep):
    rows: int
    @property
    def outputs(self):
        return ["n", "text"]
    def process(self, offset=0):
        for start in range(offset, self.rows, 50):
            yield [{"n": n, "text": f"{n:0200}"} for n in range(start, start + 50)], start + 50 >= self.rows

class Double(Step):
    @property
    def outputs(self):
        return ["twice"]
    def process(self, inputs: StepInput):
        yield [{**row, "twice": row["text"] * 2} for row in inputs]

with Pipeline("p", cache_dir=sys.argv[1]) as pipeline:
    Load(rows=int(sys.argv[2])) >> Double(resources=StepResources(replicas=2))
assert pipeline.run()["default"]["train"].num_rows == int(sys.argv[2])
print("PEAK", *(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def test_memory_of_driver_and_workers_does_not_grow_with_the_rows(script, tmp_path: Path):
    def peaks(count: int) -> list[int]:
        done = run(
            script(MEMORY), {**OURS, "DISTILABEL_PROGRESS": "none"}, str(tmp_path / str(count)), str(count)
        )
        (line,) = [line for line in done.lines if line.startswith("PEAK")]
        return [int(word) * (1 if sys.platform == "darwin" else 1024) for word in line.split()[1:]]

    for less, more in zip(peaks(3_000), peaks(30_000), strict=True):
        assert more - less < 60 * 2**20, f"{(more - less) / 2**20:.0f} MB more"
