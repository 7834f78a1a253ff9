"""A step made of a function, with a runtime parameter that is set when the pipeline is run."""

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.steps.typing import StepOutput

from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step


@step(inputs=["text"], outputs=["words"])
def CountWords(inputs: StepInput, at_least: RuntimeParameter[int] = 0) -> StepOutput:
    for row in inputs:
        row["words"] = max(len(row["text"].split()), at_least)
    yield inputs


with Pipeline() as pipeline:
    load_data = LoadDataFromDicts(data=[{"text": "one"}, {"text": "one two three four"}])
    count_words = CountWords()
    load_data >> count_words


def check(distiset):
    assert distiset["default"]["train"]["words"][:] == [3, 4]


if __name__ == "__main__":
    distiset = pipeline.run(parameters={count_words.name: {"at_least": 3}, load_data.name: {"batch_size": 1}})
