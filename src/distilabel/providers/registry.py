"""The platforms by their names: those that are known here, and those that users register."""

from distilabel.exceptions import DistilabelUserError
from distilabel.providers.catalog import KNOWN
from distilabel.providers.platform import Batch, Platform

__all__ = ["PLATFORMS", "Batch", "Platform", "platform", "register"]

PLATFORMS = {known.name: known for known in KNOWN}
_KNOWN_HERE = frozenset(PLATFORMS)


def register(new: Platform) -> None:
    """Make a platform of one's own known, so that LLMs, jobs and commands can name it.

    Registering it again, as a module that is imported anew does, puts the new one in its place.

    Args:
        new: With a name that none of the platforms known here has.

    Raises:
        DistilabelUserError: One of the platforms known here has that name.

    Examples:
        >>> from distilabel.providers.openai_family.dialect import OpenAI
        >>> register(Platform("acme", "Acme", OpenAI, "https://acme.test/v1", "ACME_BASE_URL", "ACME_API_KEY", None))
        >>> platform("acme").title
        'Acme'
        >>> del PLATFORMS["acme"]
    """
    if new.name in _KNOWN_HERE:
        raise DistilabelUserError(f"The platform {new.name!r} is known already: give yours another name.")
    PLATFORMS[new.name] = new


def platform(name: str) -> Platform:
    """Return a platform by its name.

    Raises:
        DistilabelUserError: There is none of that name.

    Examples:
        >>> platform("openai").key_variable
        'OPENAI_API_KEY'
    """
    if name not in PLATFORMS:
        raise DistilabelUserError(f"There is no platform {name!r}: choose one of {', '.join(PLATFORMS)}.")
    return PLATFORMS[name]
