"""Door for the old import path: the types live in `distilabel.typing`."""

from distilabel.typing import InputDataset, LoadGroups, PipelineRuntimeParametersInfo

__all__ = ["InputDataset", "LoadGroups", "PipelineRuntimeParametersInfo"]
