"""One model given to several steps: each asks for itself, online and by batch, and is set for itself."""

from typing import Any

from distilabel.llms import MixtureOfAgentsLLM, OpenAILLM
from distilabel.models import OpenAIEmbeddings
from distilabel.models.fields import isolate_models
from distilabel.pipeline import Pipeline
from distilabel.steps import EmbeddingGeneration, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from tests.steps.fakes import EchoLLM
from tests.support.platform import Platform

ROWS = [{"instruction": f"Say {n}"} for n in range(3)]


def chain(llm: Any) -> Pipeline:
    with Pipeline("shared") as pipeline:
        first = TextGeneration(name="first", llm=llm, output_mappings={"generation": "draft"})
        second = TextGeneration(name="second", llm=llm, input_mappings={"instruction": "draft"})
        LoadDataFromDicts(data=ROWS) >> first >> second
    return pipeline


def run_until_done(make: Any, platform: Platform) -> list[dict[str, Any]]:
    for _ in range(6):
        distiset = make().run()
        if len(distiset):
            return list(distiset["default"]["train"])
        platform.wait()
    raise AssertionError("never done")


def test_steps_that_share_an_llm_ask_by_batch_each_for_itself(fast_platform: Platform):
    def make() -> Pipeline:
        return chain(OpenAILLM(model="m", use_offline_batch_generation=True))

    rows = run_until_done(make, fast_platform)
    assert [f'"{row["instruction"]}"' in row["draft"] for row in rows] == [True] * 3
    assert [row["draft"][:40] in row["generation"] for row in rows] == [True] * 3
    scopes = [batch["metadata"]["scope"] for batch in fast_platform.batches()]
    assert scopes == ["shared/first", "shared/second"]
    assert max(fast_platform.prompts().values()) == 1


def test_steps_that_share_it_in_a_mixture_or_an_embedding_model_too(fast_platform: Platform):
    def make() -> Pipeline:
        one = OpenAILLM(model="m", use_offline_batch_generation=True)
        embeddings = OpenAIEmbeddings(model="e", use_offline_batch_generation=True)
        with Pipeline("more") as pipeline:
            load = LoadDataFromDicts(data=[{**row, "text": "t"} for row in ROWS])
            load >> [
                TextGeneration(name="alone", llm=one),
                TextGeneration(
                    name="mixed", llm=MixtureOfAgentsLLM(aggregator_llm=one, proposers_llms=[one, one])
                ),
                EmbeddingGeneration(name="a", embeddings=embeddings),
                EmbeddingGeneration(name="b", embeddings=embeddings),
            ]
        return pipeline

    for _ in range(6):
        distiset = make().run()
        if len(distiset):
            break
        fast_platform.wait()
    assert {name: leaf["train"].num_rows for name, leaf in distiset.items()} == dict.fromkeys(
        ["a", "alone", "b", "mixed"], 3
    )


def test_parameter_of_one_step_is_not_the_other_ones(fast_platform: Platform):
    llm = OpenAILLM(model="m")
    pipeline = chain(llm)
    rows = list(
        pipeline.run(parameters={"second": {"llm": {"generation_kwargs": {"max_new_tokens": 2}}}})["default"][
            "train"
        ]
    )
    assert all(len(row["generation"]) == 8 < len(row["draft"]) for row in rows)
    assert llm.generation_kwargs == {}
    assert pipeline.dag.steps["first"].llm is pipeline.dag.steps["second"].llm is llm


def test_model_of_one_step_alone_stays_where_it_is():
    alone, local = OpenAILLM(model="m", api_key="k"), EchoLLM()
    steps = [TextGeneration(llm=alone), TextGeneration(llm=local), TextGeneration(llm=local)]
    with isolate_models(steps):
        assert [step.llm for step in steps] == [alone, local, local]
        assert steps[0].llm is alone
        assert steps[1].llm is steps[2].llm is local
