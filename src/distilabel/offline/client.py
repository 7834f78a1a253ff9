"""Where a session submits its requests: a target, with the dialect and the connection to reach it.

Two functions repeat a call: while the platform is down, and while its answers lag behind what it has done.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from distilabel._files import without_credentials
from distilabel.config import looks_secret
from distilabel.events import Event, Notice
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelPlatformError,
    DistilabelUnreachableError,
    DistilabelUserError,
)
from distilabel.http import Flow, Transport
from distilabel.offline.local_command import LocalCommandTransport
from distilabel.offline.options import OfflineBatchOptions
from distilabel.providers.base import Provider
from distilabel.providers.registry import platform
from distilabel.records import Target
from distilabel.transport import AsyncBaseTransport, AsyncClient, HttpTransport

__all__ = [
    "ModelClient",
    "PlatformClient",
    "account_of",
    "connect",
    "folder_of",
    "is_folder",
    "lookup_delays",
    "retry_until_found",
    "retry_while_down",
]

T = TypeVar("T")
Emit = Callable[[Event], None]

# Platforms' lists and files are eventually consistent: what is not found at once is looked for again after these seconds.
_LOOK_UP_AGAIN_AFTER = (1.0, 3.0, 6.0)
_SERVER_FAULT = 500
_SUCCESS = range(200, 300)
_FOLDER = "file:"


@dataclass(frozen=True, slots=True)
class ModelClient:
    """A target and how to reach it.

    Attributes:
        target: Platform, address, endpoint and model.
        provider: The platform's dialect.
        transport: Holds the key; lives in this process only.
        poll_interval: Seconds between polls; None polls once a run and does not wait.
        options: What the user chose about jobs.
        account: Tells one key from another without telling the key; see `account_of`.
    """

    target: Target
    provider: Provider
    transport: Transport
    poll_interval: float | None = None
    options: OfflineBatchOptions = field(default_factory=OfflineBatchOptions)
    account: str = ""


@dataclass(frozen=True, slots=True)
class PlatformClient:
    """A platform and how to reach it, whatever the model.

    Attributes:
        provider: The platform's dialect.
        base_url: The address, without user and password.
        transport: Holds the key.
        account: Tells one key from another without telling the key; see `account_of`.
    """

    provider: Provider
    base_url: str
    transport: Transport
    account: str = ""


def is_folder(address: str) -> bool:
    """Whether a platform is a command on this machine, which reads its batch jobs from a folder."""
    return address.startswith(_FOLDER)


def folder_of(address: str) -> Path:
    """Return the folder that a file URL names, where a platform is a command on this machine.

    Examples:
        >>> folder_of("file:///var/jobs").as_posix()
        '/var/jobs'
    """
    return Path(url2pathname(urlsplit(address).path))


def account_of(key: str) -> str:
    """Return 8 hexadecimal digits that differ for different keys; too few to find a key by.

    Examples:
        >>> account_of("one key") == account_of("another key")
        False
    """
    return hashlib.blake2b(key.encode(), digest_size=4, person=b"distilabel").hexdigest()


def connect(
    name: str,
    base_url: str | None = None,
    *,
    provider: Provider | None = None,
    key: str | None = None,
    owner: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 120.0,
    attempts: int = 6,
    transport: AsyncBaseTransport | None = None,
    http_client: AsyncClient | None = None,
    is_from_file: bool = False,
) -> PlatformClient:
    """Open a connection to a platform.

    Args:
        name: The platform's name, such as `openai`.
        base_url: Its address; default: from the environment, or its own.
        provider: Its dialect, if it was configured; default: as the registry makes it.
        key: Default: from the environment.
        owner: Who wants the key, for the message where there is none.
        headers: Sent along with each call.
        timeout: Seconds without a byte after which a call fails.
        attempts: How often a call that is safe to repeat is tried.
        transport: Sends the requests in place of the network.
        http_client: Sends the requests in place of the client of this package.
        is_from_file: Whether the address came from a file: a key of the environment is sent only to the platform's own.

    Raises:
        DistilabelUserError: There is no such platform, its address is not known, or it may not have the key.
        DistilabelAuthenticationError: No key is set.
    """
    known = platform(name)
    address = known.address(base_url)
    _check_address(address, owner or known.title)
    provider = provider or known.dialect(address)
    signer = known.signer() if known.signer and not key else None
    # A key that was read from a file ends in a newline, which no header may hold.
    if is_folder(address):
        return PlatformClient(provider, address, LocalCommandTransport(folder_of(address)))
    if is_from_file and not key:
        known.check_destination(address, owner or known.title)
    key = (key or ("" if signer else known.key(owner or f"The platform {known.title}"))).strip()
    for what, value in {
        "key": key,
        **{f"header {header!r}": text for header, text in (headers or {}).items()},
    }.items():
        if not (value.isascii() and value.isprintable()):
            raise DistilabelAuthenticationError(
                f"The {what} of {owner or known.title} holds a line break or a character beyond ASCII, which no HTTP header "
                "may hold: copy it again."
            )
    http = HttpTransport(
        address,
        {**known.headers(), **(provider.headers(key) if key else {}), **(headers or {})},
        secrets=(*([key] if key else []), *_secret_words(headers or {}), *_login(address)),
        timeout=timeout,
        attempts=attempts,
        signer=signer,
        transport=transport,
        http_client=http_client,
    )
    return PlatformClient(
        provider, without_credentials(address), http, account_of(signer.account if signer else key)
    )


def _check_address(address: str, owner: str) -> None:
    """Refuse an address to which no request can be sent: waiting for it would never end."""
    try:
        parts = urlsplit(address)
        is_usable = bool(parts.path if parts.scheme == "file" else parts.hostname and (parts.port or True))
    except ValueError:
        parts, is_usable = urlsplit(""), False
    if not is_usable or parts.scheme not in ("http", "https", "file") or any(map(str.isspace, address)):
        raise DistilabelUserError(
            f"{owner} has the address {without_credentials(address).rpartition('@')[2]!r}, which is no URL: write base_url as "
            "https://host/v1 or http://localhost:8000/v1."
        )
    if parts.query or parts.fragment:
        raise DistilabelUserError(
            f"{owner} has an address with a query ({without_credentials(address)}?...), to which no path of a request can be "
            "added: leave the query out, and pass a key as api_key=... or in default_headers."
        )


def _login(address: str) -> list[str]:
    """Return the password in an address, in the forms in which a platform may echo it."""
    parts = urlsplit(address)
    if not parts.password:
        return []
    user, password = unquote(parts.username or ""), unquote(parts.password)
    return [parts.password, password, b64encode(f"{user}:{password}".encode()).decode()]


def _secret_words(headers: Mapping[str, str]) -> list[str]:
    """Return the secrets in headers: a key may stand there with a scheme before it."""
    return [word for name, value in headers.items() if looks_secret(name) for word in value.split()]


def lookup_delays() -> Iterator[float]:
    """Yield the seconds to wait before each look-up."""
    yield 0.0
    yield from _LOOK_UP_AGAIN_AFTER


async def retry_while_down(
    emit: Emit, client: ModelClient, flow: Callable[[], Flow[T]], most_malformed: int | None = None
) -> T:
    """Run a flow that is safe to repeat. A run that waits for jobs also waits while the platform is down.

    Args:
        emit: Called with a notice for each repetition.
        client: The platform.
        flow: Makes the flow.
        most_malformed: How many successes of another shape than the platform documents, such as a page of a proxy, are
            asked for again. Default: a run that waits does not count them.
    """
    pauses = list(_LOOK_UP_AGAIN_AFTER)
    malformed = 0
    while True:
        try:
            return await client.transport.run(flow())
        except DistilabelPlatformError as error:
            away = isinstance(error, DistilabelUnreachableError) or (error.status or 0) >= _SERVER_FAULT
            seconds = client.poll_interval
            if error.status in _SUCCESS:
                # A run that does not wait repeats the call as well, for some seconds: nothing else is left to do.
                away = malformed != most_malformed and (seconds is not None or malformed < len(pauses))
                seconds = pauses[malformed] if seconds is None and away else seconds
                malformed += 1
            if seconds is None or not away:
                raise
            emit(Notice("warning", f"{error.message} Trying again in {seconds:g} s."))
            await asyncio.sleep(seconds)


async def retry_until_found(emit: Emit, client: ModelClient, flow: Callable[[], Flow[T]]) -> T:
    """Run a flow, and run it again for a while if it finds nothing: platforms' answers may lag behind."""
    seen = await retry_while_down(emit, client, flow)
    for seconds in _LOOK_UP_AGAIN_AFTER:
        if seen:
            break
        await asyncio.sleep(seconds)
        seen = await retry_while_down(emit, client, flow)
    return seen
