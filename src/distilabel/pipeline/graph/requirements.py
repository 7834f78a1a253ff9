"""Checks that the packages a pipeline needs are installed."""

from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

from distilabel.exceptions import DistilabelUserError

__all__ = ["check_installed", "is_installed"]


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
