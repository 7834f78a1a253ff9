"""Answers by batch: run it twice."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="by-batch") as pipeline:
    load_data = LoadDataFromDicts(
        data=[{"instruction": f"What is {n} times {n}?"} for n in range(12)], batch_size=5
    )
    text_generation = TextGeneration(llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True))
    load_data >> text_generation


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows.num_rows == 12
    assert all(row["instruction"] in row["generation"] for row in rows)


if __name__ == "__main__":
    distiset = pipeline.run()
