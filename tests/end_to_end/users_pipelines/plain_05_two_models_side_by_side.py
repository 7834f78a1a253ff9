"""Two models answer the same rows; their answers are grouped into a list for a judge."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import GroupColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline("side-by-side") as pipeline:
    load_data = LoadDataFromDicts(
        data=[{"instruction": f"Say {n} in words."} for n in range(5)], batch_size=2
    )
    tasks = [
        TextGeneration(name=f"with_{name}", llm=OpenAILLM(model=name), input_batch_size=2)
        for name in ("model-a", "model-b")
    ]
    group = GroupColumns(columns=["generation", "model_name"], output_columns=["generations", "models"])
    load_data >> tasks >> group


def check(distiset):
    for row in distiset["default"]["train"]:
        assert row["models"] == ["model-a", "model-b"]
        assert len(set(row["generations"])) == 2
        assert all(row["instruction"] in text for text in row["generations"])


if __name__ == "__main__":
    distiset = pipeline.run()
