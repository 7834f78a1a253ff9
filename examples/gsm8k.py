"""Solve grade-school maths, then check each solution: two offline tasks in a row.

python examples/gsm8k.py gsm8k_test.jsonl

The file holds one JSON object a line, with `question` and `answer`. Call it again until it is done: a solution is
sent on to be checked as soon as it is there, and nothing is sent twice.
"""

import sys

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromFileSystem
from distilabel.steps.tasks import TextGeneration

REVIEW = """Check this answer. Say "right" or "wrong" first, then why, in one sentence.

Question: {{ instruction }}

Answer: {{ generation }}"""


def make_pipeline(path: str) -> Pipeline:
    """Load, solve, review."""
    with Pipeline(name="gsm8k") as pipeline:
        load_data = LoadDataFromFileSystem(
            data_files=path, filetype="json", output_mappings={"question": "instruction"}
        )
        solve = TextGeneration(
            name="solve",
            llm=OpenAILLM(
                model="gpt-4o-mini",
                use_offline_batch_generation=True,
                generation_kwargs={"max_new_tokens": 512, "temperature": 0.2},
            ),
        )
        review = TextGeneration(
            name="review",
            template=REVIEW,
            columns=["instruction", "generation"],
            output_mappings={"generation": "review", "model_name": "reviewer"},
            llm=OpenAILLM(
                model="gpt-4o-mini",
                use_offline_batch_generation=True,
                generation_kwargs={"max_new_tokens": 256, "temperature": 0.0},
            ),
        )
        load_data >> solve >> review
    return pipeline


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("Usage: python examples/gsm8k.py FILE.jsonl")
    distiset = make_pipeline(sys.argv[1]).run()
    if len(distiset) == 0:
        print("Not ready yet: run the same command again later.")
    else:
        rows = distiset["default"]["train"]
        solved = sum(answer is not None for answer in rows["generation"])
        reviewed = sum(review is not None for review in rows["review"])
        print(f"{len(rows)} questions, {solved} solved, {reviewed} reviewed.")
