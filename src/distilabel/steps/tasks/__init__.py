"""Tasks: steps that ask an LLM. Each is loaded when it is first named, so that nobody waits for those he does not use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distilabel.steps.tasks.base import GeneratorTask, GlobalTask, Task
    from distilabel.steps.tasks.chat_generation import ChatGeneration
    from distilabel.steps.tasks.clair import CLAIR
    from distilabel.steps.tasks.complexity_scorer import ComplexityScorer
    from distilabel.steps.tasks.decorator import task
    from distilabel.steps.tasks.genstruct import Genstruct
    from distilabel.steps.tasks.improving_text_embeddings import (
        BitextRetrievalGenerator,
        EmbeddingTaskGenerator,
        GenerateLongTextMatchingData,
        GenerateShortTextMatchingData,
        GenerateTextClassificationData,
        GenerateTextRetrievalData,
        MonolingualTripletGenerator,
    )
    from distilabel.steps.tasks.instruction_backtranslation import InstructionBacktranslation
    from distilabel.steps.tasks.prometheus_eval import PrometheusEval
    from distilabel.steps.tasks.quality_scorer import QualityScorer
    from distilabel.steps.tasks.self_instruct import SelfInstruct
    from distilabel.steps.tasks.sentence_transformers import GenerateSentencePair
    from distilabel.steps.tasks.structured_generation import StructuredGeneration
    from distilabel.steps.tasks.text_classification import TextClassification
    from distilabel.steps.tasks.text_clustering import TextClustering
    from distilabel.steps.tasks.text_generation import TextGeneration
    from distilabel.steps.tasks.text_generation_with_image import TextGenerationWithImage
    from distilabel.steps.tasks.ultrafeedback import UltraFeedback
    from distilabel.steps.tasks.urial import URIAL

__all__ = [
    "CLAIR",
    "URIAL",
    "BitextRetrievalGenerator",
    "ChatGeneration",
    "ComplexityScorer",
    "EmbeddingTaskGenerator",
    "GenerateLongTextMatchingData",
    "GenerateSentencePair",
    "GenerateShortTextMatchingData",
    "GenerateTextClassificationData",
    "GenerateTextRetrievalData",
    "GeneratorTask",
    "Genstruct",
    "GlobalTask",
    "InstructionBacktranslation",
    "MonolingualTripletGenerator",
    "PrometheusEval",
    "QualityScorer",
    "SelfInstruct",
    "StructuredGeneration",
    "Task",
    "TextClassification",
    "TextClustering",
    "TextGeneration",
    "TextGenerationWithImage",
    "UltraFeedback",
    "task",
]

_PLACES = {
    "BitextRetrievalGenerator": "improving_text_embeddings.bitext_retrieval",
    "CLAIR": "clair",
    "ChatGeneration": "chat_generation",
    "ComplexityScorer": "complexity_scorer",
    "EmbeddingTaskGenerator": "improving_text_embeddings.embedding_tasks",
    "GenerateLongTextMatchingData": "improving_text_embeddings.long_matching",
    "GenerateSentencePair": "sentence_transformers",
    "GenerateShortTextMatchingData": "improving_text_embeddings.short_matching",
    "GenerateTextClassificationData": "improving_text_embeddings.classification",
    "GenerateTextRetrievalData": "improving_text_embeddings.retrieval",
    "GeneratorTask": "base",
    "Genstruct": "genstruct",
    "GlobalTask": "base",
    "InstructionBacktranslation": "instruction_backtranslation",
    "MonolingualTripletGenerator": "improving_text_embeddings.monolingual_triplet",
    "PrometheusEval": "prometheus_eval",
    "QualityScorer": "quality_scorer",
    "SelfInstruct": "self_instruct",
    "StructuredGeneration": "structured_generation",
    "Task": "base",
    "TextClassification": "text_classification",
    "TextClustering": "text_clustering",
    "TextGeneration": "text_generation",
    "TextGenerationWithImage": "text_generation_with_image",
    "URIAL": "urial",
    "UltraFeedback": "ultrafeedback",
    "task": "decorator",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here

    def __getattr__(name: str) -> Any:  # https://peps.python.org/pep-0562/
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
