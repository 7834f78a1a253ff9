"""Tasks are steps that prompt an LLM. Each class is imported when it is first used."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach

if TYPE_CHECKING:
    from distilabel.steps.tasks.apigen import APIGenExecutionChecker, APIGenGenerator, APIGenSemanticChecker
    from distilabel.steps.tasks.argilla_labeller import ArgillaLabeller
    from distilabel.steps.tasks.base import GeneratorTask, GlobalTask, Task
    from distilabel.steps.tasks.chat_generation import ChatGeneration
    from distilabel.steps.tasks.clair import CLAIR
    from distilabel.steps.tasks.complexity_scorer import ComplexityScorer
    from distilabel.steps.tasks.decorator import task
    from distilabel.steps.tasks.evol import (
        EvolComplexity,
        EvolComplexityGenerator,
        EvolInstruct,
        EvolInstructGenerator,
        EvolQuality,
    )
    from distilabel.steps.tasks.generate_embeddings import GenerateEmbeddings
    from distilabel.steps.tasks.genstruct import Genstruct
    from distilabel.steps.tasks.image_generation import ImageGeneration
    from distilabel.steps.tasks.image_task import ImageTask
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
    from distilabel.steps.tasks.magpie import Magpie, MagpieGenerator
    from distilabel.steps.tasks.math_shepherd import FormatPRM, MathShepherdCompleter, MathShepherdGenerator
    from distilabel.steps.tasks.pair_rm import PairRM
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
    "APIGenExecutionChecker",
    "APIGenGenerator",
    "APIGenSemanticChecker",
    "ArgillaLabeller",
    "BitextRetrievalGenerator",
    "ChatGeneration",
    "ComplexityScorer",
    "EmbeddingTaskGenerator",
    "EvolComplexity",
    "EvolComplexityGenerator",
    "EvolInstruct",
    "EvolInstructGenerator",
    "EvolQuality",
    "FormatPRM",
    "GenerateEmbeddings",
    "GenerateLongTextMatchingData",
    "GenerateSentencePair",
    "GenerateShortTextMatchingData",
    "GenerateTextClassificationData",
    "GenerateTextRetrievalData",
    "GeneratorTask",
    "Genstruct",
    "GlobalTask",
    "ImageGeneration",
    "ImageTask",
    "InstructionBacktranslation",
    "Magpie",
    "MagpieGenerator",
    "MathShepherdCompleter",
    "MathShepherdGenerator",
    "MonolingualTripletGenerator",
    "PairRM",
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
    "APIGenExecutionChecker": "distilabel.steps.tasks.apigen",
    "APIGenGenerator": "distilabel.steps.tasks.apigen",
    "APIGenSemanticChecker": "distilabel.steps.tasks.apigen",
    "ArgillaLabeller": "distilabel.steps.tasks.argilla_labeller",
    "BitextRetrievalGenerator": "distilabel.steps.tasks.improving_text_embeddings",
    "CLAIR": "distilabel.steps.tasks.clair",
    "ChatGeneration": "distilabel.steps.tasks.chat_generation",
    "ComplexityScorer": "distilabel.steps.tasks.complexity_scorer",
    "EmbeddingTaskGenerator": "distilabel.steps.tasks.improving_text_embeddings",
    "EvolComplexity": "distilabel.steps.tasks.evol",
    "EvolComplexityGenerator": "distilabel.steps.tasks.evol",
    "EvolInstruct": "distilabel.steps.tasks.evol",
    "EvolInstructGenerator": "distilabel.steps.tasks.evol",
    "EvolQuality": "distilabel.steps.tasks.evol",
    "FormatPRM": "distilabel.steps.tasks.math_shepherd",
    "GenerateEmbeddings": "distilabel.steps.tasks.generate_embeddings",
    "GenerateLongTextMatchingData": "distilabel.steps.tasks.improving_text_embeddings",
    "GenerateSentencePair": "distilabel.steps.tasks.sentence_transformers",
    "GenerateShortTextMatchingData": "distilabel.steps.tasks.improving_text_embeddings",
    "GenerateTextClassificationData": "distilabel.steps.tasks.improving_text_embeddings",
    "GenerateTextRetrievalData": "distilabel.steps.tasks.improving_text_embeddings",
    "GeneratorTask": "distilabel.steps.tasks.base",
    "Genstruct": "distilabel.steps.tasks.genstruct",
    "GlobalTask": "distilabel.steps.tasks.base",
    "ImageGeneration": "distilabel.steps.tasks.image_generation",
    "ImageTask": "distilabel.steps.tasks.image_task",
    "InstructionBacktranslation": "distilabel.steps.tasks.instruction_backtranslation",
    "Magpie": "distilabel.steps.tasks.magpie",
    "MagpieGenerator": "distilabel.steps.tasks.magpie",
    "MathShepherdCompleter": "distilabel.steps.tasks.math_shepherd",
    "MathShepherdGenerator": "distilabel.steps.tasks.math_shepherd",
    "MonolingualTripletGenerator": "distilabel.steps.tasks.improving_text_embeddings",
    "PairRM": "distilabel.steps.tasks.pair_rm",
    "PrometheusEval": "distilabel.steps.tasks.prometheus_eval",
    "QualityScorer": "distilabel.steps.tasks.quality_scorer",
    "SelfInstruct": "distilabel.steps.tasks.self_instruct",
    "StructuredGeneration": "distilabel.steps.tasks.structured_generation",
    "Task": "distilabel.steps.tasks.base",
    "TextClassification": "distilabel.steps.tasks.text_classification",
    "TextClustering": "distilabel.steps.tasks.text_clustering",
    "TextGeneration": "distilabel.steps.tasks.text_generation",
    "TextGenerationWithImage": "distilabel.steps.tasks.text_generation_with_image",
    "URIAL": "distilabel.steps.tasks.urial",
    "UltraFeedback": "distilabel.steps.tasks.ultrafeedback",
    "task": "distilabel.steps.tasks.decorator",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = attach(__name__, _PLACES)
