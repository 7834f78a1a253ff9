"""A custom route: short batches go one way."""

from distilabel.pipeline import Pipeline, routing_batch_function
from distilabel.steps import KeepColumns, LoadDataFromDicts


@routing_batch_function(description="Always the same branch")
def to_the_second(steps: list[str]) -> list[str]:
    return [steps[1]]


with Pipeline("own-route") as pipeline:
    load_data = LoadDataFromDicts(data=[{"n": 1}, {"n": 2}])
    first, second = KeepColumns(name="first", columns=["n"]), KeepColumns(name="second", columns=["n"])
    load_data.connect(first, second, routing_batch_function=to_the_second)


def check(distiset):
    assert distiset["first"]["train"].num_rows == 0
    assert distiset["second"]["train"]["n"][:] == [1, 2]


if __name__ == "__main__":
    distiset = pipeline.run()
