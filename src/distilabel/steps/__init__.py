"""Steps: what turns rows into rows."""

from distilabel.declared import RuntimeParameter
from distilabel.steps.base import GeneratorStep, GlobalStep, Step, StepInput, StepResources
from distilabel.steps.columns import CombineOutputs, ExpandColumns, GroupColumns, KeepColumns, MergeColumns
from distilabel.steps.decorator import step
from distilabel.steps.generators import (
    LoadDataFromDicts,
    LoadDataFromDisk,
    LoadDataFromFileSystem,
    LoadDataFromHub,
    make_generator_step,
)
from distilabel.steps.requirements import requirements
from distilabel.typing import GeneratorStepOutput, StepOutput

__all__ = [
    "CombineOutputs",
    "ExpandColumns",
    "GeneratorStep",
    "GeneratorStepOutput",
    "GlobalStep",
    "GroupColumns",
    "KeepColumns",
    "LoadDataFromDicts",
    "LoadDataFromDisk",
    "LoadDataFromFileSystem",
    "LoadDataFromHub",
    "MergeColumns",
    "RuntimeParameter",
    "Step",
    "StepInput",
    "StepOutput",
    "StepResources",
    "make_generator_step",
    "requirements",
    "step",
]
