"""Tasks that evolve instructions and responses."""

from distilabel.steps.tasks.evol.complexity import EvolComplexity
from distilabel.steps.tasks.evol.complexity_generator import EvolComplexityGenerator
from distilabel.steps.tasks.evol.instruct import EvolInstruct
from distilabel.steps.tasks.evol.instruct_generator import EvolInstructGenerator
from distilabel.steps.tasks.evol.quality import EvolQuality

__all__ = [
    "EvolComplexity",
    "EvolComplexityGenerator",
    "EvolInstruct",
    "EvolInstructGenerator",
    "EvolQuality",
]
