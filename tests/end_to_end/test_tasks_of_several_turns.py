"""Tasks that ask several times for each row, and those that ask of all rows or for images, offline.

Run after run, and process after process: each turn is one job, and nothing is sent twice.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Optional

import pytest

import distilabel
from distilabel.distiset import Distiset
from distilabel.llms import MixtureOfAgentsLLM, OpenAILLM
from distilabel.models.image_generation import OpenAIImageGeneration
from distilabel.models.llms.magpie import add_pre_query
from distilabel.pipeline import Pipeline
from distilabel.server.toy_model import endpoints as toy
from distilabel.server.toy_model.png import square
from distilabel.steps import ExpandColumns, LoadDataFromDicts
from distilabel.steps.tasks import (
    APIGenExecutionChecker,
    APIGenGenerator,
    APIGenSemanticChecker,
    EvolComplexity,
    EvolComplexityGenerator,
    EvolInstruct,
    EvolInstructGenerator,
    EvolQuality,
    FormatPRM,
    ImageGeneration,
    Magpie,
    MagpieGenerator,
    MathShepherdCompleter,
    MathShepherdGenerator,
    TextClustering,
    TextGeneration,
)
from tests.fakes import completion
from tests.support.platform import Platform, ledger_rows
from tests.support.process import run

pytestmark = pytest.mark.slow  # a process for each round of each task

Row = dict[str, Any]
Make = Callable[..., Any]

ROWS = [
    {
        "i": i,
        "instruction": f"What is {i} + {i}?",
        "response": f"It is {2 * i}.",
        "golden_solution": ["Step 1: So.", f"Step 2: The answer is: {2 * i}"],
        "solutions": [["Step 1: Add.", f"Step 2: The answer is: {n}"] for n in (2 * i, 7)],
        "func_name": "double",
        "func_desc": f"Doubles {i}.",
        "examples": "",
        "text": f"Text {i}.",
        "cluster_label": i % 2,
    }
    for i in range(5)
]


class RawOpenAI(OpenAILLM):
    """Sends raw text, by a small chat template."""

    use_magpie_template: bool = True
    magpie_pre_query_template: str = "llama3"

    def request(self, input: Any, temperature: Optional[float] = None) -> dict[str, Any]:
        rendered = "".join(f"<{message['role']}>{message['content']}" for message in input)
        prompt = add_pre_query(rendered, input, self)
        return {"model": self.model, "messages": [{"role": "user", "content": prompt}]}


def said(body: dict[str, Any]) -> str:
    """What the model says: the same to the same body, and something else to each other one."""
    digest = blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=6).hexdigest()
    text = "\n".join(message["content"] for message in body["messages"])
    if "You finish solutions" in text or "You solve mathematical" in text:
        return f"Step 2: By {digest}.\nStep 3: The answer is: {int(digest, 16) % 9}"
    if "You write training data" in text:
        call = {"name": "double", "arguments": {"x": int(digest, 16) % 100}}
        return json.dumps([{"query": f"Double it, {digest}!", "answers": [call]}])
    if "texts of one group" in text:
        return json.dumps([digest])
    if "You check training data" in text:
        return json.dumps({"thought": digest, "passes": "yes"})
    return f"Something about {digest}, please."


class Model:
    """Answers in the place of the toy, as `say` says: a text, or None to refuse."""

    def __init__(self) -> None:
        self.say: Callable[[dict[str, Any]], str | None] = said

    async def answer(self, endpoint: str, body: dict[str, Any], custom_id: str) -> tuple[int, dict[str, Any]]:
        if endpoint == "/v1/images/generations":
            image = base64.b64encode(square(blake2b(body["prompt"].encode(), digest_size=3).digest()))
            return 200, {"created": 1, "data": [{"b64_json": image.decode()}]}
        text = self.say(body)
        if text is None:
            return 400, {"error": {"message": "Too odd.", "code": "odd"}}
        return 200, completion(text)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """Replace the toy. A platform takes it when it starts: name this fixture before the platform's."""
    made = Model()
    monkeypatch.setattr(toy, "answer", made.answer)
    return made


