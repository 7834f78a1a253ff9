"""Turning texts into vectors, by an embedding model."""

from distilabel.exceptions import DistilabelStepError
from distilabel.models.embeddings.base import Embeddings
from distilabel.steps.base import Step, StepInput
from distilabel.steps.filling import unfilled
from distilabel.typing import StepColumns, StepOutput

__all__ = ["EmbeddingGeneration"]


class EmbeddingGeneration(Step):
    """Give each text its vector.

    A row without text gets None, and `distilabel_metadata` says why; the model is not asked about it.

    Attributes:
        embeddings: The model.

    Columns:
        In: `text`. Out: `embedding` (a list of numbers, as long in all rows).

    Examples:
        >>> from distilabel.models.embeddings import Embeddings
        >>> class Lengths(Embeddings):
        ...     def encode(self, inputs):
        ...         return [[float(len(text))] for text in inputs]
        >>> next(EmbeddingGeneration(embeddings=Lengths()).process([{"text": "abc"}]))
        [{'text': 'abc', 'embedding': [3.0]}]
    """

    embeddings: Embeddings

    @property
    def inputs(self) -> StepColumns:
        """The texts."""
        return ["text"]

    @property
    def outputs(self) -> StepColumns:
        """The vectors."""
        return ["embedding"]

    def load(self) -> None:
        """Load the model."""
        super().load()
        self.embeddings.load()

    def unload(self) -> None:
        """Unload the model."""
        super().unload()
        self.embeddings.unload()

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their vectors.

        Raises:
            DistilabelStepError: The model did not give one vector for each text.
        """
        rows = [unfilled(self, row, "There is no text.") for row in inputs]
        numbers = [number for number, row in enumerate(inputs) if isinstance(row.get("text"), str)]
        vectors = self.embeddings.encode([inputs[number]["text"] for number in numbers]) if numbers else []
        if len(vectors) != len(numbers):
            raise DistilabelStepError(
                f"Step {self.name!r} asked for the vectors of {len(numbers)} texts and its model gave {len(vectors)}: "
                "encode() must return one vector for each text, in their order."
            )
        for number, vector in zip(numbers, vectors, strict=True):
            rows[number] = {**inputs[number], "embedding": vector}
        yield rows
