"""A second task by batch works on the answers of the first."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="in-a-row") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"Draft {n}"} for n in range(6)])
    draft = TextGeneration(
        name="draft",
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        output_mappings={"generation": "draft", "model_name": "drafted_by"},
    )
    review = TextGeneration(
        name="review",
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        columns=["instruction", "draft"],
        template="Review {{ instruction }}: {{ draft }}",
    )
    load_data >> draft >> review >> KeepColumns(columns=["instruction", "draft", "generation"])


def check(distiset):
    for row in distiset["default"]["train"]:
        assert row["instruction"] in row["draft"]
        assert f"Review {row['instruction']}" in row["generation"]


if __name__ == "__main__":
    distiset = pipeline.run()
