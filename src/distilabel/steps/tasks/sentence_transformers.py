"""Writing positive and negative sentences for an anchor, to train embedding models."""

from typing import Any, Literal

from distilabel.steps.tasks._core.parsing import as_text, holds_object, sections_of, texts_of, texts_schema
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["GenerateSentencePair"]

_SYSTEM_PROMPT = (
    "You write sentences that serve to train embedding models. You keep exactly to the form asked for."
)
_POSITIVES = {
    "paraphrase": "says the same as the anchor in other words: a paraphrase",
    "semantically-similar": "is about the same subject and close in meaning to the anchor, without being a paraphrase",
    "query": "is a query to which the anchor is the answer",
    "answer": "is the answer to the question or query that the anchor is",
}
_NEGATIVES = {
    "paraphrase": "says something else than the anchor",
    "semantically-similar": "is not close in meaning to the anchor",
    "query": "is a query to which the anchor is not the answer",
    "answer": "does not answer the anchor",
}
_HARD = (
    ", yet is easily mistaken for one that does belong: it has to do with the same subject, and shares words with the "
    "anchor"
)
_PROMPT = """\
Below is an anchor. {wanted}
{context}
[Anchor]
{anchor}

{form}"""


class GenerateSentencePair(Task):
    r"""Write a positive sentence for each anchor, and optionally a negative one, to train embedding models.

    Attributes:
        action: The relation of the positive sentence to the anchor: "paraphrase", "semantically-similar", "query" (the
            anchor answers it) or "answer" (it answers the anchor).
        triplet: Whether to write a negative sentence too; False by default.
        hard_negative: Whether the negative sentence must be easy to confuse with a positive one; False by default.
        context: A description of the purpose of the sentences; empty by default.

    Columns:
        In: `anchor`. Out: `positive`, `negative` if `triplet` is set (None where the answer lacks one of them), and
        `model_name`.

    With `use_default_structured_output=True` the answer is JSON.

    References:
        Sentence-BERT, on training with pairs and triplets: https://arxiv.org/abs/1908.10084

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = "## Positive\nThe cat naps.\n\n## Negative\nThe cat hunts."
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateSentencePair(llm=Scripted(), action="paraphrase", triplet=True)
        >>> row = next(task.process([{"anchor": "The cat sleeps."}]))[0]
        >>> row["positive"], row["negative"]
        ('The cat naps.', 'The cat hunts.')
    """

    action: Literal["paraphrase", "semantically-similar", "query", "answer"]
    triplet: bool = False
    hard_negative: bool = False
    context: str = ""

    @property
    def _kinds(self) -> list[str]:
        return ["positive", "negative"] if self.triplet else ["positive"]

    @property
    def inputs(self) -> StepColumns:
        """The anchor."""
        return ["anchor"]

    @property
    def outputs(self) -> StepColumns:
        """The sentences and `model_name`."""
        return [*self._kinds, "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests the sentences."""
        prompt = _PROMPT.format(
            wanted=self._wanted(),
            context=f"\n[Context]\n{self.context}\n" if self.context else "",
            anchor=input["anchor"],
            form=self._form(),
        )
        return [{"role": "system", "content": _SYSTEM_PROMPT}, {"role": "user", "content": prompt}]

    def _wanted(self) -> str:
        positive = f"Write a positive sentence, one that {_POSITIVES[self.action]}."
        if not self.triplet:
            return positive
        hard = _HARD if self.hard_negative else ""
        return f"{positive} Also write a negative sentence, one that {_NEGATIVES[self.action]}{hard}."

    def _form(self) -> str:
        if self.use_default_structured_output:
            fields = ", ".join(f'"{kind}": "<the {kind} sentence>"' for kind in self._kinds)
            return f"Answer with JSON of exactly this form: {{{fields}}}"
        sections = "\n\n".join(f"## {kind.capitalize()}\n<the {kind} sentence>" for kind in self._kinds)
        return f"Answer in exactly this form:\n\n{sections}"

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the sentences; raises DistilabelGenerationException where one is missing."""
        text = as_text(output)
        return (
            texts_of(text, self._kinds) if holds_object(text, "positive") else sections_of(text, self._kinds)
        )

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer: a text for each sentence."""
        return texts_schema("SentencePair", self._kinds)
