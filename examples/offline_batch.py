"""Fifty instructions answered at batch price: run this once to submit them, and again to collect.

python examples/offline_batch.py

Reads OPENAI_API_KEY and, for any platform that speaks OpenAI's dialect, OPENAI_BASE_URL.
"""

from pathlib import Path

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromHub
from distilabel.steps.tasks import TextGeneration

DATA = Path(__file__).parent / "data"
RESULT = Path(".demo/dataset.parquet")

with Pipeline(name="offline-batch", enable_metadata=True) as pipeline:
    load_data = LoadDataFromHub(output_mappings={"prompt": "instruction"})
    text_generation = TextGeneration(
        llm=OpenAILLM(
            model="gpt-4o-mini",
            use_offline_batch_generation=True,
            generation_kwargs={"max_new_tokens": 512},
        )
    )
    load_data >> text_generation


if __name__ == "__main__":
    distiset = pipeline.run(parameters={load_data.name: {"repo_id": str(DATA), "split": "train"}})
    if len(distiset) == 0:
        print("The Distiset is empty: the answers are not ready. Run the same command again later.")
    else:
        rows = distiset["default"]["train"]
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(RESULT)
        print(f"{len(rows)} rows are in {RESULT}.")
