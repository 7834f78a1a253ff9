"""Rows from a list, some steps that each write a column in a Python loop, the Distiset in hand.

`python -m benchmarks.programs.steps [--rows N] [--steps N] [--batch-size N] [--add-columns]`
"""

import argparse
from typing import Any

from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step
from distilabel.typing import StepOutput


@step(inputs=["text"], outputs=["length"])
def Measure(inputs: StepInput) -> StepOutput:  # noqa: N802 - it becomes a class
    """Add the length of the text."""
    for row in inputs:
        row["length"] = len(row["text"])
    yield inputs


def main() -> None:
    """Run the pipeline; check the last row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--add-columns", action="store_true", help="each step adds one column")
    chosen = parser.parse_args()
    data = [{"text": f"{number}: " + "x" * 240} for number in range(chosen.rows)]
    with Pipeline("steps") as pipeline:
        last: Any = LoadDataFromDicts(data=data, batch_size=chosen.batch_size)
        for number in range(chosen.steps):
            last = last >> Measure(
                name=f"step_{number}",
                input_batch_size=chosen.batch_size,
                output_mappings={"length": f"length_{number}"} if chosen.add_columns else {},
            )
    rows: Any = pipeline.run()["default"]["train"]
    assert len(rows) == chosen.rows
    column = f"length_{chosen.steps - 1}" if chosen.add_columns else "length"
    assert rows[len(rows) - 1][column] == len(data[-1]["text"])


if __name__ == "__main__":
    main()