@dataclass(frozen=True)
class Case:
    """A task, how many turns it takes, and how many requests that makes in all."""

    make: Make
    turns: int
    requests: int
    generates: bool = False
    llm: type[OpenAILLM] = OpenAILLM
    after: tuple[Make, ...] = ()


def moa(llm: Any, **fields: Any) -> Any:
    mixture = MixtureOfAgentsLLM(
        aggregator_llm=llm,
        proposers_llms=[
            OpenAILLM(
                model=llm.model,
                use_offline_batch_generation=llm.use_offline_batch_generation,
                offline_batch_generation_block_until_done=llm.offline_batch_generation_block_until_done,
            )
            for _ in range(2)
        ],
        rounds=2,
    )
    return TextGeneration(llm=mixture, **fields)


def painted(llm: Any, **fields: Any) -> Any:
    model = OpenAIImageGeneration(
        model=llm.model,
        use_offline_batch_generation=llm.use_offline_batch_generation,
        offline_batch_generation_block_until_done=llm.offline_batch_generation_block_until_done,
    )
    return ImageGeneration(image_generation_model=model, input_mappings={"prompt": "instruction"}, **fields)


SHORT = {"min_length": 5, "max_length": 400, "batch_size": 2}
CASES = {
    "EvolInstruct": Case(
        lambda **f: EvolInstruct(num_evolutions=2, store_evolutions=True, generate_answers=True, **f),
        3,
        5 * 4,
    ),
    "EvolComplexity": Case(lambda **f: EvolComplexity(num_evolutions=1, num_generations=2, **f), 1, 5 * 2),
    "EvolQuality": Case(lambda **f: EvolQuality(num_evolutions=2, **f), 2, 5 * 2),
    "EvolInstructGenerator": Case(
        lambda **f: EvolInstructGenerator(num_instructions=5, generate_answers=True, **SHORT, **f),
        3,
        5 * 3,
        True,
    ),
    "EvolComplexityGenerator": Case(
        lambda **f: EvolComplexityGenerator(num_instructions=5, **SHORT, **f), 2, 5 * 2, True
    ),
    "Magpie": Case(
        lambda **f: Magpie(n_turns=2, system_prompt=["Be odd.", "Be even."], **f), 4, 5 * 4, llm=RawOpenAI
    ),
    "MagpieGenerator": Case(
        lambda **f: MagpieGenerator(num_rows=5, batch_size=2, system_prompt={"a": "A", "b": "B"}, **f),
        2,
        5 * 2,
        True,
        RawOpenAI,
    ),
    "MathShepherdGenerator": Case(lambda **f: MathShepherdGenerator(M=2, **f), 1, 5 * 2),
    "MathShepherdCompleter": Case(
        lambda **f: MathShepherdCompleter(N=2, **f),
        1,
        5 * 2 * 2,
        after=(lambda: ExpandColumns(columns=["solutions"]), FormatPRM),
    ),
    "APIGenGenerator": Case(
        APIGenGenerator,
        1,
        5,
        after=(lambda: APIGenExecutionChecker(libpath="functions.py"),),
    ),
    "APIGenSemanticChecker": Case(
        lambda **f: APIGenSemanticChecker(
            input_mappings={"query": "instruction", "answers": "response", "execution_result": "response"},
            **f,
        ),
        1,
        5,
    ),
    "ImageGeneration": Case(painted, 1, 5),
    "MixtureOfAgentsLLM": Case(moa, 3, 5 * (2 * 2 + 1)),
    "TextClustering": Case(lambda **f: TextClustering(savefig=False, **f), 1, 2),
}


def build(case: Case, name: str, *, offline: bool, every: float | None = None) -> Pipeline:
    """A pipeline made again, as a new process would make it."""
    llm = case.llm(
        model="toy-1",
        use_offline_batch_generation=offline,
        offline_batch_generation_block_until_done=every,
    )
    with Pipeline(f"{name}-{'offline' if offline else 'online'}", enable_metadata=True) as pipeline:
        task = case.make(llm=llm, name="task", **({} if case.generates else {"input_batch_size": 2}))
        last = task if case.generates else LoadDataFromDicts(data=ROWS, batch_size=2) >> task
        for after in case.after:
            last = last >> after()
    return pipeline


