"""Door for the old import path: see `distilabel.steps.requiring`."""

from distilabel.steps.requiring import requirements

__all__ = ["requirements"]
