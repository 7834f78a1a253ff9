"""Rows of a JSONL file, renamed, and a dataset that is split and saved."""

import json
from pathlib import Path

from distilabel.distiset import Distiset
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromFileSystem
from distilabel.steps.tasks import TextGeneration

Path("prompts.jsonl").write_text("".join(json.dumps({"prompt": f"Prompt {n}"}) + "\n" for n in range(10)))

with Pipeline(name="from-a-file") as pipeline:
    load_data = LoadDataFromFileSystem(output_mappings={"prompt": "instruction"})
    text_generation = TextGeneration(llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True))
    load_data >> text_generation


def check(distiset):
    distiset.train_test_split(train_size=0.8, seed=1).save_to_disk("saved")
    found = Distiset.load_from_disk("saved")["default"]
    assert (found["train"].num_rows, found["test"].num_rows) == (8, 2)
    assert all(row["instruction"] in row["generation"] for row in found["train"])


if __name__ == "__main__":
    distiset = pipeline.run(parameters={load_data.name: {"data_files": "prompts.jsonl", "batch_size": 4}})
