"""Naming the packages that a class of steps or LLMs needs: `@requirements`."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

__all__ = ["requirements"]

Decorated = TypeVar("Decorated", bound=type[Any])


def requirements(packages: Sequence[str]) -> Callable[[Decorated], Decorated]:
    """Note the packages that a class needs, beside those that its bases name.

    Args:
        packages: As pip would be told, such as `["nltk>=3.8"]`. The pipeline checks that they are installed.

    Examples:
        >>> from distilabel.steps import Step
        >>> @requirements(["nltk>=3.8"])
        ... class Tokens(Step):
        ...     pass
        >>> Tokens().requirements
        ['nltk>=3.8']
    """

    def decorate(cls: Decorated) -> Decorated:
        cls.requirements = sorted({*getattr(cls, "requirements", ()), *packages})
        return cls

    return decorate
