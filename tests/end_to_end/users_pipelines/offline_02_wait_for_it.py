"""The program waits for the batch, and looks every so often."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="waiting") as pipeline:
    load_data = LoadDataFromDicts(data=[{"question": "Who?"}, {"question": "What?"}])
    text_generation = TextGeneration(
        llm=OpenAILLM(model="gpt-4o-mini"),
        columns=["question"],
        template="Answer in one word: {{ question }}",
    )
    load_data >> text_generation


def check(distiset):
    assert all(row["question"] in row["generation"] for row in distiset["default"]["train"])


if __name__ == "__main__":
    asking = {"use_offline_batch_generation": True, "offline_batch_generation_block_until_done": 0.05}
    distiset = pipeline.run(parameters={text_generation.name: {"llm": asking}})
