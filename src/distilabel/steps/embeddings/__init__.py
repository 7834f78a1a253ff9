"""Steps that turn texts into vectors."""

from distilabel.steps.embeddings.generation import EmbeddingGeneration

__all__ = ["EmbeddingGeneration"]
