"""Several answers to each row, grouped, by batch; equal prompts get different answers."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="several") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": "Tell me a story."}] * 3)
    load_data >> TextGeneration(
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        num_generations=2,
        group_generations=True,
    )

ASKED_OFTEN = True


def check(distiset):
    rows = distiset["default"]["train"]
    stories = [text for row in rows for text in row["generation"]]
    assert len(stories) == len(set(stories)) == 6


if __name__ == "__main__":
    distiset = pipeline.run()
