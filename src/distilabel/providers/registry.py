"""The platforms that are known by name: dialect, address, and the variables that hold the key."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.providers.base import Provider
from distilabel.providers.openai import OpenAI

__all__ = ["PLATFORMS", "Platform", "platform"]


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform.

    Attributes:
        name: As it stands in the ledger.
        provider: Makes its dialect.
        base_url: Its own address.
        base_url_variable: The environment variable that overrides it.
        key_variable: The environment variable that holds the key.
    """

    name: str
    provider: Callable[[], Provider]
    base_url: str
    base_url_variable: str
    key_variable: str

    def address(self, given: str | None = None) -> str:
        """Return the address: as given, from the environment, or the platform's own."""
        return (given or os.environ.get(self.base_url_variable) or self.base_url).rstrip("/")

    def key(self, owner: str) -> str:
        """Return the key from the environment.

        Raises:
            DistilabelAuthenticationError: It is not set; the message names the variable and `owner`, who wants it.
        """
        if key := os.environ.get(self.key_variable):
            return key
        raise DistilabelAuthenticationError(
            f"{owner} has no key: set the environment variable {self.key_variable}, or give api_key=..."
        )


PLATFORMS = {
    known.name: known
    for known in (
        Platform("openai", OpenAI, "https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
    )
}


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
