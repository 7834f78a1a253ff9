"""Door for the old import path: the embedding models live in `distilabel.models.embeddings`."""

from distilabel.models.embeddings import Embeddings, SentenceTransformerEmbeddings

__all__ = ["Embeddings", "SentenceTransformerEmbeddings"]
