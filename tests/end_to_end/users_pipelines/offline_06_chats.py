"""Whole chats go in, by batch."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import ChatGeneration

chats = [
    [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": f"And what about number {n}?"},
    ]
    for n in range(3)
]

with Pipeline(name="chats") as pipeline:
    load_data = LoadDataFromDicts(data=[{"messages": chat} for chat in chats])
    load_data >> ChatGeneration(llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True))


def check(distiset):
    for n, row in enumerate(distiset["default"]["train"]):
        assert f"number {n}" in row["generation"]


if __name__ == "__main__":
    distiset = pipeline.run()
