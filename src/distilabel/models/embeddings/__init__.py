"""Embedding models: texts in, vectors out; asked online, by offline batch, or run in this process."""

from typing import TYPE_CHECKING

from distilabel.lazily import loaded_by_name

if TYPE_CHECKING:
    from distilabel.models.embeddings.base import Embeddings
    from distilabel.models.embeddings.gemini import GeminiEmbeddings
    from distilabel.models.embeddings.mistral import MistralEmbeddings
    from distilabel.models.embeddings.openai import OpenAIEmbeddings
    from distilabel.models.embeddings.remote import RemoteEmbeddings
    from distilabel.models.embeddings.sentence_transformers import SentenceTransformerEmbeddings

__all__ = [
    "Embeddings",
    "GeminiEmbeddings",
    "MistralEmbeddings",
    "OpenAIEmbeddings",
    "RemoteEmbeddings",
    "SentenceTransformerEmbeddings",
]

_PLACES = {
    "Embeddings": "distilabel.models.embeddings.base",
    "GeminiEmbeddings": "distilabel.models.embeddings.gemini",
    "MistralEmbeddings": "distilabel.models.embeddings.mistral",
    "OpenAIEmbeddings": "distilabel.models.embeddings.openai",
    "RemoteEmbeddings": "distilabel.models.embeddings.remote",
    "SentenceTransformerEmbeddings": "distilabel.models.embeddings.sentence_transformers",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = loaded_by_name(__name__, _PLACES)
