"""Embedding models in a pipeline, online and by batch, against the embedded platform."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.support.platform import Platform

from distilabel.embeddings import OpenAIEmbeddings
from distilabel.exceptions import DistilabelAuthenticationError
from distilabel.llms import OpenAILLM
from distilabel.models.fields import models_in
from distilabel.pipeline import Pipeline
from distilabel.steps import EmbeddingGeneration, LoadDataFromDicts, StepResources
from distilabel.steps.tasks import TextGeneration

ROWS = [{"text": f"Text number {i // 2}.", "i": i} for i in range(23)]


def model(**arguments: Any) -> OpenAIEmbeddings:
    return OpenAIEmbeddings(
        **{"model": "toy-1", "dimensions": 4, "use_offline_batch_generation": True, **arguments}
    )


def build(rows: list[dict[str, Any]] = ROWS, **arguments: Any) -> Pipeline:
    with Pipeline("embeds", enable_metadata=True) as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=5)
        load >> EmbeddingGeneration(name="embed", embeddings=model(**arguments), input_batch_size=5)
    return pipeline


def rows_of(distiset: Any) -> list[dict[str, Any]]:
    return list(distiset["default"]["train"])


def run_until_done(build: Any, platform: Platform) -> list[dict[str, Any]]:
    for _ in range(8):
        distiset = build().run()
        if len(distiset):
            return rows_of(distiset)
        platform.wait()
    raise AssertionError("never done")


def vectors(texts: list[str]) -> list[list[float] | None]:
    """What the platform answers online."""
    online = model(use_offline_batch_generation=False)
    online.load()
    try:
        return online.encode(texts)
    finally:
        online.unload()


def texts_sent(platform: Platform) -> Counter[str]:
    return Counter(line["body"]["input"] for line in platform.lines() if line["url"] == "/v1/embeddings")


def test_online_rows_have_their_vectors_and_tokens(fast_platform: Platform):
    rows = rows_of(build(use_offline_batch_generation=False).run())
    assert [row["embedding"] for row in rows] == vectors([row["text"] for row in ROWS])
    assert all(row["distilabel_metadata"]["statistics_embed"]["input_tokens"] > 0 for row in rows)
    assert fast_platform.batches() == []


def test_first_run_submits_and_a_later_one_gives_each_row_its_own_vector(fast_platform: Platform):
    pipeline = build()
    assert len(pipeline.run()) == 0
    embeddings = pipeline.dag.steps["embed"].embeddings
    (batch,) = fast_platform.batches()
    assert embeddings.jobs_ids == (batch["id"],)
    fast_platform.wait()
    rows = rows_of(build().run())
    assert [row["i"] for row in rows] == list(range(23))
    assert [row["embedding"] for row in rows] == vectors([row["text"] for row in ROWS])
    assert all(row["distilabel_metadata"]["statistics_embed"]["input_tokens"] > 0 for row in rows)
    assert len(fast_platform.batches()) == 1


def test_rerun_sends_nothing_and_gives_the_same(fast_platform: Platform):
    first = run_until_done(build, fast_platform)
    assert rows_of(build().run()) == first
    assert len(fast_platform.batches()) == 1
    assert texts_sent(fast_platform) == Counter(row["text"] for row in ROWS)


def test_edited_data_pay_for_their_new_rows_alone(fast_platform: Platform):
    run_until_done(build, fast_platform)
    edited = [*ROWS, {"text": "A new text.", "i": 23}]
    rows = run_until_done(lambda: build(edited), fast_platform)
    assert [row["embedding"] for row in rows] == vectors([row["text"] for row in edited])
    assert texts_sent(fast_platform) == Counter(row["text"] for row in edited)


SCRIPT = """
import json, sys
from tests.pipeline.test_embeddings import build, rows_of
distiset = build().run()
print(json.dumps([row["embedding"] for row in rows_of(distiset)] if len(distiset) else None))
"""


@pytest.mark.slow  # whole processes
def test_two_processes_submit_once_and_collect(fast_platform: Platform):
    def run() -> Any:
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]
        )
        return json.loads(done.stdout.splitlines()[-1])

    assert run() is None
    fast_platform.wait()
    assert run() == vectors([row["text"] for row in ROWS])
    assert len(fast_platform.batches()) == 1


def test_polling_blocks_until_done(fast_platform: Platform):
    rows = rows_of(build(offline_batch_generation_block_until_done=0.05).run())
    assert [row["embedding"] for row in rows] == vectors([row["text"] for row in ROWS])


@pytest.mark.parametrize("offline", [False, True])
def test_text_that_the_platform_refuses_has_no_vector_and_the_reason(fast_platform: Platform, offline: bool):
    texts = ["a", "", None, "b"]

    def mixed() -> Pipeline:
        rows = [{"text": text} for text in texts]
        return build(rows, use_offline_batch_generation=offline)

    rows = run_until_done(mixed, fast_platform)
    assert [row["embedding"] for row in rows] == [*vectors(["a"]), None, None, *vectors(["b"])]
    reasons = [row["distilabel_metadata"].get("failure_embed") for row in rows]
    assert (reasons[0], reasons[3]) == (None, None)
    assert reasons[1]["code"] == "invalid_value"
    assert reasons[2]["message"] == "There is no text."
    assert (reasons[1]["job_id"] is not None) == offline


def test_offline_vectors_of_offline_answers(fast_platform: Platform):
    def chained() -> Pipeline:
        with Pipeline("chained") as pipeline:
            load = LoadDataFromDicts(
                data=[{"instruction": f"Question {i}?", "i": i} for i in range(12)], batch_size=4
            )
            llm = OpenAILLM(model="toy-1", use_offline_batch_generation=True)
            task = TextGeneration(llm=llm, input_batch_size=4)
            step = EmbeddingGeneration(
                name="embed", embeddings=model(), input_mappings={"text": "generation"}, input_batch_size=4
            )
            load >> task >> step
        return pipeline

    rows = run_until_done(chained, fast_platform)
    assert [row["i"] for row in rows] == list(range(12))
    assert all(f"Question {row['i']}?" in row["generation"] for row in rows)
    assert [row["embedding"] for row in rows] == vectors([row["generation"] for row in rows])
    assert sorted(batch["endpoint"] for batch in fast_platform.batches()) == [
        "/v1/chat/completions",
        "/v1/embeddings",
    ]
    assert max(texts_sent(fast_platform).values()) == 1


def test_lost_cache_folder_is_recovered_from_the_platform(fast_platform: Platform, tmp_path: Path):
    assert len(build().run()) == 0
    fast_platform.wait()
    (tmp_path / "cache").rename(tmp_path / "lost")
    assert build().recover() == 1
    rows = rows_of(build().run())
    assert [row["embedding"] for row in rows] == vectors([row["text"] for row in ROWS])
    assert len(fast_platform.batches()) == 1


def test_missing_key_is_reported_before_any_work(fast_platform: Platform, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(DistilabelAuthenticationError, match="OpenAIEmbeddings has no key"):
        build().run()


def test_step_whose_model_asks_by_batch_stays_in_the_driver(fast_platform: Platform):
    with Pipeline("placed") as pipeline:
        step = EmbeddingGeneration(embeddings=model(), resources=StepResources(replicas=2))
        LoadDataFromDicts(data=ROWS[:3]) >> step
    assert models_in(step) == [step.embeddings]
    assert len(pipeline.run()) == 0
    fast_platform.wait()
    assert len(rows_of(pipeline.run())) == 3


def test_step_whose_model_asks_online_may_have_worker_processes(fast_platform: Platform):
    with Pipeline("workers") as pipeline:
        step = EmbeddingGeneration(
            embeddings=model(use_offline_batch_generation=False), resources=StepResources(replicas=1)
        )
        LoadDataFromDicts(data=ROWS[:3]) >> step
    rows = rows_of(pipeline.run())
    assert [row["embedding"] for row in rows] == vectors([row["text"] for row in ROWS[:3]])
