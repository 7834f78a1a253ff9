"""Tasks that make queries and the function calls that answer them, and check both."""

from distilabel.steps.tasks.apigen.execution_checker import APIGenExecutionChecker
from distilabel.steps.tasks.apigen.generator import APIGenGenerator
from distilabel.steps.tasks.apigen.semantic_checker import APIGenSemanticChecker

__all__ = ["APIGenExecutionChecker", "APIGenGenerator", "APIGenSemanticChecker"]
