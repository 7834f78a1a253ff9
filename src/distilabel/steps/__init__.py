"""Steps turn rows into rows. Each class is imported when it is first used."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach

if TYPE_CHECKING:
    from distilabel.config import RuntimeParameter
    from distilabel.steps.argilla import PreferenceToArgilla, TextGenerationToArgilla
    from distilabel.steps.base import GeneratorStep, GlobalStep, Step, StepInput, StepResources
    from distilabel.steps.clustering import DBSCAN, UMAP
    from distilabel.steps.columns import (
        CombineOutputs,
        ExpandColumns,
        GroupColumns,
        KeepColumns,
        MergeColumns,
    )
    from distilabel.steps.decorator import requirements, step
    from distilabel.steps.embeddings import EmbeddingGeneration
    from distilabel.steps.filtering import DeitaFiltering, EmbeddingDedup, FaissNearestNeighbour, MinHashDedup
    from distilabel.steps.formatting import (
        ConversationTemplate,
        FormatChatGenerationDPO,
        FormatChatGenerationSFT,
        FormatTextGenerationDPO,
        FormatTextGenerationSFT,
        TruncateTextColumn,
    )
    from distilabel.steps.generators import (
        DataSampler,
        LoadDataFromDicts,
        LoadDataFromDisk,
        LoadDataFromFileSystem,
        LoadDataFromHub,
        make_generator_step,
    )
    from distilabel.steps.hub import HuggingFaceHubCheckpointer, PushToHub
    from distilabel.steps.reward_model import RewardModelScore
    from distilabel.steps.tasks.text_clustering import TextClustering
    from distilabel.typing import GeneratorStepOutput, StepOutput

__all__ = [
    "DBSCAN",
    "UMAP",
    "CombineOutputs",
    "ConversationTemplate",
    "DataSampler",
    "DeitaFiltering",
    "EmbeddingDedup",
    "EmbeddingGeneration",
    "ExpandColumns",
    "FaissNearestNeighbour",
    "FormatChatGenerationDPO",
    "FormatChatGenerationSFT",
    "FormatTextGenerationDPO",
    "FormatTextGenerationSFT",
    "GeneratorStep",
    "GeneratorStepOutput",
    "GlobalStep",
    "GroupColumns",
    "HuggingFaceHubCheckpointer",
    "KeepColumns",
    "LoadDataFromDicts",
    "LoadDataFromDisk",
    "LoadDataFromFileSystem",
    "LoadDataFromHub",
    "MergeColumns",
    "MinHashDedup",
    "PreferenceToArgilla",
    "PushToHub",
    "RewardModelScore",
    "RuntimeParameter",
    "Step",
    "StepInput",
    "StepOutput",
    "StepResources",
    "TextClustering",
    "TextGenerationToArgilla",
    "TruncateTextColumn",
    "make_generator_step",
    "requirements",
    "step",
]

_PLACES = {
    "CombineOutputs": "distilabel.steps.columns",
    "ConversationTemplate": "distilabel.steps.formatting",
    "DBSCAN": "distilabel.steps.clustering",
    "DataSampler": "distilabel.steps.generators",
    "DeitaFiltering": "distilabel.steps.filtering",
    "EmbeddingDedup": "distilabel.steps.filtering",
    "EmbeddingGeneration": "distilabel.steps.embeddings",
    "ExpandColumns": "distilabel.steps.columns",
    "FaissNearestNeighbour": "distilabel.steps.filtering",
    "FormatChatGenerationDPO": "distilabel.steps.formatting",
    "FormatChatGenerationSFT": "distilabel.steps.formatting",
    "FormatTextGenerationDPO": "distilabel.steps.formatting",
    "FormatTextGenerationSFT": "distilabel.steps.formatting",
    "GeneratorStep": "distilabel.steps.base",
    "GeneratorStepOutput": "distilabel.typing",
    "GlobalStep": "distilabel.steps.base",
    "GroupColumns": "distilabel.steps.columns",
    "HuggingFaceHubCheckpointer": "distilabel.steps.hub",
    "KeepColumns": "distilabel.steps.columns",
    "LoadDataFromDicts": "distilabel.steps.generators",
    "LoadDataFromDisk": "distilabel.steps.generators",
    "LoadDataFromFileSystem": "distilabel.steps.generators",
    "LoadDataFromHub": "distilabel.steps.generators",
    "MergeColumns": "distilabel.steps.columns",
    "MinHashDedup": "distilabel.steps.filtering",
    "PreferenceToArgilla": "distilabel.steps.argilla",
    "PushToHub": "distilabel.steps.hub",
    "RewardModelScore": "distilabel.steps.reward_model",
    "RuntimeParameter": "distilabel.config",
    "Step": "distilabel.steps.base",
    "StepInput": "distilabel.steps.base",
    "StepOutput": "distilabel.typing",
    "StepResources": "distilabel.steps.base",
    "TextClustering": "distilabel.steps.tasks.text_clustering",
    "TextGenerationToArgilla": "distilabel.steps.argilla",
    "TruncateTextColumn": "distilabel.steps.formatting",
    "UMAP": "distilabel.steps.clustering",
    "make_generator_step": "distilabel.steps.generators",
    "requirements": "distilabel.steps.decorator",
    "step": "distilabel.steps.decorator",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = attach(__name__, _PLACES)
