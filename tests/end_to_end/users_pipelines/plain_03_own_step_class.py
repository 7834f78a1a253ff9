"""A custom step as a class, with a field, and a global step that sorts."""

from distilabel.pipeline import Pipeline
from distilabel.steps import GlobalStep, LoadDataFromDicts, Step, StepInput
from distilabel.typing import StepColumns, StepOutput


class Prefix(Step):
    prefix: str

    @property
    def inputs(self) -> StepColumns:
        return ["text"]

    @property
    def outputs(self) -> StepColumns:
        return ["prefixed"]

    def process(self, inputs: StepInput) -> StepOutput:
        for row in inputs:
            row["prefixed"] = self.prefix + row["text"]
        yield inputs


class SortByLength(GlobalStep):
    @property
    def inputs(self) -> list[str]:
        return ["text"]

    def process(self, inputs: StepInput) -> StepOutput:
        yield sorted(inputs, key=lambda row: len(row["text"]))


with Pipeline("own-classes") as pipeline:
    (
        LoadDataFromDicts(data=[{"text": "ccc"}, {"text": "a"}, {"text": "bb"}], batch_size=1)
        >> Prefix(prefix="> ", input_batch_size=2)
        >> SortByLength()
    )


def check(distiset):
    assert distiset["default"]["train"]["prefixed"][:] == ["> a", "> bb", "> ccc"]


if __name__ == "__main__":
    distiset = pipeline.run()
