"""Steps: what turns rows into rows."""

from typing import Any

from distilabel.declared import RuntimeParameter
from distilabel.steps.argilla import PreferenceToArgilla, TextGenerationToArgilla
from distilabel.steps.base import GeneratorStep, GlobalStep, Step, StepInput, StepResources
from distilabel.steps.clustering import DBSCAN, UMAP
from distilabel.steps.columns import CombineOutputs, ExpandColumns, GroupColumns, KeepColumns, MergeColumns
from distilabel.steps.decorator import step
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
from distilabel.steps.requirements import requirements
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


def __getattr__(name: str) -> Any:
    """Give the steps that ask an LLM when they are first wanted: most pipelines' loaders can do without."""
    if name == "TextClustering":
        from distilabel.steps.tasks.text_clustering import TextClustering  # noqa: PLC0415 - on first use

        return TextClustering
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
