"""The packages that a pipeline needs, and the check that they are installed."""

from collections.abc import Iterable, Iterator
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

from distilabel.exceptions import DistilabelUserError
from distilabel.models.fields import models_in
from distilabel.steps.base import _Step

__all__ = ["check_installed", "is_installed", "requirements_of"]


def requirements_of(steps: Iterable[_Step]) -> Iterator[str]:
    """Yield the requirements of steps and of their models, in the form that pip accepts."""
    for step in steps:
        for part in (step, *models_in(step)):
            yield from getattr(type(part), "requirements", ())


def check_installed(requirements: Iterable[str]) -> None:
    """Raise ModuleNotFoundError if packages are missing; the message names all of them."""
    missing = [text for text in requirements if not is_installed(text)]
    if missing:
        raise ModuleNotFoundError(
            f"The pipeline needs packages that are missing: pip install {' '.join(missing)}"
        )


def is_installed(requirement: str) -> bool:
    """Tell whether a package is installed in a version that fits the requirement.

    Raises:
        DistilabelUserError: pip could not parse the requirement.

    Examples:
        >>> is_installed("orjson>=3"), is_installed("orjson>=99"), is_installed("surely-not-there")
        (True, False, False)
    """
    try:
        parsed = Requirement(requirement)
        return parsed.specifier.contains(metadata.version(parsed.name), prereleases=True)
    except InvalidRequirement as error:
        raise DistilabelUserError(
            f"The requirement {requirement!r} cannot be parsed: write it as for pip, such as 'torch>=2'."
        ) from error
    except metadata.PackageNotFoundError:
        return False
