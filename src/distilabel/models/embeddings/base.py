"""What every embedding model is: texts in, one vector a text out."""

from collections.abc import Sequence
from typing import ClassVar

from distilabel.exceptions import DistilabelNotImplementedError
from distilabel.models.base import Model
from distilabel.typing import EmbeddingOutput

__all__ = ["Embeddings"]


class Embeddings(Model):
    """The base of all embedding models; a subclass gives `model_name` and `encode`.

    Examples:
        >>> class Lengths(Embeddings):
        ...     @property
        ...     def model_name(self):
        ...         return "lengths"
        ...     def encode(self, inputs):
        ...         return [[float(len(text))] for text in inputs]
        >>> Lengths().encode(["a", "bcd"])
        [[1.0], [3.0]]
    """

    _has_offline: ClassVar[str] = "OpenAIEmbeddings"

    def encode(self, inputs: list[str]) -> Sequence[list[float] | None]:  # noqa: ARG002 - each model has its own
        """Give one vector a text, in their order, all equally long; None for a text that has none."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `encode`.")

    def encode_outputs(self, inputs: list[str]) -> list[EmbeddingOutput]:
        """Give one output a text, in their order: its vector and what the model tells beside it."""
        return [{"embedding": vector} for vector in self.encode(inputs)]
