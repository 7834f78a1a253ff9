"""Tasks: steps that ask an LLM."""

from distilabel.steps.tasks.apigen import APIGenExecutionChecker, APIGenGenerator, APIGenSemanticChecker
from distilabel.steps.tasks.base import GeneratorTask, GlobalTask, Task
from distilabel.steps.tasks.chat_generation import ChatGeneration
from distilabel.steps.tasks.decorator import task
from distilabel.steps.tasks.evol import (
    EvolComplexity,
    EvolComplexityGenerator,
    EvolInstruct,
    EvolInstructGenerator,
    EvolQuality,
)
from distilabel.steps.tasks.image_generation import ImageGeneration
from distilabel.steps.tasks.image_task import ImageTask
from distilabel.steps.tasks.magpie import Magpie, MagpieGenerator
from distilabel.steps.tasks.math_shepherd import FormatPRM, MathShepherdCompleter, MathShepherdGenerator
from distilabel.steps.tasks.text_generation import TextGeneration

__all__ = [
    "APIGenExecutionChecker",
    "APIGenGenerator",
    "APIGenSemanticChecker",
    "ChatGeneration",
    "EvolComplexity",
    "EvolComplexityGenerator",
    "EvolInstruct",
    "EvolInstructGenerator",
    "EvolQuality",
    "FormatPRM",
    "GeneratorTask",
    "GlobalTask",
    "ImageGeneration",
    "ImageTask",
    "Magpie",
    "MagpieGenerator",
    "MathShepherdCompleter",
    "MathShepherdGenerator",
    "Task",
    "TextGeneration",
    "task",
]
