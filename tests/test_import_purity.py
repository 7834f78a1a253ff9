"""Importing the library changes nothing in the process of its user."""

import json
import os
import subprocess
import sys

import pytest

# What is compared, each as a value that JSON holds. Objects are compared by their identity, which is their address.
STATE = """
import asyncio, gc, locale, logging, os, signal, sys, threading, time, warnings

def ids(values):
    return [id(value) for value in values]

def state():
    root = logging.getLogger()
    loggers = [root, logging.getLogger("distilabel")]
    return {
        "sys.excepthook": id(sys.excepthook),
        "sys.unraisablehook": id(sys.unraisablehook),
        "sys.displayhook": id(sys.displayhook),
        "threading.excepthook": id(threading.excepthook),
        "sys.meta_path": ids(sys.meta_path),
        "sys.path_hooks": ids(sys.path_hooks),
        "sys.path": list(sys.path),
        "sys.stdout, sys.stderr": ids([sys.stdout, sys.stderr]),
        "sys.getrecursionlimit": sys.getrecursionlimit(),
        "sys.getswitchinterval": sys.getswitchinterval(),
        "logging": [[ids(logger.handlers), ids(logger.filters), logger.level, logger.propagate] for logger in loggers],
        "logging.disable": logging.root.manager.disable,
        "logging classes": ids([logging.getLoggerClass(), logging.getLogRecordFactory()]),
        "logging.captureWarnings": logging._warnings_showwarning is None,
        "warnings.filters": [repr(entry) for entry in warnings.filters],
        "warnings.showwarning": id(warnings.showwarning),
        "gc": [gc.get_threshold(), gc.isenabled(), gc.get_freeze_count() > 0, gc.get_debug(), ids(gc.callbacks)],
        "signals": [repr(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "os.environ": dict(os.environ),
        "cwd, umask": [os.getcwd(), os.umask(0o022)],
        "locale": locale.setlocale(locale.LC_ALL),
        "time zone": time.tzname,
        "threads": [thread.name for thread in threading.enumerate()],
        "asyncio policy": id(type(asyncio.get_event_loop_policy())),
        "multiprocessing": "multiprocessing" in sys.modules and sys.modules["multiprocessing"].get_start_method(True),
    }
"""
# Libraries that change the process where they are imported, and that are not ours to change: they are imported first.
LIBRARIES = "import pydantic, rich, yaml, jinja2, httpx2, orjson, cloudpickle, filelock, stamina"


def changed_by(statement: str, *, before: str = LIBRARIES) -> dict[str, list[object]]:
    """Return what a statement changes in a fresh process: by name, the state before and after."""
    compared = "{name: [first[name], second[name]] for name in first if first[name] != second[name]}"
    parts = (
        STATE,
        "os.umask(0o022)",
        before,
        "import json",
        "first = state()",
        statement,
        "second = state()",
    )
    code = "\n".join([*parts, f"print(json.dumps({compared}))"])
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    quiet = {**os.environ, "DISTILABEL_PROGRESS": "none"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, list[object]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "import distilabel",
        "import distilabel.pipeline; distilabel.pipeline.Pipeline",
        "from distilabel.steps.tasks import TextGeneration, Magpie",
        "from distilabel.llms import OpenAILLM, AnthropicLLM, vLLM",
        "from distilabel.steps.generators.data import LoadDataFromDicts",
        "import distilabel.pipeline.runtime.run",
    ],
)
def test_importing_changes_nothing_in_the_process(statement: str):
    assert changed_by(statement) == {}


def test_names_of_a_script_are_imported_without_what_only_a_run_needs():
    """A script's first lines, and each command, start quickly: models, HTTP and the ledger are imported on first use."""
    code = "import sys, distilabel.pipeline, distilabel.llms, distilabel.steps.tasks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    of_runs = {
        "asyncio",
        "datasets",
        "httpx2",
        "orjson",
        "sqlite3",
        "ssl",
        "stamina",
        "distilabel.models.remote",
    }
    assert of_runs.isdisjoint(done.stdout.split())


def test_importing_the_root_package_alone_changes_nothing():
    assert changed_by("import distilabel", before="") == {}


def test_a_change_is_noticed():
    assert changed_by("sys.excepthook = print; gc.set_threshold(1)").keys() == {"sys.excepthook", "gc"}


RUN = """
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
with Pipeline("p", cache_dir=sys.argv[1]) as pipeline:
    LoadDataFromDicts(data=[{"n": 1}])
pipeline.run(use_cache=False)
"""
# A run imports these libraries; its event loop and its workers are daemon threads that may still end.
LOADED_BY_RUN = f"{LIBRARIES}, datasets, pyarrow.parquet"


@pytest.mark.parametrize("setup", ["", "gc.freeze(); gc.set_threshold(1, 2, 3)", "gc.disable()"])
def test_a_run_leaves_the_process_as_it_was(setup: str, tmp_path):
    run = RUN.replace("sys.argv[1]", repr(str(tmp_path)))
    changed = changed_by(run, before=f"{LOADED_BY_RUN}\n{setup}")
    changed.pop("threads", None)
    assert changed == {}
