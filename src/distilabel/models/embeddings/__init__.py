"""Embedding models: texts in, vectors out."""

from distilabel.models.embeddings.base import Embeddings
from distilabel.models.embeddings.sentence_transformers import SentenceTransformerEmbeddings

__all__ = ["Embeddings", "SentenceTransformerEmbeddings"]
