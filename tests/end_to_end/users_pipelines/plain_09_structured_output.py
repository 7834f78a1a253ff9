"""Answers that follow a pydantic model."""

import json

from pydantic import BaseModel

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration


class Person(BaseModel):
    name: str
    age: int


with Pipeline("people") as pipeline:
    load_data = LoadDataFromDicts(
        data=[{"instruction": "Invent a baker."}, {"instruction": "Invent a sailor."}]
    )
    generate = TextGeneration(
        system_prompt="You invent people.",
        llm=OpenAILLM(model="gpt-4o-mini", structured_output={"schema": Person}),
    )
    load_data >> generate


def check(distiset):
    people = [Person(**json.loads(text)) for text in distiset["default"]["train"]["generation"]]
    assert len(people) == 2


if __name__ == "__main__":
    distiset = pipeline.run()
