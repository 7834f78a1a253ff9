"""Tasks that solve problems step by step and label correct steps."""

from distilabel.steps.tasks.math_shepherd.completer import MathShepherdCompleter
from distilabel.steps.tasks.math_shepherd.format_prm import FormatPRM
from distilabel.steps.tasks.math_shepherd.generator import MathShepherdGenerator

__all__ = ["FormatPRM", "MathShepherdCompleter", "MathShepherdGenerator"]
