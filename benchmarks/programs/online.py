"""Requests to the realtime endpoint, many in flight: `python -m benchmarks.programs.online [REQUESTS] [IN_FLIGHT]`."""

import sys
from typing import Any

from distilabel.models.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration


def main() -> None:
    """Run the pipeline; check the last row."""
    requests, in_flight = int(sys.argv[1]), int(sys.argv[2])
    data = [{"instruction": f"{number}: " + "x" * 240} for number in range(requests)]
    with Pipeline("online") as pipeline:
        load_data = LoadDataFromDicts(data=data)
        load_data >> TextGeneration(llm=OpenAILLM(model="m", max_concurrent_requests=in_flight))
    rows: Any = pipeline.run(use_cache=False)["default"]["train"]
    assert rows[requests - 1]["generation"] == f"Answer to: {data[-1]['instruction']}"


if __name__ == "__main__":
    main()
