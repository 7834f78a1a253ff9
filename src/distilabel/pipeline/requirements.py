"""Whether a package that a pipeline names is installed, in a version that suits."""

from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

from distilabel.exceptions import DistilabelUserError

__all__ = ["is_installed"]


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
