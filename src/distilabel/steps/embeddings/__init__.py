"""Steps that compute the embeddings of texts."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.steps.embeddings.generation import EmbeddingGeneration

__all__ = ["EmbeddingGeneration"]

if not TYPE_CHECKING:  # for the aliases of `distilabel._compat.old_imports`
    __getattr__, __dir__ = attach(__name__, {})
