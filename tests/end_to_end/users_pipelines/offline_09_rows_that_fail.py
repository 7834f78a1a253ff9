"""A custom step that fails for a row, before a task by batch; the other rows go on."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step
from distilabel.steps.tasks import TextGeneration


@step(inputs=["a", "b"], outputs=["instruction"])
def Divide(inputs: StepInput):
    yield [{**row, "instruction": f"What follows from {row['a'] / row['b']}?"} for row in inputs]


with Pipeline(name="rows-that-fail") as pipeline:
    load_data = LoadDataFromDicts(data=[{"a": 1, "b": 2}, {"a": 1, "b": 0}, {"a": 3, "b": 4}])
    (
        load_data
        >> Divide()
        >> TextGeneration(llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True))
    )


def check(distiset):
    rows = distiset["default"]["train"].to_list()
    assert [row["b"] for row in rows] == [2, 0, 4]
    assert rows[1]["instruction"] is rows[1]["generation"] is None
    assert "0.5" in rows[0]["generation"]
    assert "0.75" in rows[2]["generation"]


if __name__ == "__main__":
    distiset = pipeline.run()
