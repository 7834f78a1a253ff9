"""Each batch goes to two of three models, picked by chance."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline, sample_n_steps
from distilabel.steps import GroupColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline("routed") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"Question {n}?"} for n in range(8)], batch_size=2)
    tasks = [
        TextGeneration(name=f"task_{letter}", llm=OpenAILLM(model=f"model-{letter}"), input_batch_size=2)
        for letter in "abc"
    ]
    group = GroupColumns(
        columns=["generation", "model_name"],
        output_columns=["generations", "model_names"],
        input_batch_size=2,
    )
    load_data >> sample_n_steps(2) >> tasks >> group


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows["instruction"][:] == [f"Question {n}?" for n in range(8)]
    for row in rows:
        assert len(set(row["model_names"])) == len(row["generations"]) == 2
        assert all(row["instruction"] in text for text in row["generations"])


if __name__ == "__main__":
    distiset = pipeline.run()
