"""Steps that find which rows to keep: neighbours, duplicates, the best and most diverse."""

from distilabel.steps.filtering.deita import DeitaFiltering
from distilabel.steps.filtering.embedding_dedup import EmbeddingDedup
from distilabel.steps.filtering.minhash import MinHashDedup
from distilabel.steps.filtering.nearest import FaissNearestNeighbour

__all__ = ["DeitaFiltering", "EmbeddingDedup", "FaissNearestNeighbour", "MinHashDedup"]
