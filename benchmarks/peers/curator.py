"""bespokelabs-curator by batch, 50,000 requests a batch: `... URL PROMPTS.jsonl`."""

import os
import sys

url, source = sys.argv[1:]
os.environ |= {
    "OPENAI_API_KEY": "k",
    "OPENAI_BASE_URL": url,
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "TELEMETRY_ENABLED": "0",
}

from bespokelabs import curator  # noqa: E402 - the environment comes first
from datasets import load_dataset  # noqa: E402


def main() -> None:
    """Ask and check the number of rows."""
    llm = curator.LLM(
        model_name="gpt-4o-mini",
        backend="openai",
        batch=True,
        backend_params={"batch_size": 50_000, "batch_check_interval": 1, "base_url": url, "api_key": "k"},
    )
    rows = load_dataset("json", data_files=source, split="train").rename_column("instruction", "prompt")
    answers = llm(rows["prompt"][:])
    dataset = getattr(answers, "dataset", answers)
    assert len(dataset) == len(rows), (len(dataset), len(rows))


if __name__ == "__main__":
    main()
