"""One run of a pipeline of TextGeneration by batch, in a process of its own.

`python -m tests.conformance.client PLATFORM URL MODEL SCENARIO CACHE OUT`: without OUT the run submits and does not wait; with it
the run waits, and writes `[prompt, answer, failure]` for each row.
"""

import json
import sys
from pathlib import Path

from distilabel.models import LLM, AnthropicLLM, OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from tests.conformance.model import REFUSED

__all__ = ["BAD_ROWS", "KEY", "ROWS", "prompts"]

KEY = "sk-conformance-0"
ROWS = 200
BAD_ROWS = 5
_MODELS: dict[str, type[LLM]] = {"openai": OpenAILLM, "anthropic": AnthropicLLM}


def prompts(scenario: str) -> list[str]:
    """Return the prompts of a scenario; those of `bad rows` are refused in part."""
    bad = BAD_ROWS if scenario == "bad rows" else 0
    refused = [f"{REFUSED}: number {number} of {scenario}" for number in range(bad)]
    return refused + [f"Say number {number} of {scenario}." for number in range(ROWS - bad)]


def main(platform: str, url: str, model: str, scenario: str, cache: str, out: str | None = None) -> None:
    """Run the pipeline."""
    llm = _MODELS[platform](
        model=model, base_url=url, api_key=KEY, use_offline_batch_generation=True,
        offline_batch_generation_block_until_done=0.5 if out else None,
    )  # fmt: skip
    with Pipeline(scenario.replace(" ", "-"), cache_dir=cache, enable_metadata=True) as pipeline:
        rows = [{"instruction": prompt} for prompt in prompts(scenario)]
        LoadDataFromDicts(data=rows, batch_size=20) >> TextGeneration(
            name="task", llm=llm, input_batch_size=20
        )
    distiset = pipeline.run()
    if out:
        split = distiset["default"]["train"]
        found = [
            [row["instruction"], row["generation"], (row["distilabel_metadata"] or {}).get("failure_task")]
            for row in split
        ]
        Path(out).write_text(json.dumps(found, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
