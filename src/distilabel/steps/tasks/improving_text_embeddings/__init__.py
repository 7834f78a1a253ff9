"""Tasks that write data to train embedding models, after "Improving Text Embeddings with Large Language Models".

https://arxiv.org/abs/2401.00368: an LLM first writes embedding tasks, then an example of each task; or it writes
sentences of different similarity.
"""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.steps.tasks.improving_text_embeddings.tasks import (
    BitextRetrievalGenerator,
    EmbeddingTaskGenerator,
    GenerateLongTextMatchingData,
    GenerateShortTextMatchingData,
    GenerateTextClassificationData,
    GenerateTextRetrievalData,
    MonolingualTripletGenerator,
)

__all__ = [
    "BitextRetrievalGenerator",
    "EmbeddingTaskGenerator",
    "GenerateLongTextMatchingData",
    "GenerateShortTextMatchingData",
    "GenerateTextClassificationData",
    "GenerateTextRetrievalData",
    "MonolingualTripletGenerator",
]

if not TYPE_CHECKING:  # for the aliases of `distilabel._compat.old_imports`
    __getattr__, __dir__ = attach(__name__, {})
