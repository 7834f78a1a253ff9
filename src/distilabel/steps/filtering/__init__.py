"""Steps that decide which rows to keep: by neighbours, duplicates, quality and diversity."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.steps.filtering.deita import DeitaFiltering
from distilabel.steps.filtering.embedding_dedup import EmbeddingDedup
from distilabel.steps.filtering.minhash import MinHashDedup
from distilabel.steps.filtering.nearest import FaissNearestNeighbour

__all__ = ["DeitaFiltering", "EmbeddingDedup", "FaissNearestNeighbour", "MinHashDedup"]

if not TYPE_CHECKING:  # for the aliases of `distilabel._compat.old_imports`
    __getattr__, __dir__ = attach(__name__, {})
