"""Load rows from dicts and have a model answer each."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="generate-text", description="One answer a row") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": "Name a colour."}, {"instruction": "Name a fruit."}])
    text_generation = TextGeneration(
        llm=OpenAILLM(model="gpt-4o-mini", generation_kwargs={"temperature": 0.7, "max_new_tokens": 64})
    )
    load_data >> text_generation


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows.column_names == ["instruction", "generation", "model_name"]
    assert all(row["instruction"] in row["generation"] for row in rows)


if __name__ == "__main__":
    distiset = pipeline.run()
