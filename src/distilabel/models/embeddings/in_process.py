"""The base of embedding models that run in this process."""

from typing import Any, ClassVar

from pydantic import PrivateAttr

from distilabel.models.embeddings.base import Embeddings

__all__ = ["InProcessEmbeddings"]


class InProcessEmbeddings(Embeddings):
    """The base of embedding models that load weights themselves.

    In a pipeline their steps run in worker processes. A pickled copy has no weights, and loads them on first use.

    Attributes:
        in_process: Class attribute: True.
    """

    in_process: ClassVar[bool] = True
    _stays_behind: ClassVar[frozenset[str]] = frozenset({"_model"})

    _model: Any = PrivateAttr(default=None)

    def unload(self) -> None:
        """Release the weights."""
        super().unload()
        self._model = None

    @property
    def _loaded(self) -> Any:
        if self._model is None:
            self.load()
        return self._model
