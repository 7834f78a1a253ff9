"""Models: large language models, asked online or by offline batch, and embedding models."""

from distilabel.models.embeddings import Embeddings, SentenceTransformerEmbeddings
from distilabel.models.llms import LLM, AsyncLLM, OpenAILLM

__all__ = [
    "LLM",
    "AsyncLLM",
    "Embeddings",
    "OpenAILLM",
    "SentenceTransformerEmbeddings",
]
