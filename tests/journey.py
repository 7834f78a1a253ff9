"""The journey of one row: which files and functions it enters on its way through a pipeline, and how deep it goes.

`python -m tests.journey` prints it for a row that goes by offline batch and for one that goes online; `--list` prints each file
with its functions in the order of their first entry, and the deepest stack.

What is measured is one `Pipeline.run()` of `LoadDataFromDicts` and `TextGeneration` with `OpenAILLM`, against the embedded
platform over HTTP on the loopback, in a process of its own:

- *files*: those of src/distilabel of which a function is entered. Importing a module does not enter it, and the files of the
  platform (src/distilabel/server) do not count.
- *hops*: calls from one file to another. A function's caller is the nearest frame of ours below it on its thread's stack:
  frames of libraries between the two are passed over. To resume a generator or a coroutine is a call.
- *depth*: the most frames of ours on one thread's stack at a time.
- *functions*: those that are entered.

A run polls its job as often as it has to, so hops differ a little from run to run. Python 3.12 and later run a list, dict or
set comprehension within its function's frame, where Python 3.11 makes a frame for it: they count fewer functions, and may
count fewer frames.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SRC = str(ROOT / "src" / "distilabel") + os.sep
SERVER = SRC + "server" + os.sep
WAYS = ("offline", "online")


@dataclass(frozen=True)
class Journey:
    """What was entered: the functions of each file, in the order of their first entry."""

    files: dict[str, list[str]]
    hops: int
    deepest: list[str]

    @property
    def depth(self) -> int:
        """The most frames of ours at a time."""
        return len(self.deepest)

    @property
    def functions(self) -> int:
        """How many functions were entered."""
        return sum(map(len, self.files.values()))

    def __str__(self) -> str:
        return (
            f"{len(self.files)} files, {self.hops} hops, {self.depth} frames deep, {self.functions} functions"
        )


def measure(way: str) -> Journey:
    """Run one row in a fresh process, where no thread was started and nothing cached before."""
    environment = {**os.environ, "DISTILABEL_PROGRESS": "plain", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "tests.journey", "--measure", way]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Journey(**json.loads(done.stdout))


class _Recorder:
    """Hears of every call in the threads that are started after it, and in this one."""

    def __init__(self) -> None:
        self.files: dict[str, dict[tuple[str, int], None]] = {}
        self.hops = 0
        self.deepest: list[str] = []

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or not _is_ours(frame):
            return
        stack = []
        below: FrameType | None = frame
        while below is not None:
            if _is_ours(below):
                if below.f_code.co_name == "<module>":
                    return  # something is being imported
                stack.append(below)
            below = below.f_back
        code = frame.f_code
        self.files.setdefault(code.co_filename, {})[code.co_qualname, code.co_firstlineno] = None
        self.hops += len(stack) > 1 and stack[1].f_code.co_filename != code.co_filename
        if len(stack) > len(self.deepest):
            self.deepest = [
                f"{_short(one.f_code.co_filename)} {one.f_code.co_qualname}" for one in reversed(stack)
            ]

    def journey(self) -> Journey:
        return Journey(
            {_short(file): [name for name, _ in functions] for file, functions in self.files.items()},
            self.hops,
            self.deepest,
        )


def _is_ours(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(SRC) and not file.startswith(SERVER)


def _short(file: str) -> str:
    return file.removeprefix(SRC).replace(os.sep, "/")


def _recorded(way: str, folder: Path) -> Journey:
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.server import Settings, running
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    batch: dict[str, Any] = {
        "use_offline_batch_generation": True,
        "offline_batch_generation_block_until_done": 1,
    }
    recorder = _Recorder()
    with running(Settings(folder=folder / "platform")) as url:
        with Pipeline("journey", cache_dir=folder / "cache") as pipeline:
            llm = OpenAILLM(
                model="any", base_url=url, api_key="sk-journey", **(batch if way == "offline" else {})
            )
            LoadDataFromDicts(data=[{"instruction": "Say hello."}]) >> TextGeneration(llm=llm)
        threading.setprofile(recorder)
        sys.setprofile(recorder)
        try:
            distiset = pipeline.run()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]
    assert distiset["default"]["train"][0]["generation"]
    return recorder.journey()


def main(arguments: list[str]) -> None:
    """Print both journeys, or measure one in this process and print it as JSON."""
    if "--measure" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asdict(_recorded(arguments[-1], Path(folder)))))
        return
    for way in WAYS:
        journey = measure(way)
        print(f"{way}: {journey}")
        if "--list" in arguments:
            for number, (file, functions) in enumerate(journey.files.items(), start=1):
                print(f"{number:4} {file}: {', '.join(functions)}")
            print("  deepest:", *journey.deepest, sep="\n    ")


if __name__ == "__main__":
    main(sys.argv[1:])
