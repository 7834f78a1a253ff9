"""Pipelines: a graph of steps, and how it is run."""

from distilabel.pipeline import local
from distilabel.pipeline.instruction_response import InstructionResponsePipeline
from distilabel.pipeline.pipeline import Pipeline
from distilabel.pipeline.routing import routing_batch_function, sample_n_steps

__all__ = ["InstructionResponsePipeline", "Pipeline", "routing_batch_function", "sample_n_steps"]

# `from distilabel.pipeline.local import Pipeline` is an old import path.
vars(local)["Pipeline"] = Pipeline
