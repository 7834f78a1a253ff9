"""Computing the embeddings of texts with an embedding model."""

from distilabel.exceptions import DistilabelStepError
from distilabel.models.embeddings.base import Embeddings
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import Step, StepInput
from distilabel.typing import DISTILABEL_METADATA_KEY, EmbeddingOutput, Row, StepColumns, StepOutput

__all__ = ["EmbeddingGeneration"]


class EmbeddingGeneration(Step):
    """Compute the embedding of each text.

    A row without text is not sent to the model: it gets None, and `distilabel_metadata` holds the reason as
    `failure_<step>`. A row for which the model returns no embedding gets the same. Where the model counts tokens, they are
    in `distilabel_metadata` as `statistics_<step>`. With a model that uses offline batch, the step waits for its batch
    jobs as tasks do.

    Attributes:
        embeddings: The embedding model.

    Columns:
        In: `text`. Out: `embedding` (a list of numbers, of the same length in all rows that have one).

    Raises:
        DistilabelStepError: The model did not return one embedding for each text.

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
        """The embeddings."""
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
        """Yield the rows with their embeddings.

        Raises:
            DistilabelStepError: The model did not return one embedding for each text.
        """
        rows = [unusable_row(self, row, "There is no text.") for row in inputs]
        numbers = [number for number, row in enumerate(inputs) if isinstance(row.get("text"), str)]
        outputs = (
            self.embeddings.encode_outputs([inputs[number]["text"] for number in numbers]) if numbers else []
        )
        if len(outputs) != len(numbers):
            raise DistilabelStepError(
                f"Step {self.name!r} sent {len(numbers)} texts and its model returned {len(outputs)} embeddings: encode() "
                "must return one embedding for each text, in the same order."
            )
        for number, output in zip(numbers, outputs, strict=True):
            rows[number] = self._row(inputs[number], output)
        yield rows

    def _row(self, row: Row, output: EmbeddingOutput) -> Row:
        vector = output.get("embedding")
        made = (
            {**row, "embedding": vector}
            if vector is not None
            else unusable_row(self, row, "The model returned no embedding.")
        )
        noted: Row = {}
        if "input_tokens" in output:
            noted[f"statistics_{self.name}"] = {"input_tokens": output["input_tokens"]}
        if "failure" in output:
            noted[f"failure_{self.name}"] = output["failure"]
        return (
            {**made, DISTILABEL_METADATA_KEY: {**(made.get(DISTILABEL_METADATA_KEY) or {}), **noted}}
            if noted
            else made
        )
