"""Where a session hands in its requests: a target, with the dialect and the connection to reach it."""

import hashlib
from dataclasses import dataclass, field

from distilabel.offline.options import OfflineBatchOptions
from distilabel.providers.base import Provider
from distilabel.providers.registry import platform
from distilabel.records import Target
from distilabel.transport import Transport

__all__ = ["Desk", "Door", "account_of", "open_door"]


@dataclass(frozen=True, slots=True)
class Desk:
    """A target and how to reach it.

    Attributes:
        target: Platform, address, endpoint and model.
        provider: The platform's dialect.
        transport: Holds the key; lives in this process only.
        every: Seconds between polls; None asks once a run and does not wait.
        options: What the user chose about jobs.
        account: Tells one key from another without telling the key; see `account_of`.
    """

    target: Target
    provider: Provider
    transport: Transport
    every: float | None = None
    options: OfflineBatchOptions = field(default_factory=OfflineBatchOptions)
    account: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """A platform and how to reach it, whatever the model."""

    provider: Provider
    base_url: str
    transport: Transport


def account_of(key: str) -> str:
    """Return 8 hexadecimal digits that differ for different keys; too few to find a key by.

    Examples:
        >>> account_of("one key") == account_of("another key")
        False
    """
    return hashlib.blake2b(key.encode(), digest_size=4, person=b"distilabel").hexdigest()


def open_door(name: str, base_url: str | None = None) -> Door:
    """Open a connection to a platform with the key from the environment.

    Args:
        name: The platform's name, such as `openai`.
        base_url: Its address; default: from the environment, or its own.

    Raises:
        DistilabelUserError: There is no such platform.
        DistilabelAuthenticationError: No key is set.
    """
    known = platform(name)
    provider, address, key = known.provider(), known.address(base_url), known.key(f"The platform {name!r}")
    return Door(provider, address, Transport(address, provider.headers(key), secrets=(key,)))
