"""Pipelines: a graph of steps, and how it is run."""

from distilabel.pipeline.pipeline import Pipeline
from distilabel.pipeline.routing import routing_batch_function, sample_n_steps

__all__ = ["Pipeline", "routing_batch_function", "sample_n_steps"]
