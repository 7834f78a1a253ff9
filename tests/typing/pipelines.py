"""Pipelines, what `run` returns, and how steps are connected."""

import logging
from pathlib import Path
from typing import Any, Literal, assert_type

from distilabel.distiset import Distiset
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline, RayPipeline, routing_batch_function, sample_n_steps
from distilabel.steps import GroupColumns, KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration, UltraFeedback
from distilabel.typing import LoadGroups, PipelineRuntimeParametersInfo


def put_together() -> Pipeline:
    with Pipeline("name", description="text", cache_dir=Path("cache"), requirements=["torch>=2"]) as pipeline:
        assert_type(pipeline, Pipeline)
        load_data = LoadDataFromDicts(data=[{"instruction": "Hi"}], batch_size=10)
        first = TextGeneration(llm=OpenAILLM(model="gpt-4o-mini"), num_generations=2)
        second = TextGeneration(llm=OpenAILLM(model="gpt-4o"), input_mappings={"instruction": "prompt"})
        group = GroupColumns(columns=["generation"], output_columns=["generations"])
        judge = UltraFeedback(llm=OpenAILLM(model="gpt-4o"), aspect="overall-rating")
        load_data >> [first, second] >> group >> judge >> KeepColumns(columns=["ratings"])
        load_data.connect(first, second)
    return pipeline


def run(pipeline: Pipeline) -> Distiset:
    groups: LoadGroups = [["text_generation_0"], ["ultra_feedback_0"]]
    distiset = pipeline.run(
        parameters={
            "load_data_from_dicts_0": {"batch_size": 5},
            "text_generation_0": {"llm": {"timeout": 60}},
        },
        load_groups=groups,
        use_cache=False,
        logging_handlers=[logging.StreamHandler()],
    )
    assert_type(distiset, Distiset)
    assert_type(pipeline.dry_run(batch_size=2), Distiset)
    assert_type(pipeline.run(load_groups="sequential_step_execution"), Distiset)
    assert_type(pipeline.run(dataset=[{"instruction": "Hi"}], dataset_batch_size=2), Distiset)
    pipeline.run(load_groups="sequential")  # type: ignore[arg-type]
    pipeline.run(parameters=["batch_size"])  # type: ignore[arg-type]
    pipeline.run(cache=False)  # type: ignore[call-arg]
    return distiset


def look_at(pipeline: Pipeline) -> None:
    assert_type(pipeline.name, str)
    assert_type(pipeline.cache_dir, Path)
    assert_type(pipeline.signature, str)
    assert_type(pipeline.requirements, list[str])
    assert_type(pipeline.validate(), None)
    assert_type(pipeline.recover(), int)
    assert_type(pipeline.draw("pipeline.svg", top_to_bottom=True), str)
    assert_type(pipeline.get_load_stages(), tuple[list[list[str]], list[list[str]]])
    assert_type(pipeline.ray("ray://head:10001"), RayPipeline)
    information: PipelineRuntimeParametersInfo = pipeline.get_runtime_parameters_info()
    assert_type(information["text_generation_0"][0]["name"], Any)


def write_and_read(pipeline: Pipeline) -> None:
    assert_type(pipeline.dump(), dict[str, Any])
    pipeline.save("pipeline.yaml", format="yaml")
    pipeline.save("pipeline.toml", format="toml")  # type: ignore[arg-type]
    assert_type(Pipeline.from_yaml("pipeline.yaml"), Pipeline)
    assert_type(Pipeline.from_json(Path("pipeline.json")), Pipeline)
    assert_type(Pipeline.from_dict(pipeline.dump()), Pipeline)
    assert_type(RayPipeline.from_dict(pipeline.dump()), RayPipeline)


@routing_batch_function()
def first_two(steps: list[str]) -> list[str]:
    return steps[:2]


def route(load_data: LoadDataFromDicts, task: TextGeneration) -> None:
    load_data >> first_two >> [task] >> KeepColumns(columns=["generation"])
    load_data >> sample_n_steps(1) >> [task]


def use(distiset: Distiset) -> None:
    assert_type(len(distiset), int)
    assert_type(distiset.failures, dict[str, int])
    assert_type(distiset.citations, list[str])
    assert_type(distiset.pipeline_path, Path | None)
    assert_type(distiset.train_test_split(0.9, seed=1), Distiset)
    assert_type(distiset.transform_columns_to_image("image"), Distiset)
    assert_type(distiset.save_to_disk("folder", save_card=False), None)
    assert_type(Distiset.load_from_disk("folder"), Distiset)
    distiset.push_to_hub("me/data", private=True)
    distiset.push_to_hub(private="yes")  # type: ignore[call-arg, arg-type]
    distiset.train_test_split("0.9")  # type: ignore[arg-type]


FORMAT: Literal["json", "yaml"] = "json"
