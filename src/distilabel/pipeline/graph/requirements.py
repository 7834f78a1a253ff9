"""The packages that a pipeline needs, and whether they are installed in a version that suits."""

from collections.abc import Iterable, Iterator
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.workers.placement import models_of
from distilabel.steps.base import _Step

__all__ = ["check_installed", "is_installed", "requirements_of"]


def requirements_of(steps: Iterable[_Step]) -> Iterator[str]:
    """Yield the packages that steps and their models name, as pip would be told."""
    for step in steps:
        for part in (step, *models_of(step)):
            yield from getattr(type(part), "requirements", ())


def check_installed(requirements: Iterable[str]) -> None:
    """Raise ModuleNotFoundError where packages are missing; names them all."""
    missing = [text for text in requirements if not is_installed(text)]
    if missing:
        raise ModuleNotFoundError(
            f"The pipeline needs packages that are missing: pip install {' '.join(missing)}"
        )


def is_installed(requirement: str) -> bool:
    """Tell whether a package is installed, given as pip would be told.

    Raises:
        DistilabelUserError: It is not written as pip understands it.

    Examples:
        >>> is_installed("orjson>=3"), is_installed("orjson>=99"), is_installed("surely-not-there")
        (True, False, False)
    """
    try:
        wanted = Requirement(requirement)
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except InvalidRequirement as error:
        raise DistilabelUserError(
            f"The requirement {requirement!r} cannot be read: write it as for pip, such as 'torch>=2'."
        ) from error
    except metadata.PackageNotFoundError:
        return False
