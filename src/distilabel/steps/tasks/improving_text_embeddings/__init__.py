"""Tasks that make data to train embeddings with, after "Improving Text Embeddings with Large Language Models".

https://arxiv.org/abs/2401.00368: first a model thinks of tasks, then it makes an example of each; or it makes sentences
that differ in how close they are.
"""

from distilabel.steps.tasks.improving_text_embeddings.bitext_retrieval import BitextRetrievalGenerator
from distilabel.steps.tasks.improving_text_embeddings.classification import GenerateTextClassificationData
from distilabel.steps.tasks.improving_text_embeddings.embedding_tasks import EmbeddingTaskGenerator
from distilabel.steps.tasks.improving_text_embeddings.long_matching import GenerateLongTextMatchingData
from distilabel.steps.tasks.improving_text_embeddings.monolingual_triplet import MonolingualTripletGenerator
from distilabel.steps.tasks.improving_text_embeddings.retrieval import GenerateTextRetrievalData
from distilabel.steps.tasks.improving_text_embeddings.short_matching import GenerateShortTextMatchingData

__all__ = [
    "BitextRetrievalGenerator",
    "EmbeddingTaskGenerator",
    "GenerateLongTextMatchingData",
    "GenerateShortTextMatchingData",
    "GenerateTextClassificationData",
    "GenerateTextRetrievalData",
    "MonolingualTripletGenerator",
]
