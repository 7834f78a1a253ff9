"""Door for the old import path: see `distilabel.steps.requirements`."""

from distilabel.steps.requirements import requirements

__all__ = ["requirements"]
