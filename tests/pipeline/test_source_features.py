"""The features that a source declares: columns that no step writes keep them, in Parquet, in Arrow and after a rerun."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value, load_dataset

from distilabel.distiset import Distiset, create_distiset
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDisk, StepInput, StepOutput, make_generator_step, step
from distilabel.steps.tasks import TextGeneration
from distilabel.testing import FunctionLLM

SENTIMENT = ClassLabel(names=["negative", "positive"])
FEATURES = Features(
    {
        "instruction": Value("string"),
        "sentiment": SENTIMENT,
        "tags": List(ClassLabel(names=["a", "b"])),
        "about": {"kind": ClassLabel(names=["x", "y"]), "note": Value("string")},
        "small": Value("int8"),
        "vector": List(Value("float32")),
        "at": Value("timestamp[ms]"),
        "day": Value("date32"),
        "nothing": Value("int32"),
    }
)
ROWS = [
    {
        "instruction": f"q{number}", "sentiment": number % 2, "tags": [1, 0], "about": {"kind": 1, "note": None},
        "small": number, "vector": [0.1, number / 3], "at": datetime.fromisoformat(f"2026-01-0{number + 1}"), "day": date(2026, 1, 2),
        "nothing": None,
    }
    for number in range(4)
]  # fmt: skip


def source() -> Dataset:
    return Dataset.from_list(ROWS, features=FEATURES)


def run(folder: Path, generator: Any, *more: Any) -> Distiset:
    with Pipeline("features", cache_dir=folder) as pipeline:
        at = generator() >> TextGeneration(
            name="task", llm=FunctionLLM(lambda prompt: prompt), input_batch_size=2
        )
        for each in more:
            at = at >> each()
    return pipeline.run()


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_columns_of_the_source_keep_their_features_also_after_a_rerun(tmp_path: Path, where: str):
    source().save_to_disk(tmp_path / "source")
    generator = {
        "memory": lambda: make_generator_step(source(), batch_size=2),
        "disk": lambda: LoadDataFromDisk(dataset_path=str(tmp_path / "source"), batch_size=2),
    }[where]
    for _ in range(2):
        rows = run(tmp_path / "cache", generator)["default"]["train"]
        assert {name: rows.features[name] for name in FEATURES} == FEATURES
        assert [{name: row[name] for name in FEATURES} for row in rows] == list(source())
        assert rows["generation"][:] == ["q0", "q1", "q2", "q3"]
    (file,) = (tmp_path / "cache").glob("**/*.parquet")
    written = load_dataset("parquet", data_files=str(file), split="train", cache_dir=str(tmp_path / "hf"))
    assert {name: written.features[name] for name in FEATURES} == FEATURES


def test_renamed_columns_keep_their_features(tmp_path: Path):
    rows = run(tmp_path, lambda: make_generator_step(source(), output_mappings={"sentiment": "label"}))[
        "default"
    ]["train"]
    assert rows.features["label"] == SENTIMENT


def test_dataset_given_to_run_keeps_its_features(tmp_path: Path):
    with Pipeline("features", cache_dir=tmp_path) as pipeline:
        TextGeneration(llm=FunctionLLM(lambda prompt: prompt))
    assert pipeline.run(dataset=source())["default"]["train"].features["sentiment"] == SENTIMENT


@step(inputs=["sentiment"], outputs=["sentiment"])
def Named(inputs: StepInput) -> StepOutput:
    for row in inputs:
        row["sentiment"] = SENTIMENT.int2str(row["sentiment"])
    yield inputs


@step(inputs=["instruction"])
def Changed(inputs: StepInput) -> StepOutput:
    """Writes columns that it does not declare."""
    for row in inputs:
        is_late = row["instruction"] == "q3"
        row["sentiment"] = "late" if is_late else row["sentiment"]
        row["small"] = 1000 if is_late else row["small"]
        row["vector"] = [0.1] if is_late else row["vector"]
        row["about"] = {"kind": 1, "note": "n", "more": "m"} if is_late else row["about"]
    yield inputs


def test_column_that_a_step_writes_has_the_type_of_its_values(tmp_path: Path):
    rows = run(tmp_path, lambda: make_generator_step(source()), Named)["default"]["train"]
    assert rows["sentiment"][:] == ["negative", "positive"] * 2
    assert rows.features["tags"] == FEATURES["tags"]


def test_values_that_do_not_fit_are_kept_exactly(tmp_path: Path):
    rows = run(tmp_path, lambda: make_generator_step(source()), Changed)["default"]["train"]
    assert rows["sentiment"][:] == [0, 1, 0, "late"]
    assert rows["small"][:] == [0, 1, 2, 1000]
    assert rows["vector"][3] == [0.1]
    assert rows["about"][3] == {"kind": 1, "note": "n", "more": "m"}
    assert rows.features["tags"] == FEATURES["tags"]
    assert rows.features["at"] == FEATURES["at"]


def test_features_are_read_from_parquet_files(tmp_path: Path):
    folder = tmp_path / "steps_outputs" / "leaf"
    folder.mkdir(parents=True)
    source().to_parquet(folder / "00000.parquet")
    features = create_distiset(tmp_path)["default"]["train"].features
    assert features["sentiment"] == SENTIMENT
    assert features["about"] == FEATURES["about"]
