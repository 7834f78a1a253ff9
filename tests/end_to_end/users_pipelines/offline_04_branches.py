"""Two branches by batch at the same time, put side by side."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import GroupColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="branches") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"Thing {n}"} for n in range(5)], batch_size=2)
    praise = TextGeneration(
        name="praise",
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        system_prompt="You praise.",
        input_batch_size=2,
    )
    blame = TextGeneration(
        name="blame",
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        system_prompt="You blame.",
        input_batch_size=2,
    )
    load_data >> [praise, blame] >> GroupColumns(columns=["generation"], output_columns=["generations"])

ASKED_OFTEN = True  # each branch asks for itself


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows["instruction"][:] == [f"Thing {n}" for n in range(5)]
    assert all(row["instruction"] in text for row in rows for text in row["generations"])


if __name__ == "__main__":
    distiset = pipeline.run()
