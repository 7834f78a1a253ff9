"""Embedding models: online, by offline batch, or in this process."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach

if TYPE_CHECKING:
    from distilabel.models.embeddings.base import Embeddings
    from distilabel.models.embeddings.gemini import GeminiEmbeddings
    from distilabel.models.embeddings.llamacpp import LlamaCppEmbeddings
    from distilabel.models.embeddings.mistral import MistralEmbeddings
    from distilabel.models.embeddings.openai import OpenAIEmbeddings
    from distilabel.models.embeddings.remote import RemoteEmbeddings
    from distilabel.models.embeddings.sentence_transformers import SentenceTransformerEmbeddings
    from distilabel.models.embeddings.vllm import vLLMEmbeddings

__all__ = [
    "Embeddings",
    "GeminiEmbeddings",
    "LlamaCppEmbeddings",
    "MistralEmbeddings",
    "OpenAIEmbeddings",
    "RemoteEmbeddings",
    "SentenceTransformerEmbeddings",
    "vLLMEmbeddings",
]

_PLACES = {
    "Embeddings": "distilabel.models.embeddings.base",
    "GeminiEmbeddings": "distilabel.models.embeddings.gemini",
    "LlamaCppEmbeddings": "distilabel.models.embeddings.llamacpp",
    "MistralEmbeddings": "distilabel.models.embeddings.mistral",
    "OpenAIEmbeddings": "distilabel.models.embeddings.openai",
    "RemoteEmbeddings": "distilabel.models.embeddings.remote",
    "SentenceTransformerEmbeddings": "distilabel.models.embeddings.sentence_transformers",
    "vLLMEmbeddings": "distilabel.models.embeddings.vllm",
}

if not TYPE_CHECKING:  # with __getattr__ in view, a type checker accepts any name
    __getattr__, __dir__ = attach(__name__, _PLACES)
