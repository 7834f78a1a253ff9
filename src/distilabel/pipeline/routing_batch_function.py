"""Door for the old import path: the function of this name, which a module made on demand would hide."""

from distilabel.pipeline.routing import routing_batch_function, sample_n_steps

__all__ = ["routing_batch_function", "sample_n_steps"]
