"""Pairs and triplets to train an embedding model with, and data for retrieval that the model makes up."""

import json

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import EmbeddingTaskGenerator, GenerateSentencePair, GenerateTextRetrievalData


def llm():
    return OpenAILLM(model="writer", use_offline_batch_generation=True)


with Pipeline("pairs") as pairs:
    load_data = LoadDataFromDicts(data=[{"sentence": "The tide is out."}, {"sentence": "Bees dance."}])
    load_data >> GenerateSentencePair(
        action="query",
        triplet=True,
        hard_negative=True,
        context="For a search engine on nature.",
        llm=llm(),
        input_mappings={"anchor": "sentence"},
    )

with Pipeline("retrieval") as retrieval:
    tasks = EmbeddingTaskGenerator(category="text-retrieval", flatten_tasks=True, llm=llm())
    tasks >> GenerateTextRetrievalData(
        llm=llm(), language="Basque", query_type="common", clarity="clear", difficulty="college", seed=7
    )


def model_says(model, prompt):
    if "[Anchor]" in prompt:
        anchor = prompt.partition("[Anchor]\n")[2].partition("\n")[0]
        return f"## Positive\nOf {anchor}\n\n## Negative\nNot {anchor}"
    if "user_query" in prompt:
        return json.dumps({"user_query": "q", "positive_document": "p", "hard_negative_document": "n"})
    return '["Find laws.", "Find recipes."]'


def check(distisets):
    if len(distisets[0]) and len(distisets[1]):
        made, found = (list(distiset["default"]["train"]) for distiset in distisets)
        assert [row["positive"] for row in made] == ["Of The tide is out.", "Of Bees dance."]
        assert [row["negative"] for row in made] == ["Not The tide is out.", "Not Bees dance."]
        assert {"sentence", "positive", "negative", "model_name"} == set(made[0])
        assert [row["task"] for row in found] == ["Find laws.", "Find recipes."]
        assert [row["user_query"] for row in found] == ["q", "q"]


if __name__ == "__main__":
    made = pairs.run()
    found = retrieval.run()
    distiset = [made, found] if len(made) and len(found) else []
