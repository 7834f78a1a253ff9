"""A custom generator, resumed by its offset, and columns renamed on the way."""

from distilabel.steps.typing import GeneratorStepOutput

from distilabel.pipeline import Pipeline
from distilabel.steps import GeneratorStep, KeepColumns


class Squares(GeneratorStep):
    until: int

    @property
    def outputs(self) -> list[str]:
        return ["square"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        for start in range(offset, self.until, self.batch_size):
            end = min(start + self.batch_size, self.until)
            yield [{"square": n * n} for n in range(start, end)], end == self.until


with Pipeline("squares") as pipeline:
    squares = Squares(until=7, batch_size=3, output_mappings={"square": "value"})
    squares >> KeepColumns(columns=["value"])


def check(distiset):
    assert distiset["default"]["train"]["value"][:] == [0, 1, 4, 9, 16, 25, 36]


if __name__ == "__main__":
    distiset = pipeline.run(use_cache=False)
