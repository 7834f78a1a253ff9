"""A platform's facts beside its dialect: base URL, key, and what docs/platforms.md shows of it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.http import Signer
from distilabel.providers.base import Provider

__all__ = ["Batch", "Platform"]


@dataclass(frozen=True, slots=True)
class Batch:
    """The facts of a platform's batch API; its limits stand in the dialect.

    Attributes:
        endpoints: Which endpoints a batch job may ask.
        tag: Where the platform keeps the job's tag, by which the job is found again.
        window: How long a job may take.
        discount: The discount on the online price, as the platform states it.
        tested: What this library's dialect is tested against.
        source: The URL of the platform's page.
        assumed: What is assumed rather than documented; empty where nothing is.
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
        name: The name in the ledger and in the registry.
        title: The name in texts.
        provider: Creates the dialect.
        base_url: The platform's base URL; empty where each user has another one.
        base_url_variable: The environment variable that overrides the base URL.
        key_variable: The environment variable that holds the API key; None where no key is needed, or where a signer
            authenticates the requests.
        batch: The batch API; None where the platform has none that this library supports.
        signer: Creates the signer, where authentication needs more than a constant header.
        complete_address: Completes a base URL that depends on more than one variable. It gets an empty string where the
            user gives none.
        header_variables: Additional headers, each with the environment variable that holds its value.
        path: The end of the base URL, added where a user gives the host alone.
        dropped_endings: Ends of the base URL that users write and that the dialect adds itself.
        online_only: Why there is no `batch`.
        provider_at: Creates the dialect for a base URL, where the dialect derives other services' URLs from it.
        domains: The domains of the platform's further addresses, for example those of regions.

    Examples:
        >>> from distilabel.providers.openai_family.dialect import OpenAI
        >>> acme = Platform("acme", "Acme", OpenAI, "https://acme.test/v1", "ACME_BASE_URL", "ACME_API_KEY", None)
        >>> acme.address("https://gateway.test/v1/")
        'https://gateway.test/v1'
    """

    name: str
    title: str
    provider: Callable[[], Provider]
    base_url: str
    base_url_variable: str
    key_variable: str | None
    batch: Batch | None
    signer: Callable[[], Signer] | None = None
    complete_address: Callable[[str], str] | None = None
    header_variables: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    dropped_endings: tuple[str, ...] = ()
    online_only: str = "No batch API is known."
    provider_at: Callable[[str], Provider] | None = None
    domains: tuple[str, ...] = ()

    def dialect(self, address: str) -> Provider:
        """Return the dialect for a base URL that `address` returned."""
        return self.provider_at(address) if self.provider_at else self.provider()

    def address(self, given: str | None = None) -> str:
        """Return the base URL: as given, from the environment, or the platform's own.

        Raises:
            DistilabelUserError: The platform has none of its own, and none is given.
        """
        address = given or os.environ.get(self.base_url_variable) or self.base_url
        if self.complete_address:
            return self.complete_address(address).rstrip("/")
        if address := address.rstrip("/"):
            scheme = "http" if self.base_url.startswith("http:") else "https"
            address = address if "://" in address else f"{scheme}://{address}"
            for ending in self.dropped_endings:
                address = address.removesuffix(ending)
            is_host = "/" not in address.partition("://")[2]
            return address + self.path if is_host else address
        raise DistilabelUserError(
            f"{self.title} has a different address for each user: set the environment variable {self.base_url_variable}, "
            "or pass base_url=..."
        )

    def check_destination(self, address: str, owner: str) -> None:
        """Refuse to send the key of the environment to an address that a file gave and that is not the platform's own.

        Args:
            address: The base URL.
            owner: What sends the key, for the message.

        Raises:
            DistilabelUserError: Neither the platform nor the environment has this address.
        """
        if self.key_variable is None and self.signer is None:
            return
        parts = urlsplit(address)
        host, own = parts.hostname or "", os.environ.get(self.base_url_variable) or ""
        known = [urlsplit(one) for one in (self.base_url, own if "://" in own else f"https://{own}")]
        is_known = any(
            (parts.scheme, host, parts.port) == (one.scheme, one.hostname, one.port)
            for one in known
            if one.netloc
        )
        is_region = parts.scheme == "https" and any(host.endswith(f".{domain}") for domain in self.domains)
        if not (is_known or is_region):
            where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            named = self.key_variable or "the environment"
            raise DistilabelUserError(
                f"{owner} has its address {where} from a file, and would send the key of {named} there: if you trust the "
                f"address, set the environment variable {self.base_url_variable}, or give base_url in the code or on the "
                "command line (run(parameters=...), --param)."
            )

    def headers(self) -> dict[str, str]:
        """Return the additional headers whose environment variables are set."""
        values = {name: os.environ.get(variable) for name, variable in self.header_variables.items()}
        return {name: value for name, value in values.items() if value}

    def key(self, owner: str) -> str:
        """Return the API key from the environment; empty where none is needed.

        Args:
            owner: What needs the key, for the message.

        Raises:
            DistilabelAuthenticationError: The variable is not set; the message names it.
        """
        if self.key_variable is None:
            return ""
        if key := os.environ.get(self.key_variable):
            return key
        raise DistilabelAuthenticationError(
            f"{owner} has no key: set the environment variable {self.key_variable}, or pass api_key=..."
        )
