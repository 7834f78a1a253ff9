"""The registry: platforms by name, built-in ones and those that users register."""

from distilabel.exceptions import DistilabelUserError
from distilabel.providers.catalog import KNOWN
from distilabel.providers.platform import Batch, Platform

__all__ = ["PLATFORMS", "Batch", "Platform", "platform", "register"]

PLATFORMS = {known.name: known for known in KNOWN}
_BUILT_IN = frozenset(PLATFORMS)


def register(new: Platform) -> None:
    """Register a custom platform, so that LLMs, jobs and commands can name it.

    A second registration under the same name replaces the first, so a module may be imported again.

    Args:
        new: The platform. Its name must differ from those of the built-in platforms.

    Raises:
        DistilabelUserError: A built-in platform has that name.

    Examples:
        >>> from distilabel.providers.openai_family.dialect import OpenAI
        >>> register(Platform("acme", "Acme", OpenAI, "https://acme.test/v1", "ACME_BASE_URL", "ACME_API_KEY", None))
        >>> platform("acme").title
        'Acme'
        >>> del PLATFORMS["acme"]
    """
    if new.name in _BUILT_IN:
        raise DistilabelUserError(f"{new.name!r} is a built-in platform: give yours another name.")
    PLATFORMS[new.name] = new


def platform(name: str) -> Platform:
    """Return a platform by its name.

    Raises:
        DistilabelUserError: No platform of that name is registered.

    Examples:
        >>> platform("openai").key_variable
        'OPENAI_API_KEY'
    """
    if name not in PLATFORMS:
        raise DistilabelUserError(f"Unknown platform {name!r}: choose one of {', '.join(PLATFORMS)}.")
    return PLATFORMS[name]
