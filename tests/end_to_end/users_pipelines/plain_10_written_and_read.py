"""A pipeline is saved as YAML, read in again and run on a dataset that is at hand."""

from datasets import Dataset

from distilabel.pipeline import Pipeline
from distilabel.steps import ExpandColumns, KeepColumns

with Pipeline("to-be-read") as built:
    ExpandColumns(columns=["answers"], name="expand") >> KeepColumns(
        columns=["question", "answers"], name="keep"
    )

built.save("to-be-read.yaml", format="yaml")
pipeline = Pipeline.from_yaml("to-be-read.yaml")


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows["answers"][:] == ["a", "b", "c"]
    assert rows["question"][:] == ["x", "x", "y"]


if __name__ == "__main__":
    dataset = Dataset.from_list(
        [{"question": "x", "answers": ["a", "b"]}, {"question": "y", "answers": ["c"]}]
    )
    distiset = pipeline.run(dataset=dataset)
