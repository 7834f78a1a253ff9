"""Prompts from a file, one offline task that polls, the Distiset in hand.

`python -m benchmarks.programs.batch PROMPTS.jsonl [--batch-size N] [--per-job N] [--not-durable]`; where the platform
is and where the cache lies come from the environment.
"""

import argparse
import os
from collections.abc import Callable
from typing import Any

from distilabel.ledger import database
from distilabel.models.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromFileSystem
from distilabel.steps.tasks import TextGeneration


def main() -> None:
    """Run the pipeline; check the first row and the last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--per-job", type=int)
    parser.add_argument("--not-durable", action="store_true")
    chosen = parser.parse_args()
    if chosen.not_durable:
        _wait_for_no_disk()
    with Pipeline("bench") as pipeline:
        load_data = LoadDataFromFileSystem(data_files=chosen.source, batch_size=chosen.batch_size)
        llm = OpenAILLM(
            model="m",
            use_offline_batch_generation=True,
            offline_batch_generation_block_until_done=1,
            offline_batch_options={"max_requests": chosen.per_job} if chosen.per_job else {},
        )
        load_data >> TextGeneration(llm=llm, input_batch_size=chosen.batch_size)
    rows: Any = pipeline.run()["default"]["train"]
    for row in (rows[0], rows[len(rows) - 1]):
        assert row["generation"] == f"Answer to: {row['instruction']}", row


def _wait_for_no_disk() -> None:
    """Have nothing wait until it is on disk: what the promise costs is the difference."""
    do_nothing: Callable[[int], None] = lambda _: None  # noqa: E731
    os.fsync = do_nothing
    database.SYNCHRONOUS.update({True: "OFF", False: "OFF"})


if __name__ == "__main__":
    main()
