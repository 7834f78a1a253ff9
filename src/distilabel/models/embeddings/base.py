"""The base class of embedding models."""

from collections.abc import Sequence
from typing import ClassVar

from distilabel.exceptions import DistilabelNotImplementedError
from distilabel.models.base import Model
from distilabel.typing import EmbeddingOutput

__all__ = ["Embeddings"]


class Embeddings(Model):
    """The base of all embedding models; a subclass defines `model_name` and `encode`.

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

    def encode(self, inputs: list[str]) -> Sequence[list[float] | None]:  # noqa: ARG002 - subclasses use it
        """Return one vector for each text, in the same order, all of the same length.

        None stands for a text without a vector.
        """
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `encode`.")

    def encode_outputs(self, inputs: list[str]) -> list[EmbeddingOutput]:
        """Return one output for each text, in the same order: its vector and details."""
        return [{"embedding": vector} for vector in self.encode(inputs)]
