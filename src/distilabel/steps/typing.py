"""Door for the old import path: the types live in `distilabel.typing`."""

from distilabel.typing import GeneratorStepOutput, StepColumns, StepOutput

__all__ = ["GeneratorStepOutput", "StepColumns", "StepOutput"]
