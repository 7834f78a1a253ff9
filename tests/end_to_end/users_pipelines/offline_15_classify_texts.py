"""Texts of a dataset that is at hand get several labels each, of a list that says what they mean."""

import re

from datasets import Dataset

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps.tasks import TextClassification

with Pipeline(name="label-reviews") as pipeline:
    TextClassification(
        name="classify",
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        n=2,
        context="Reviews of a hotel.",
        available_labels={
            "room": "The room, its bed and bath.",
            "food": "Breakfast and what else is eaten.",
            "people": "Those who work there.",
        },
        default_label="other",
        examples=["The soup was cold -> food"],
        query_title="Review",
        input_mappings={"text": "review"},
        output_mappings={"labels": "topics"},
    )

REVIEWS = Dataset.from_dict({"review": ["Lovely bed, rude staff.", "Great eggs!", "Far from the sea."]})


def model_says(model, prompt):
    review = prompt.partition("[Review]")[2]
    if re.search("bed", review):
        return '{"labels": ["room", "people"]}'
    return '{"labels": ["Food"]}' if "eggs" in review else '{"labels": ["other"]}'


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows["review"][:] == REVIEWS["review"][:]
    assert rows["topics"][:] == [["room", "people"], ["food"], ["other"]]


if __name__ == "__main__":
    distiset = pipeline.run(dataset=REVIEWS)
