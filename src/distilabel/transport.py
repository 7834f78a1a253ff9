"""HTTP transport: carries out flows, retries the requests that may be repeated, keeps secrets out of messages.

No other module sends HTTP requests to a platform.
"""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import stamina
from httpx2 import AsyncBaseTransport, AsyncClient

from distilabel import _event_loop as loop
from distilabel._files import without_credentials, writing
from distilabel._retry_after import wait_of
from distilabel.exceptions import (
    DistilabelPlatformError,
    DistilabelUncertainError,
    DistilabelUnreachableError,
    DistilabelUserError,
)
from distilabel.http import REDIRECTS, Flow, FromFile, HttpRequest, HttpResponse, Signer

__all__ = ["AsyncBaseTransport", "AsyncClient", "HttpTransport", "fetch", "sync_folder"]

T = TypeVar("T")
_logger = logging.getLogger("distilabel.transport")
# Stamina logs each retry under its own logger's name; `_wait_before_retry` logs a sentence in its place.
logging.getLogger("stamina").addHandler(logging.NullHandler())


def _hide_credentials(record: logging.LogRecord) -> bool:
    """Take the credentials out of the URLs that httpx logs: passwords, and the queries of signed URLs."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            without_credentials(str(argument)) if isinstance(argument, httpx2.URL) else argument
            for argument in record.args
        )
    return True


logging.getLogger("httpx2").addFilter(_hide_credentials)
_RETRYABLE_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_NO_CREDIT = (b"insufficient_quota", b"credit_balance_exhausted", b"billing_hard_limit_reached")
_MAX_RETRY_AFTER = 120.0
_MAX_REDIRECTS = 5
# Which URLs a response may name, by whether the platform itself is reached by TLS.
_SCHEMES = {True: ("https://",), False: ("https://", "http://")}
_CHUNK = 1 << 20
# A shorter key is a placeholder, such as `any` or `EMPTY`; to cut it out would garble the messages.
_MIN_SECRET = 8
# Errors in the URL or in a header: a retry does not fix them, and nothing was sent.
_NOT_SENT = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


class _Retry(Exception):  # noqa: N818 - not an error: a signal to the retry loop
    """A response or an exception after which the request may be sent again.

    Args:
        wait: Seconds to wait, as the platform asked for; None: a backoff.
        response: The response; None after an exception, which is then the cause.
    """

    def __init__(self, wait: float | None, response: HttpResponse | None = None) -> None:
        self.wait = wait
        self.response = response


class HttpTransport:
    """Carries out flows over HTTP, with one base URL and one set of headers.

    Args:
        base_url: Such as `https://api.openai.com/v1`.
        headers: Sent with each request; may hold the key.
        secrets: Strings to remove from each message, and from each body that is not saved to a file.
        timeout: For how many seconds the platform may send nothing. A request that transfers no file may take five times
            as long in total.
        attempts: How often a safe request is sent at most.
        signer: Authenticates each request, where constant headers are not enough.
        transport: What sends the requests, in place of the network; it is never closed here.
        http_client: What sends the requests, with its own proxies, certificates and hooks; it is never closed here.

    Raises:
        DistilabelUserError: The environment names a proxy that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        secrets: Iterable[str] = (),
        timeout: float = 120.0,
        attempts: int = 6,
        signer: Signer | None = None,
        transport: AsyncBaseTransport | None = None,
        http_client: AsyncClient | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._signer = signer
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _MIN_SECRET)
        self._attempts = max(1, attempts)
        # `timeout` limits the time between two bytes: a body that comes in slowly would never reach it.
        self._total_timeout = 5 * timeout
        self._timeout = httpx2.Timeout(timeout, connect=10.0, pool=None)
        self._owns_client = http_client is None
        self._transport = transport
        self._is_of_parent = False
        self._client = http_client or _client(transport)
        loop.renew_after_fork(self)

    async def run(self, flow: Flow[T]) -> T:
        """Carry out `flow` and return what it returns.

        Raises:
            DistilabelUnreachableError: No response came. The request was not carried out, or is safe.
            DistilabelUncertainError: An unsafe request may or may not have been carried out.
            DistilabelPlatformError: The flow raised it.
        """
        try:
            request = next(flow)
            while True:
                request = flow.send(await self._send(request))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except DistilabelPlatformError as error:
            raise error.redacted(self._secrets) from None
        finally:
            flow.close()

    def renew(self) -> AsyncClient:
        """Use new connections: a forked process cannot share those of its parent."""
        before = self._client
        # A client or transport of the user may have open connections, and only the user can open another. Other transports,
        # such as `MockTransport`, have none.
        self._is_of_parent = not self._owns_client or isinstance(self._transport, httpx2.AsyncHTTPTransport)
        if not self._is_of_parent:
            self._client = _client(self._transport)
        return before

    async def close(self) -> None:
        """Close all connections, unless they are those of a given client."""
        if self._owns_client and not self._is_of_parent:
            await self._client.aclose()

    async def _send(self, request: HttpRequest) -> HttpResponse:
        if self._is_of_parent:
            raise DistilabelUserError(
                f"The {'http_client' if not self._owns_client else 'transport'} of this model belongs to the process that this "
                "one was forked from, and two processes cannot share connections: make the model after the fork."
            )
        if not request.safe:
            return await self._send_unsafe(request)
        try:
            async for attempt in stamina.retry_context(
                on=_wait_before_retry, attempts=self._attempts, timeout=None, wait_initial=0.5, wait_max=30.0
            ):
                with attempt:
                    return await self._send_safe(request)
        except _Retry as last:
            if last.response is not None:
                return last.response
            raise self._unreachable(last.__cause__) from None
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def _send_safe(self, request: HttpRequest) -> HttpResponse:
        """Send a request once; raise `_Retry` where it may be sent again."""
        try:
            response = await self._exchange(request)
        except _NOT_SENT as error:
            raise self._unreachable(error) from None
        except (httpx2.RequestError, TimeoutError) as error:
            raise _Retry(None) from error
        retryable = response.status in _RETRYABLE_STATUS and response.status not in request.expected
        # A 429 for lack of credit does not pass: https://platform.openai.com/docs/guides/error-codes (November 2026).
        no_credit = response.status == 429 and any(code in response.body for code in _NO_CREDIT)  # noqa: PLR2004
        if retryable and not no_credit:
            wait = wait_of(response.status, response.headers, response.body)
            raise _Retry(None if wait is None else min(wait, _MAX_RETRY_AFTER), response)
        return response

    async def _send_unsafe(self, request: HttpRequest) -> HttpResponse:
        """Send a request once, and never again: it may cost money twice."""
        try:
            return await self._exchange(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, *_NOT_SENT) as error:
            raise self._unreachable(error) from None
        except (httpx2.RequestError, TimeoutError) as error:
            raise DistilabelUncertainError(
                f"{self._host} did not respond to a request that may have been carried out ({type(error).__name__})."
            ) from None

    async def _exchange(self, request: HttpRequest) -> HttpResponse:
        url = self._url(request)
        if self._client.is_closed:
            raise DistilabelUserError(
                "The model was unloaded before its request was sent: call load() before generating."
            )
        moves_file = request.upload or request.content or request.save_to
        async with asyncio.timeout(None if moves_file else self._total_timeout):
            if request.upload is not None:
                with request.upload.path.open("rb") as file:
                    files = {"file": (request.upload.name, file, request.upload.content_type)}
                    return await self._stream(request, url, {}, files=files, data=request.upload.fields)
            if request.content is not None:
                headers = _content_headers(request.content)
                return await self._stream(request, url, headers, content=_chunks(request.content))
            headers = {} if request.json is None else {"content-type": "application/json"}
            return await self._stream(request, url, headers, content=request.json)

    def _url(self, request: HttpRequest) -> str:
        """Return the URL of a request. The key never goes to a URL that a response has named."""
        if request.path.startswith("/"):
            return (request.base_url or self.base_url) + request.path
        if not request.keyless or not request.path.startswith(_SCHEMES[self.base_url.startswith("https:")]):
            raise DistilabelPlatformError(f"{self._host} sent a URL of another host; it was not followed.")
        return request.path

    async def _stream(
        self, request: HttpRequest, url: str, headers: Mapping[str, str], **body: Any
    ) -> HttpResponse:
        own = {} if request.keyless else self._headers
        # A client that the user gave may add headers, cookies and a login of its own: none of it goes to another host.
        build = httpx2.Request if request.keyless else self._client.build_request
        built = build(
            request.method,
            url,
            params=dict(request.params) or None,
            headers={**own, **headers, **request.headers},
            extensions={"timeout": self._timeout.as_dict()},
            **body,
        )
        if self._signer is not None and not request.keyless:
            signed = built.content if request.upload is None and request.content is None else None
            added = await asyncio.to_thread(
                self._signer, request.method, str(built.url), dict(built.headers), signed
            )
            built.headers.update(added)
        auth = None if request.keyless else httpx2.USE_CLIENT_DEFAULT
        response = await self._client.send(built, stream=True, follow_redirects=False, auth=auth)
        if request.save_to is not None:
            response = await self._followed(response)
        try:
            received = {name.lower(): value for name, value in response.headers.items()}
            # The HTML page of a proxy is not the file, whatever its status.
            is_page = "text/html" in received.get("content-type", "")
            if request.save_to is not None and response.is_success and not is_page:
                with writing(request.save_to.parent):
                    await _save(response, request.save_to)
                return HttpResponse(response.status_code, received)
            content = await _read(response, request.max_bytes)
            for secret in self._secrets:
                content = content.replace(secret.encode(), b"[secret]")
            return HttpResponse(response.status_code, received, content)
        finally:
            await response.aclose()

    async def _followed(self, response: httpx2.Response) -> httpx2.Response:
        """Follow the redirects of a download: to a signed URL of another host, which gets no key."""
        for _ in range(_MAX_REDIRECTS):
            location = response.headers.get("location")
            if response.status_code not in REDIRECTS or response.request.method != "GET" or not location:
                break
            await response.aclose()
            former = response.request.url
            try:
                url = former.join(location)
            except httpx2.InvalidURL:
                url = httpx2.URL("")
            if not str(url).startswith(_SCHEMES[former.scheme == "https"]):
                raise DistilabelPlatformError(
                    f"{self._host} redirects a download to an address without TLS; it was not followed.",
                    status=response.status_code,
                )
            is_same = (former.scheme, former.host, former.port) == (url.scheme, url.host, url.port)
            headers = response.request.headers if is_same else None
            built = httpx2.Request(
                "GET", url, headers=headers, extensions={"timeout": self._timeout.as_dict()}
            )
            response = await self._client.send(built, stream=True, follow_redirects=False, auth=None)
        return response

    def _unreachable(self, error: BaseException | None) -> DistilabelUnreachableError:
        return DistilabelUnreachableError(
            f"{self._host} cannot be reached ({_describe(error)}): check the address (base_url), the network and TLS. "
            "Nothing is lost: run again when it is back."
        )

    @property
    def _host(self) -> str:
        url = httpx2.URL(self.base_url)
        return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")


