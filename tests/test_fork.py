"""Processes that are forked after a run, or after a model is loaded. Each test runs in a process of its own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.platform import platform

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

HEAD = """
import multiprocessing, os, sys, threading
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

URL = sys.argv[1]
CHAT = [[{"role": "user", "content": "Hi"}]] * 3

def llm(**more):
    return OpenAILLM(model="m", api_key="k", base_url=URL, max_concurrent_requests=1, **more)

def ask(model):
    return model.generate_outputs(CHAT)[0]["generations"][0] is not None

def run(name, **more):
    with Pipeline(name=name, cache_dir=os.environ["DISTILABEL_CACHE_DIR"]) as pipeline:
        LoadDataFromDicts(data=[{"instruction": f"Say {i}"} for i in range(3)]) >> TextGeneration(llm=llm(**more))
    return None not in pipeline.run()["default"]["train"]["generation"][:]

def child(function, *arguments, **more):
    def body():
        sys.exit(0 if function(*arguments, **more) else 3)
    process = multiprocessing.get_context("fork").Process(target=body)
    process.start()
    process.join(30)
    if process.is_alive():
        process.kill()
        sys.exit("the forked process hangs")
    return process.exitcode == 0

OFFLINE = {"use_offline_batch_generation": True, "offline_batch_generation_block_until_done": 0.1}
"""


def run_script(folder: Path, body: str) -> None:
    script = folder / "script.py"
    script.write_text(HEAD + textwrap.dedent(body))
    with platform(folder / "platform") as served:
        environment = {
            **os.environ, "DISTILABEL_CACHE_DIR": str(folder / "cache"), "DISTILABEL_PROGRESS": "plain",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(script), served.url],
            env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("more", ["{}", "OFFLINE"])
def test_model_that_was_loaded_before_the_fork_is_used_in_both_processes(tmp_path: Path, more: str):
    run_script(
        tmp_path,
        f"""
        model = llm(**{more})
        model.load()
        assert ask(model)
        assert child(ask, model)
        assert child(lambda: model.unload() is None)
        assert ask(model)
        assert child(ask, model)
        model.unload()
        """,
    )


def test_fork_during_requests_finds_all_slots_free(tmp_path: Path):
    run_script(
        tmp_path,
        """
        from distilabel import _event_loop
        model = llm()
        model.load()
        assert ask(model)

        async def take():
            await model._slots.acquire()

        _event_loop.run(take())  # as a request that is under way
        assert child(ask, model)
        """,
    )


@pytest.mark.parametrize("more", ["{}", "**OFFLINE"])
def test_pipeline_runs_in_a_process_that_was_forked_after_a_run(tmp_path: Path, more: str):
    more = "" if more == "{}" else ", " + more
    run_script(
        tmp_path,
        f"""
        assert run("first"{more})
        assert child(run, "second"{more})
        assert child(run, "first"{more})
        assert run("third"{more})
        """,
    )


def test_ledger_of_the_parent_is_opened_again_in_the_child(tmp_path: Path):
    run_script(
        tmp_path,
        """
        from pathlib import Path
        from distilabel.ledger.jobs import Ledger
        ledger = Ledger(Path(os.environ["DISTILABEL_CACHE_DIR"]))
        before = ledger.database.connection
        ledger.database.lock.acquire()

        def use():
            ledger.begin_run("child")
            return ledger.database.connection is not before

        assert child(use)
        ledger.database.lock.release()
        ledger.begin_run("parent")
        ledger.close()
        """,
    )


def test_forked_process_of_a_step_may_not_submit_batch_jobs(tmp_path: Path):
    run_script(
        tmp_path,
        """
        from distilabel.exceptions import DistilabelUserError
        from distilabel.steps import StepInput

        class Forking(TextGeneration):
            def process(self, inputs: StepInput):
                def asks():
                    try:
                        self.llm.generate_outputs(CHAT)
                    except DistilabelUserError as error:
                        return "forked" in str(error)
                assert child(asks)
                yield [{**row, "generation": "x"} for row in inputs]

        with Pipeline(name="forking", cache_dir=os.environ["DISTILABEL_CACHE_DIR"]) as pipeline:
            LoadDataFromDicts(data=[{"instruction": "a"}]) >> Forking(llm=llm(**OFFLINE))
        assert pipeline.run()["default"]["train"]["generation"][:] == ["x"]
        """,
    )


def test_client_of_the_user_is_refused_in_the_child(tmp_path: Path):
    run_script(
        tmp_path,
        """
        import httpx2
        from distilabel.exceptions import DistilabelUserError
        model = llm(http_client=httpx2.AsyncClient())
        model.load()
        assert ask(model)

        def asks():
            try:
                ask(model)
            except DistilabelUserError as error:
                return "after the fork" in str(error)

        assert child(asks)
        assert ask(model)
        """,
    )
