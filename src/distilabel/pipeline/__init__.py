"""Pipelines: a graph of steps, and how it is run."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach
from distilabel.pipeline.graph.routing import routing_batch_function, sample_n_steps
from distilabel.pipeline.pipeline import Pipeline, RayPipeline

if TYPE_CHECKING:
    from distilabel.pipeline.instruction_response import InstructionResponsePipeline

__all__ = [
    "InstructionResponsePipeline", "Pipeline", "RayPipeline", "routing_batch_function", "sample_n_steps",
]  # fmt: skip

_PLACES = {"InstructionResponsePipeline": "distilabel.pipeline.instruction_response"}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = attach(__name__, _PLACES)
