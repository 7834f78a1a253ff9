"""Pipelines: a graph of steps, and how it is run."""

from typing import TYPE_CHECKING

from distilabel.lazily import loaded_by_name
from distilabel.pipeline.pipeline import Pipeline, RayPipeline
from distilabel.pipeline.routing_batch_function import routing_batch_function, sample_n_steps

if TYPE_CHECKING:
    from distilabel.pipeline.instruction_response import InstructionResponsePipeline

__all__ = [
    "InstructionResponsePipeline", "Pipeline", "RayPipeline", "routing_batch_function", "sample_n_steps",
]  # fmt: skip

_PLACES = {"InstructionResponsePipeline": "distilabel.pipeline.instruction_response"}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = loaded_by_name(__name__, _PLACES)
