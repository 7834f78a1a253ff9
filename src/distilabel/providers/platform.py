"""What is known of a platform beside its dialect: address, key, and what docs/platforms.md says of it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.http import Signer
from distilabel.providers.base import Provider

__all__ = ["Batch", "Platform"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of a platform's batch API; its limits stand in its dialect.

    Attributes:
        endpoints: What may be asked by batch.
        tag: Where the platform keeps our tag, by which a job is found again.
        window: How long a job may take.
        discount: Against the price of asking online, as the platform names it.
        tested: Against what this library's dialect is tested.
        source: The platform's page.
        assumed: What is assumed rather than known; empty where nothing is.
    """

    endpoints: tuple[str, ...]
    tag: str
    window: str
    discount: str
    tested: str
    source: str
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform.

    Attributes:
        name: As it stands in the ledger.
        title: As people write it.
        provider: Makes its dialect.
        base_url: Its own address; empty where each user has another.
        base_url_variable: The environment variable that overrides it.
        key_variable: The environment variable that holds the key; None where none is needed, or where a signer proves
            who calls.
        batch: Its batch API; None where it has none that this library speaks.
        signer: Makes what proves who calls, where that is more than a header.
        completed: Completes an address, where more than a variable goes into it; given an empty one where there is none.
        header_variables: Headers that are sent along where the environment variable of that name is set.
        path: What the address ends in; added where a user gives the host alone.
        dropped: Endings that users write and that the dialect adds itself.
        online_only: Why it is not asked offline, where it has no `batch`.
        placed: Makes its dialect for an address, where the dialect calls other services beside that.
    """

    name: str
    title: str
    provider: Callable[[], Provider]
    base_url: str
    base_url_variable: str
    key_variable: str | None
    batch: Batch | None
    signer: Callable[[], Signer] | None = None
    completed: Callable[[str], str] | None = None
    header_variables: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    dropped: tuple[str, ...] = ()
    online_only: str = "No batch API is known."
    placed: Callable[[str], Provider] | None = None

    def dialect(self, address: str) -> Provider:
        """Return its dialect as it is spoken at an address, from `address`."""
        return self.placed(address) if self.placed else self.provider()

    def address(self, given: str | None = None) -> str:
        """Return the address: as given, from the environment, or the platform's own.

        Raises:
            DistilabelUserError: There is none.
        """
        address = given or os.environ.get(self.base_url_variable) or self.base_url
        if self.completed:
            return self.completed(address).rstrip("/")
        if address := address.rstrip("/"):
            scheme = "http" if self.base_url.startswith("http:") else "https"
            address = address if "://" in address else f"{scheme}://{address}"
            for ending in self.dropped:
                address = address.removesuffix(ending)
            is_host = "/" not in address.partition("://")[2]
            return address + self.path if is_host else address
        raise DistilabelUserError(
            f"{self.title} has another address for each user: set the environment variable {self.base_url_variable}, or "
            "give base_url=..."
        )

    def headers(self) -> dict[str, str]:
        """Return the headers that the environment gives values for."""
        values = {name: os.environ.get(variable) for name, variable in self.header_variables.items()}
        return {name: value for name, value in values.items() if value}

    def key(self, owner: str) -> str:
        """Return the key from the environment; empty where none is needed.

        Raises:
            DistilabelAuthenticationError: It is not set; the message names the variable and `owner`, who wants it.
        """
        if self.key_variable is None:
            return ""
        if key := os.environ.get(self.key_variable):
            return key
        raise DistilabelAuthenticationError(
            f"{owner} has no key: set the environment variable {self.key_variable}, or give api_key=..."
        )
