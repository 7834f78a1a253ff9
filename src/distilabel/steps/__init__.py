"""Steps: what turns rows into rows."""

from distilabel.declared import RuntimeParameter
from distilabel.steps.base import GeneratorStep, GlobalStep, Step, StepInput, StepResources
from distilabel.steps.columns import CombineOutputs, ExpandColumns, GroupColumns, KeepColumns, MergeColumns
from distilabel.steps.decorator import step
from distilabel.typing import GeneratorStepOutput, StepOutput

__all__ = [
    "CombineOutputs",
    "ExpandColumns",
    "GeneratorStep",
    "GeneratorStepOutput",
    "GlobalStep",
    "GroupColumns",
    "KeepColumns",
    "MergeColumns",
    "RuntimeParameter",
    "Step",
    "StepInput",
    "StepOutput",
    "StepResources",
    "step",
]
