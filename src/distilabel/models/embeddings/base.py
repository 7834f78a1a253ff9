"""What every embedding model is: texts in, one vector a text out."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from distilabel.config import dump, runtime_parameters_info, set_runtime_parameters, signature
from distilabel.exceptions import DistilabelNotImplementedError
from distilabel.models.offline_fields import without_offline
from distilabel.typing import EmbeddingOutput

__all__ = ["Embeddings"]


class Embeddings(BaseModel):
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

    model_config = ConfigDict(
        arbitrary_types_allowed=True, validate_assignment=True, extra="forbid", protected_namespaces=()
    )

    @model_validator(mode="before")
    @classmethod
    def _check_offline_is_known(cls, values: Any) -> Any:
        return without_offline(cls, values, instead="OpenAIEmbeddings")

    @property
    def model_name(self) -> str:
        """The model's name."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the property `model_name`.")

    def load(self) -> None:
        """Get ready: open connections, load weights. Called once before anything is encoded."""

    def unload(self) -> None:
        """Let go of what `load` took."""

    def encode(self, inputs: list[str]) -> Sequence[list[float] | None]:  # noqa: ARG002 - each model has its own
        """Give one vector a text, in their order, all equally long; None for a text that has none."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `encode`.")

    def encode_outputs(self, inputs: list[str]) -> list[EmbeddingOutput]:
        """Give one output a text, in their order: its vector and what the model tells beside it."""
        return [{"embedding": vector} for vector in self.encode(inputs)]

    @property
    def signature(self) -> str:
        """40 hexadecimal digits for what the model declares."""
        return signature(self)

    def dump(self) -> dict[str, Any]:
        """Give the model as plain values, without secrets."""
        return dump(self)

    def set_runtime_parameters(self, runtime_parameters: dict[str, Any]) -> list[str]:
        """Set runtime parameters by name; returns a sentence for each name that is not known."""
        return set_runtime_parameters(self, runtime_parameters)

    def get_runtime_parameters_info(self) -> list[dict[str, Any]]:
        """Describe the runtime parameters."""
        return runtime_parameters_info(self)
