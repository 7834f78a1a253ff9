"""distilabel 1.5.3, three plain steps that each add a column: `... ROWS`."""

import sys

from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step


@step(inputs=["text"], outputs=["length"])
def Measure(inputs: StepInput):  # noqa: ANN201, N802 - it becomes a class
    """Add the length of the text."""
    for row in inputs:
        row["length"] = len(row["text"])
    yield inputs


def main() -> None:
    """Run the pipeline and check the number of rows."""
    count = int(sys.argv[1])
    data = [{"text": f"{number}: " + "x" * 240} for number in range(count)]
    with Pipeline("steps") as pipeline:
        last = LoadDataFromDicts(data=data, batch_size=1000)
        for number in range(3):
            following = Measure(
                name=f"step_{number}", input_batch_size=1000, output_mappings={"length": f"length_{number}"}
            )
            last >> following
            last = following
    assert len(pipeline.run(use_cache=False)["default"]["train"]) == count


if __name__ == "__main__":
    main()
