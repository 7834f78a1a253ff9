"""Functions in place of models: the same answers online and by batch, in this process and in workers."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.pipeline import Pipeline
from distilabel.steps import EmbeddingGeneration, LoadDataFromDicts, StepResources
from distilabel.steps.tasks import TextGeneration
from distilabel.testing import FakePlatform, FunctionEmbeddings, FunctionLLM, ResponseError

ROWS = [{"instruction": text} for text in ("a", "b", "c")]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))


def upper(prompt: str) -> str:
    return prompt.upper()


async def upper_async(prompt: str) -> str:
    return prompt.upper()


def last_of_chat(chat: list[dict[str, Any]]) -> str:
    return f"{chat[-1]['role']}: {chat[-1]['content']}"


def two(prompt: str) -> list[str | None]:
    return [f"{prompt}0", None]


def raising(prompt: str) -> str:
    raise ValueError(f"no answer to {prompt}")


def nothing(prompt: str) -> None:
    return None


def full(prompt: str) -> dict[str, Any]:
    return {
        "generations": [prompt, None],
        "statistics": {"input_tokens": [7, 0], "output_tokens": [9, 0]},
        "logprobs": [[{"token": prompt, "logprob": -0.5}], None],
        "failures": [None, {"code": "refused", "message": "No.", "attempts": 1, "job_id": None}],
        "details": [{"finish_reason": "length", "request_id": "r"}, {}],
    }


def generate(function: Any, count: int, *, offline: bool, **fields: Any) -> dict[str, Any]:
    more = (
        {"use_offline_batch_generation": True, "offline_batch_generation_block_until_done": 0.01}
        if offline
        else {}
    )
    llm = FunctionLLM(function, platform=FakePlatform(), **more, **fields)
    llm.load()
    try:
        (output,) = llm.generate_outputs(inputs=[[{"role": "user", "content": "q"}]], num_generations=count)
    finally:
        llm.unload()
    return output


OFFLINE = pytest.mark.parametrize("offline", [False, True], ids=["online", "offline"])


@OFFLINE
@pytest.mark.parametrize(
    ("function", "texts"),
    [
        (upper, ["Q", "Q", "Q"]),
        (upper_async, ["Q", "Q", "Q"]),
        (last_of_chat, ["user: q"] * 3),
        (two, ["q0", None, "q0"]),
        (nothing, [None] * 3),
        (raising, [None] * 3),
        (lambda prompt: prompt * 2, ["qq"] * 3),
    ],
)
def test_function_gives_the_generations(function: Any, texts: list[str | None], offline: bool):
    assert generate(function, 3, offline=offline)["generations"] == texts


@OFFLINE
def test_what_the_function_raises_is_the_reason(offline: bool):
    (reason,) = generate(raising, 1, offline=offline)["failures"]
    assert (reason["code"], reason["message"]) == ("generation_error", "ValueError: no answer to q")


@OFFLINE
def test_function_chooses_code_and_status_of_its_failure(offline: bool):
    def filtered(prompt: str) -> str:
        raise ResponseError("Blocked.", status=422, code="content_filter")

    (reason,) = generate(filtered, 1, offline=offline)["failures"]
    assert (reason["code"], reason["message"]) == ("content_filter", "Blocked.")


@OFFLINE
def test_full_output_is_kept(offline: bool):
    output = generate(full, 2, offline=offline)
    expected = full("q")
    assert output["generations"] == expected["generations"]
    assert output["statistics"] == expected["statistics"]
    assert output["logprobs"] == expected["logprobs"]
    assert output["details"] == expected["details"]
    assert output["failures"][0] is None
    assert output["failures"][1]["code"] == "refused"


@OFFLINE
def test_generation_arguments_of_other_models_are_taken(offline: bool):
    output = generate(
        upper, 1, offline=offline, generation_kwargs={"temperature": 0.7, "max_new_tokens": 512}
    )
    assert output["generations"] == ["Q"]


def test_temporary_failure_is_submitted_again():
    failures = iter([True, False])

    def unsteady(prompt: str) -> str:
        if next(failures):
            raise ResponseError("Slow down.", status=429)
        return prompt

    output = generate(unsteady, 1, offline=True)
    assert output["generations"] == ["q"]


def pipeline_of(function: Any, **fields: Any) -> Pipeline:
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS)
        load >> TextGeneration(llm=FunctionLLM(function, use_offline_batch_generation=True, **fields))
    return pipeline


def texts(distiset: Any, column: str = "generation") -> list[Any]:
    return list(distiset["default"]["train"][column])


def test_first_run_submits_and_the_next_one_collects():
    platform = FakePlatform()
    assert len(pipeline_of(upper, platform=platform).run()) == 0
    assert platform.prompts == ["a", "b", "c"]
    # Another pipeline object, as in a script that is started again.
    assert texts(pipeline_of(upper, platform=platform).run()) == ["A", "B", "C"]
    assert platform.count("create") == 1


def test_functions_without_a_platform_share_one():
    assert len(pipeline_of(upper).run()) == 0
    assert texts(pipeline_of(upper).run()) == ["A", "B", "C"]


def test_two_functions_at_one_platform_are_not_mixed_up():
    platform = FakePlatform()
    more = {"use_offline_batch_generation": True, "offline_batch_generation_block_until_done": 0.01}
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS)
        first = TextGeneration(llm=FunctionLLM(lambda prompt: f"1{prompt}", platform=platform, **more))
        second = TextGeneration(
            llm=FunctionLLM(lambda prompt: f"2{prompt}", platform=platform, **more),
            output_mappings={"generation": "other"},
        )
        load >> first >> second
    distiset = pipeline.run()
    assert texts(distiset) == ["1a", "1b", "1c"]
    assert texts(distiset, "other") == ["2a", "2b", "2c"]


def test_edited_function_is_asked_again():
    platform = FakePlatform()
    pipeline_of(lambda prompt: f"old {prompt}", platform=platform).run()
    assert len(pipeline_of(lambda prompt: f"new {prompt}", platform=platform).run()) == 0
    found = pipeline_of(lambda prompt: f"new {prompt}", platform=platform).run()
    assert texts(found) == ["new a", "new b", "new c"]


def test_expired_lines_are_submitted_again():
    platform = FakePlatform()
    platform.plan("expired", answered=1)
    pipeline = pipeline_of(upper, platform=platform, offline_batch_generation_block_until_done=0.01)
    assert texts(pipeline.run()) == ["A", "B", "C"]
    assert platform.prompts == ["a", "b", "c", "b", "c"]


def test_function_of_a_module_goes_to_worker_processes():
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS)
        task = TextGeneration(
            llm=FunctionLLM(upper, platform=FakePlatform()), resources=StepResources(replicas=2)
        )
        load >> task
    assert texts(pipeline.run()) == ["A", "B", "C"]


def test_copy_in_another_process_uses_the_shared_platform():
    copy = pickle.loads(pickle.dumps(FunctionLLM(upper, platform=FakePlatform())))
    copy.load()
    assert copy.generate(inputs=[[{"role": "user", "content": "q"}]])[0]["generations"] == ["Q"]


def test_dump_names_the_function():
    assert FunctionLLM(upper).dump()["function"] == {"module": __name__, "name": "upper"}


def test_load_of_images_and_empty_chats_gives_their_text():
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]
    llm = FunctionLLM(upper)
    llm.load()
    outputs = llm.generate(inputs=[[{"role": "user", "content": parts}], []])
    assert [output["generations"] for output in outputs] == [["A"], [""]]


# Embeddings


def vector(text: str) -> list[float] | None:
    return [float(ord(text)), 1.0] if text != "b" else None


def test_embeddings_come_from_the_function():
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=[{"text": text} for text in "abc"])
        load >> EmbeddingGeneration(embeddings=FunctionEmbeddings(vector))
    assert texts(pipeline.run(), "embedding") == [[97.0, 1.0], None, [99.0, 1.0]]


def test_embeddings_come_by_batch_too():
    platform = FakePlatform()
    model = FunctionEmbeddings(vector, platform=platform, use_offline_batch_generation=True)
    model.load()
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
        model.encode(["a", "b"])
    assert platform.prompts == ["a", "b"]
    assert model.encode(["a", "b"]) == [[97.0, 1.0], None]
