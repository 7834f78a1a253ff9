"""Making a query, a document that answers it and one that only seems to."""

from typing import Any, Optional

from distilabel.steps.tasks._core.parsing import texts_of, texts_schema
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.improving_text_embeddings.choices import (
    Clarity,
    Difficulty,
    NumWords,
    QueryLength,
    QueryType,
    chance_of,
    chosen,
    json_prompt,
)
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["GenerateTextRetrievalData"]

_FIELDS = {
    "user_query": "what a user types into a search for this task",
    "positive_document": "a document that serves the query",
    "hard_negative_document": "a document that seems to serve the query, and does so less well or not at all",
}


class GenerateTextRetrievalData(Task):
    """Make an example of a text retrieval task: a query, a document that serves it, and one that only seems to.

    What is left open is drawn for each row, and drawn the same when the row is processed again. The tasks may come
    from `EmbeddingTaskGenerator(category="text-retrieval", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        query_type: "extremely long-tail", "long-tail" or "common".
        query_length: "less than 5 words", "5 to 15 words" or "at least 10 words".
        difficulty: The education that it takes to understand it: "high school", "college" or "PhD".
        clarity: Of the query: "clear", "understandable with some effort" or "ambiguous".
        num_words: The least words that a document has: 50, 100, 200, 300, 400 or 500.
        seed: Another seed draws other values.

    Columns:
        In: `task`, what the retrieval is for. Out: `user_query`, `positive_document` and `hard_negative_document`
        (None where the answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"user_query": "tides", "positive_document": "Moon", "hard_negative_document": "Wind"}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateTextRetrievalData(llm=Scripted())
        >>> next(task.process([{"task": "Find the cause of something in nature."}]))[0]["user_query"]
        'tides'
    """

    language: str = "English"
    query_type: Optional[QueryType] = None
    query_length: Optional[QueryLength] = None
    difficulty: Optional[Difficulty] = None
    clarity: Optional[Clarity] = None
    num_words: Optional[NumWords] = None
    seed: int = 42

    @property
    def inputs(self) -> StepColumns:
        """The retrieval task."""
        return ["task"]

    @property
    def outputs(self) -> StepColumns:
        """The query, the two documents and the model's name."""
        return [*_FIELDS, "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Ask for an example; what is left open is drawn."""
        chance = chance_of(self.random, self.seed)
        kind = chosen(self.query_type, QueryType, chance)
        length = chosen(self.query_length, QueryLength, chance)
        clarity = chosen(self.clarity, Clarity, chance)
        words = chosen(self.num_words, NumWords, chance)
        difficulty = chosen(self.difficulty, Difficulty, chance)
        rules = [
            f"The query is a {kind} one, has {length}, and is {clarity}; its subject may be from any field.",
            "The documents do not copy the query, and hold things that it does not ask for.",
            f"Each document has at least {words} words.",
            f"Everything is in {self.language}.",
            f"To understand it takes {difficulty} education.",
            "The hard negative shares words and subject with the query, but is of less use for it than the positive.",
            "Nothing is explained beside the object, and the query does not speak of documents.",
        ]
        return json_prompt(f"Make one example of this text retrieval task: {input['task']}", _FIELDS, rules)

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the three texts; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, list(_FIELDS))

    def get_structured_output(self) -> dict[str, Any]:
        """Give the JSON schema of the answer."""
        return texts_schema("TextRetrieval", list(_FIELDS))
