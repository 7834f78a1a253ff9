"""Rows without an answer: which of them a rerun asks for again, and that no other row is asked for."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.fakes import FakePlatform, completion, refused
from tests.models.conftest import Make, fast, llm, offline, platform
from typer.testing import CliRunner

from distilabel.cli.app import app
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, Step, StepInput
from distilabel.steps.tasks import TextGeneration
from distilabel.testing.platform import Line, Plan

__all__ = ["fast", "llm", "offline", "platform"]

ROWS = [{"instruction": f"q{number}"} for number in range(5)]
ANSWERS = [f"q{number}" for number in range(5)]
TRIES = 2  # how often the transport tries a call, see `fast`
WAITING = {"offline_batch_generation_block_until_done": 0.05}


class Judge(TextGeneration):
    """A task that cannot read some answers."""

    def format_output(self, output: str | None, input: dict[str, Any]) -> dict[str, Any]:
        if output is not None and "unreadable" in output:
            raise ValueError("no score")
        return {"generation": output}


class Online:
    """Answers chats online: as `faults` says by prompt, or with the prompt; counts what is asked."""

    def __init__(self) -> None:
        self.faults: dict[str, int | str] = {}
        self.asked: Counter[str] = Counter()

    async def __call__(self, body: dict[str, Any]) -> httpx2.Response:
        prompt = body["messages"][-1]["content"]
        self.asked[prompt] += 1
        fault = self.faults.get(prompt, prompt)
        if isinstance(fault, int):
            return httpx2.Response(fault, json={"error": {"message": "No.", "code": None}})
        return httpx2.Response(200, json=completion(fault))


@pytest.fixture
def online(platform: FakePlatform) -> Online:
    platform.chat = Online()
    return platform.chat


def pipeline(llm: Any, task: type[TextGeneration] = TextGeneration, **more: Any) -> Pipeline:
    with Pipeline("p", enable_metadata=True) as made:
        load = LoadDataFromDicts(data=ROWS, batch_size=3)
        load >> task(name="task", llm=llm, input_batch_size=3, **more)
    return made


def generations(distiset: Any) -> list[str | None]:
    return distiset["default"]["train"]["generation"][:] if len(distiset) else []


class TestOnline:
    @pytest.fixture
    def run(self, llm: Make) -> Callable[..., list[str | None]]:
        def run(
            task: type[TextGeneration] = TextGeneration, *, retry_failed: bool = False, **more: Any
        ) -> Any:
            made = pipeline(llm(load=False, max_retries=0), task, **more)
            return generations(made.run(retry_failed=retry_failed))

        return run

    def test_fault_that_passed_is_asked_for_again_and_nothing_else_is(self, run, online: Online):
        online.faults = {"q1": 503, "q4": 429}
        assert run() == ["q0", None, "q2", "q3", None]
        online.faults = {}
        online.asked.clear()
        assert run() == ANSWERS
        assert online.asked == {"q1": 1, "q4": 1}
        assert run() == ANSWERS
        assert online.asked == {"q1": 1, "q4": 1}

    def test_fault_that_lasts_stays_the_rows_reason_and_is_asked_for_once_a_run(self, run, online: Online):
        online.faults = {"q1": 503}
        assert run() == run() == ["q0", None, "q2", "q3", "q4"]
        assert online.asked["q1"] == 2 * TRIES
        assert online.asked["q0"] == 1

    def test_request_that_is_refused_is_asked_for_again_on_demand_only(self, run, online: Online, caplog):
        online.faults = {"q1": 400}
        assert run() == run() == ["q0", None, "q2", "q3", "q4"]
        assert online.asked["q1"] == 1
        assert "`distilabel retry p`" in caplog.text
        online.faults = {}
        assert run(retry_failed=True) == ANSWERS
        assert online.asked == dict.fromkeys(ANSWERS, 1) | {"q1": 2}

    def test_unreadable_answer_is_asked_for_again_on_demand_only(self, run, online: Online):
        online.faults = {"q3": "unreadable"}
        assert run(Judge) == run(Judge) == ["q0", "q1", "q2", None, "q4"]
        online.faults = {}
        assert run(Judge, retry_failed=True) == ANSWERS
        assert online.asked == dict.fromkeys(ANSWERS, 1) | {"q3": 2}

    def test_answers_of_the_other_generations_of_a_row_stay(self, run, online: Online):
        online.faults = {"q1": 503}
        assert run(num_generations=2) == ["q0", "q0", None, None, "q2", "q2", "q3", "q3", "q4", "q4"]
        online.faults = {}
        assert run(num_generations=2)[2:4] == ["q1", "q1"]
        assert online.asked == dict.fromkeys(ANSWERS, 2) | {"q1": 2 + 2 * TRIES}

    def test_grouped_generations_are_asked_for_again(self, run, online: Online):
        online.faults = {"q1": 503}
        run(num_generations=2, group_generations=True)
        online.faults = {}
        assert run(num_generations=2, group_generations=True)[1] == ["q1", "q1"]
        assert online.asked == dict.fromkeys(ANSWERS, 2) | {"q1": 2 + 2 * TRIES}

    def test_run_says_what_a_rerun_asks_for(self, run, online: Online, caplog):
        online.faults = {"q1": 503, "q2": 503, "q4": 400}
        run()
        (passing,) = [text for text in caplog.messages if "Run again" in text]
        assert "2 rows of step 'task'" in passing
        assert "http_503" in passing
        (other,) = [text for text in caplog.messages if "`distilabel retry p`" in text]
        assert "1 row of step 'task'" in other
        assert "http_400" in other

    def test_without_the_cache_there_is_nothing_to_ask_for_again(self, llm: Make):
        with pytest.raises(DistilabelUserError, match="retry_failed=True needs the rows of the former run"):
            pipeline(llm(load=False)).run(retry_failed=True, use_cache=False)


class Picky(Step):
    """Raises for some rows."""

    raises_for: tuple[str, ...] = ()
    excluded_from_signature = frozenset({"raises_for", "seen"})
    seen: list[str] = []  # noqa: RUF012

    def process(self, inputs: StepInput) -> Any:
        if any(row["instruction"] in self.raises_for for row in inputs):
            raise RuntimeError("The disk is full.")
        self.seen.extend(row["instruction"] for row in inputs)
        yield inputs


def test_rows_for_which_a_users_step_raised_are_given_to_it_again_and_those_alone(tmp_path):
    def run(**more: Any) -> Picky:
        with Pipeline("p", cache_dir=tmp_path) as made:
            step = Picky(name="picky", input_batch_size=5, **more)
            LoadDataFromDicts(data=ROWS) >> step
        assert len(made.run()["default"]["train"]) == 5
        return step

    run(raises_for=("q2", "q4"))
    assert run(seen=[]).seen == ["q2", "q4"]
    assert run(seen=[]).seen == []


class TestByBatch:
    @pytest.fixture
    def run(self, offline: Make) -> Callable[..., list[str | None]]:
        def run(task: type[TextGeneration] = TextGeneration, *, waits: bool = True, **how: Any) -> Any:
            return generations(pipeline(offline(load=False, **(WAITING if waits else {})), task).run(**how))

        return run

    def refuse(self, platform: FakePlatform, *prompts: str) -> None:
        def results(lines: list[Line]) -> tuple[list[bytes], list[bytes]]:
            from tests.fakes import answered

            bad = [line for line in lines if line["body"]["messages"][-1]["content"] in prompts]
            return [answered(line) for line in lines if line not in bad], [refused(line) for line in bad]

        platform.default = lambda: Plan(results=results)

    def test_refused_requests_are_submitted_again_on_demand_and_those_alone(self, run, platform):
        self.refuse(platform, "q1", "q4")
        assert run() == run() == ["q0/0", None, "q2/0", "q3/0", None]
        platform.default = Plan
        platform.batches.clear()
        assert run(retry_failed=True) == ["q0/0", "q1/0", "q2/0", "q3/0", "q4/0"]
        assert platform.sent == ["q1", "q4"]

    def test_run_that_does_not_wait_asks_once_however_often_it_is_run(self, run, platform):
        self.refuse(platform, "q1")
        assert run()[1] is None
        platform.batches.clear()
        found: list[Any] = []
        while not found:
            found = run(waits=False, retry_failed=True)
        assert found[1] is None
        assert platform.sent == ["q1"]

    def test_unreadable_answers_are_asked_for_again_on_demand_and_the_new_ones_stay(self, run, platform):
        platform.plan(results=lambda lines: (_said(lines, {"q3": "unreadable"}), []))
        assert run(Judge) == run(Judge) == ["q0/0", "q1/0", "q2/0", None, "q4/0"]
        platform.batches.clear()
        assert run(Judge, retry_failed=True) == ["q0/0", "q1/0", "q2/0", "q3/1", "q4/0"]
        assert platform.sent == ["q3"]
        assert run(Judge) == ["q0/0", "q1/0", "q2/0", "q3/1", "q4/0"]
        assert platform.sent == ["q3"]


def _said(lines: list[Line], texts: dict[str, str]) -> list[bytes]:
    from tests.fakes import answered, said

    made = []
    for line in lines:
        prompt = line["body"]["messages"][-1]["content"]
        body = completion(texts.get(prompt, said(line)))
        made.append(answered(line, response={"status_code": 200, "request_id": "r", "body": body}))
    return made


class TestCommand:
    @pytest.fixture(autouse=True)
    def failed(self, llm: Make, online: Online) -> None:
        """Leave a run in which the platform refused two rows."""
        online.faults = {"q1": 400, "q2": 422}
        self.make = lambda: pipeline(llm(load=False, max_retries=0))
        self.make().run()
        online.faults = {}
        online.asked.clear()

    def invoke(self, *words: str) -> str:
        result = CliRunner().invoke(app, ["retry", *words])
        assert result.exit_code == 0, result.output
        return result.stdout

    @pytest.mark.parametrize(
        ("words", "asked"),
        [
            (("p",), ["q1", "q2"]),
            (("--all",), ["q1", "q2"]),
            (("p", "--code", "http_422"), ["q2"]),
            (("p", "--step", "task"), ["q1", "q2"]),
            (("p", "--step", "other"), []),
        ],
    )
    def test_next_run_asks_for_the_rows_selected_and_the_one_after_for_none(
        self, online: Online, words, asked
    ):
        assert "The next run of pipeline 'p' asks again" in self.invoke(*words)
        self.make().run()
        assert sorted(online.asked) == asked
        online.faults = {"q1": 400}
        self.make().run()
        assert sorted(online.asked) == asked

    def test_selections_add_up_and_json_shows_one(self, online: Online):
        self.invoke("p", "--code", "http_400")
        shown = json.loads(self.invoke("p", "--code", "http_422", "--json"))
        assert shown == {"pipelines": ["p"], "step": None, "code": "http_422", "job": None}
        self.make().run()
        assert sorted(online.asked) == ["q1", "q2"]

    @pytest.mark.parametrize(
        ("words", "text"),
        [((), "Name a pipeline, or give --job or --all."), (("q",), "has no pipeline 'q'; it has 'p'.")],
    )
    def test_pipeline_that_is_not_there_is_reported(self, words, text):
        with pytest.raises(DistilabelUserError, match=text):
            CliRunner().invoke(app, ["retry", *words], catch_exceptions=False, standalone_mode=False)