def rows_of(distiset: Distiset) -> list[Row]:
    return list(distiset["default"]["train"])


def run_until_done(make: Callable[[], Pipeline], platform: Platform) -> tuple[Distiset, int]:
    """Run, come back, run again; returns what came of it and how many runs came back empty."""
    for empty in range(9):
        distiset = make().run()
        if len(distiset):
            return distiset, empty
        platform.wait()
    raise AssertionError("never done")


@pytest.mark.parametrize("name", CASES)
def test_task_runs_offline_turn_by_turn_and_gives_what_it_gives_online(
    name: str, model: Model, fast_platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "functions.py").write_text("def double(x): return 2 * x\n")
    case = CASES[name]
    distiset, empty = run_until_done(lambda: build(case, name, offline=True), fast_platform)
    rows = rows_of(distiset)
    assert distiset.failures == {}
    # All chunks take a turn together, in one job; nothing was sent twice, and a further run sends nothing.
    assert empty == len(fast_platform.batches()) == case.turns
    assert len(fast_platform.lines()) == case.requests
    assert rows_of(build(case, name, offline=True).run()) == rows
    assert len(fast_platform.lines()) == case.requests
    assert rows_of(build(case, name, offline=False).run()) == rows
    assert None not in [value for row in rows for key, value in row.items() if key != "distilabel_metadata"]


def test_rows_of_a_generator_differ_and_stay_as_they_are_when_a_chunk_is_lost(
    fast_platform: Platform, tmp_path: Path
):
    # All ask the same: only who asked what tells one row's answer from another's.
    case = Case(lambda **f: MagpieGenerator(num_rows=6, batch_size=2, **f), 2, 12, True, RawOpenAI)
    distiset, _ = run_until_done(lambda: build(case, "g", offline=True), fast_platform)
    rows = rows_of(distiset)
    assert len({row["instruction"] for row in rows}) == 6
    assert all(row["instruction"][:30] in row["response"] for row in rows)
    (chunks,) = (tmp_path / "cache").rglob("task.chunks")
    for lost in (1, 200, 2_000):
        with chunks.open("r+b") as file:
            file.truncate(chunks.stat().st_size - lost)
        assert rows_of(build(case, "g", offline=True).run()) == rows
    assert len(fast_platform.lines()) == 12


def test_refused_turn_costs_its_row_alone_and_says_why(model: Model, fast_platform: Platform):
    def say(body: dict[str, Any]) -> str | None:
        prompt = body["messages"][-1]["content"]
        given = prompt.partition("<instruction>\n")[2].partition("\n</instruction>")[0]
        if given in ("What is 3 + 3?", "evolved What is 1 + 1?"):
            return None
        return f"evolved {given}" if given else f"answer to {prompt}"

    model.say = say
    case = Case(lambda **f: EvolInstruct(num_evolutions=2, generate_answers=True, **f), 3, 5 + 4 + 3)
    distiset, _ = run_until_done(lambda: build(case, "refused", offline=True), fast_platform)
    for row in rows_of(distiset):
        twice = f"evolved evolved {row['instruction']}"
        reason = row["distilabel_metadata"].get("failure_task")
        if row["i"] in (1, 3):
            assert (row["evolved_instruction"], row["answer"], reason["code"]) == (None, None, "odd")
            assert reason["job_id"].startswith("batch_")
        else:
            assert (row["evolved_instruction"], row["answer"], reason) == (twice, f"answer to {twice}", None)
    assert distiset.failures == {"task": 2}
    assert len(fast_platform.lines()) == case.requests