def _client(transport: AsyncBaseTransport | None) -> AsyncClient:
    try:
        return httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=256),
            transport=_Borrowed(transport) if transport else None,
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        raise DistilabelUserError(
            "The proxy in the environment (ALL_PROXY, HTTPS_PROXY or HTTP_PROXY) cannot be used: write it as "
            "http://host:port, or as socks5://host:port after pip install 'httpx2[socks]', or set NO_PROXY for the host "
            "of the platform."
        ) from None


class _Borrowed(httpx2.AsyncBaseTransport):
    """A user's transport, which several models may share: closing one model's client leaves it open."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._transport.handle_async_request(request)


async def fetch(url: str, *, max_bytes: int, timeout: float = 30.0) -> bytes:  # noqa: ASYNC109 - of the connection
    """Return the file at a URL. Redirects are followed, and no key is sent.

    Args:
        url: An http or https URL.
        max_bytes: The maximum size of the file.
        timeout: For how many seconds the host may send nothing. In total it may take four times as long.

    Raises:
        DistilabelUnreachableError: No response came.
        DistilabelUserError: The URL is invalid, the file does not exist, or it is too large.
    """
    try:
        async with (
            asyncio.timeout(4 * timeout),
            httpx2.AsyncClient(timeout=timeout, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", url) as response,
        ):
            if not response.is_success:
                raise DistilabelUserError(
                    f"{response.url.host} has no file at this address (HTTP {response.status_code}): check the address."
                )
            body = await _read(response, max_bytes + 1)
            if len(body) > max_bytes:
                raise DistilabelUserError(
                    f"The file at {response.url.host} has more than {max_bytes:,} bytes: download it, check it, and "
                    "pass its path."
                )
            return body
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.TooManyRedirects) as error:
        raise DistilabelUserError(f"The address cannot be used ({type(error).__name__}): check it.") from None
    except (httpx2.RequestError, TimeoutError) as error:
        raise DistilabelUnreachableError(
            f"The address cannot be reached ({_describe(error)}): check it, and the network."
        ) from None


def _content_headers(content: FromFile) -> dict[str, str]:
    length = len(content.head) + content.path.stat().st_size + len(content.tail)
    if content.separator is not None and length > len(content.head) + len(content.tail):
        length -= 1  # the last newline is left out; each other one becomes a separator
    return {"content-type": content.content_type, "content-length": str(length)}


async def _chunks(content: FromFile) -> AsyncIterator[bytes]:
    """Yield the bytes of a body. A JSON line holds no newline except at its end."""
    yield content.head
    with content.path.open("rb") as file:
        chunk = await asyncio.to_thread(file.read, _CHUNK)
        while chunk:
            following = await asyncio.to_thread(file.read, _CHUNK)
            if content.separator is not None:
                chunk = (chunk if following else chunk.removesuffix(b"\n")).replace(b"\n", content.separator)
            yield chunk
            chunk = following
    yield content.tail


async def _read(response: httpx2.Response, max_bytes: int | None) -> bytes:
    """Return the body of a response, or its first bytes."""
    if max_bytes is None:
        return await response.aread()
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= max_bytes:
            break
    return bytes(body[:max_bytes])


async def _save(response: httpx2.Response, path: Path) -> None:
    """Stream a body to `path` through a `.part` file beside it, so that a file at `path` is always complete."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        async for chunk in response.aiter_bytes(_CHUNK):
            file.write(chunk)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    part.replace(path)
    await asyncio.to_thread(sync_folder, path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, on systems that support it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wait_before_retry(error: Exception) -> bool | float:
    """Tell stamina whether to retry, and after how many seconds."""
    if not isinstance(error, _Retry):
        return False
    what = f"HTTP {error.response.status}" if error.response else _describe(error.__cause__)
    _logger.info("No usable response yet (%s); retrying.", what)
    return True if error.wait is None else error.wait + random.uniform(0, 0.25)  # noqa: S311 - jitter


def _describe(error: BaseException | None) -> str:
    # The text of a LocalProtocolError quotes the header that cannot be sent, which may be the one with the key.
    quotes = isinstance(error, httpx2.LocalProtocolError)
    return f"{type(error).__name__}: {error}" if error and str(error) and not quotes else type(error).__name__
