"""The same three steps as `datasets.Dataset.map(batched=True)`, saved to disk: `python -m benchmarks.programs.mapped DIR`."""

import sys
from functools import partial
from typing import Any

from datasets import Dataset, disable_progress_bars


def main() -> None:
    """Add three columns and save."""
    disable_progress_bars()
    dataset = Dataset.from_list([{"text": f"{number}: " + "x" * 240} for number in range(100_000)])
    for number in range(3):
        dataset = dataset.map(partial(_measured, f"length_{number}"), batched=True)
    dataset.save_to_disk(sys.argv[1])


def _measured(name: str, batch: dict[str, list[Any]]) -> dict[str, list[int]]:
    lengths = []
    for text in batch["text"]:
        lengths.append(len(text))  # noqa: PERF401 - a Python loop, as in the steps that it is held against
    return {name: lengths}


if __name__ == "__main__":
    main()