def test_refused_rows_of_a_generator_are_counted_and_not_asked_again(model: Model, fast_platform: Platform):
    model.say = lambda body: None if "Be odd." in body["messages"][-1]["content"] else said(body)
    prompts = {"odd": ("Be odd.", 0.5), "even": ("Be even.", 0.5)}
    case = Case(
        lambda **f: MagpieGenerator(num_rows=8, batch_size=3, system_prompt=prompts, **f),
        2,
        0,
        True,
        RawOpenAI,
    )
    distiset, _ = run_until_done(lambda: build(case, "counted", offline=True), fast_platform)
    rows = rows_of(distiset)
    odd = [row["system_prompt_key"] == "odd" for row in rows]
    assert 0 < sum(odd) < 8
    assert [row["instruction"] is None for row in rows] == odd
    assert distiset.failures == {"task": sum(odd)}
    sent = len(fast_platform.lines())
    assert sent == 8 + 8 - sum(odd)
    again = build(case, "counted", offline=True).run()
    assert (rows_of(again), again.failures) == (rows, {"task": sum(odd)})
    assert len(fast_platform.lines()) == sent


ALL = """\
import json
import sys

from tests.end_to_end.test_tasks_of_several_turns import CASES, build, rows_of

for name, case in CASES.items():
    distiset = build(case, name, offline=True, every=float(sys.argv[1]) or None).run()
    rows = rows_of(distiset) if len(distiset) else []
    print("ROWS", json.dumps([name, len(rows), distiset.failures, sum(None in row.values() for row in rows)]), flush=True)
"""


def test_second_process_finishes_what_the_first_has_begun(
    model: Model, fast_platform: Platform, tmp_path: Path
):
    (tmp_path / "functions.py").write_text("def double(x): return 2 * x\n")
    script = tmp_path / "all.py"
    script.write_text(ALL)
    source = Path(distilabel.__file__).parents[1]
    environment = {
        **fast_platform.environment(tmp_path / "cache"),
        "PYTHONPATH": f"{source}:{Path(__file__).parents[2]}",
    }
    printed = []
    for every in ("0", "0.02"):
        lines = run(script, environment, every).lines
        printed.append([json.loads(line.removeprefix("ROWS ")) for line in lines if line.startswith("ROWS ")])
        fast_platform.wait()
    # Two solutions of each row are in separate rows.
    count = {name: 10 if name in ("EvolComplexity", "MathShepherdCompleter") else 5 for name in CASES}
    assert printed[0] == [[name, 0, {}, 0] for name in CASES]
    assert printed[1] == [[name, count[name], {}, 0] for name in CASES]
    assert len(fast_platform.lines()) == sum(case.requests for case in CASES.values())


SCRIPT = """\
from distilabel.llms import MixtureOfAgentsLLM, OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import EvolInstruct, TextGeneration

def llm():
    return OpenAILLM(model="toy-1", use_offline_batch_generation=True)

rows = [{"instruction": f"What is {i} + {i}?"} for i in range(7)]
with Pipeline("evol") as evol:
    LoadDataFromDicts(data=rows, batch_size=3) >> EvolInstruct(llm=llm(), num_evolutions=2, input_batch_size=3)
with Pipeline("mixture") as mixture:
    both = MixtureOfAgentsLLM(aggregator_llm=llm(), proposers_llms=[llm(), llm()])
    LoadDataFromDicts(data=rows, batch_size=3) >> TextGeneration(llm=both, input_batch_size=3)
for pipeline, column in ((evol, "evolved_instruction"), (mixture, "generation")):
    distiset = pipeline.run()
    rows = list(distiset["default"]["train"]) if len(distiset) else []
    print("ROWS", pipeline.name, len(rows), sum(row[column] is not None for row in rows))
"""


def test_processes_take_it_up_where_the_one_before_left_off(fast_platform: Platform, tmp_path: Path):
    script = tmp_path / "turns.py"
    script.write_text(SCRIPT)
    source = str(Path(distilabel.__file__).parents[1])
    environment = {**fast_platform.environment(tmp_path / "cache"), "PYTHONPATH": source}
    printed = []
    for _ in range(3):
        printed.append([line for line in run(script, environment).lines if line.startswith("ROWS")])
        fast_platform.wait()
    assert printed == [["ROWS evol 0 0", "ROWS mixture 0 0"]] * 2 + [["ROWS evol 7 7", "ROWS mixture 7 7"]]
    assert len(fast_platform.lines()) == 7 * 2 + 7 * 3
    assert ledger_rows(tmp_path / "cache", "SELECT count(*) FROM jobs") == [(4,)]
