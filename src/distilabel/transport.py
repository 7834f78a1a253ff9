"""The only room that speaks HTTP: drives a provider's flow, retries what may be sent again, hides secrets."""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from math import isnan
from pathlib import Path
from time import time
from typing import Any, TypeVar

import httpx2
import stamina

from distilabel._files import writing
from distilabel.exceptions import (
    DistilabelPlatformError,
    DistilabelUncertainError,
    DistilabelUnreachableError,
    DistilabelUserError,
)
from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse, Signer

__all__ = ["HttpTransport", "fetch", "sync_folder"]

T = TypeVar("T")
_logger = logging.getLogger("distilabel.transport")
# Stamina logs each retry under a name of its own; ours say it in a sentence.
logging.getLogger("stamina").addHandler(logging.NullHandler())
_RETRYABLE_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LONGEST_WAIT = 120.0
# What a response may name beside a platform that is reached by TLS (True), and beside one that is not.
_SCHEMES = {True: ("https://",), False: ("https://", "http://")}
_PIECE = 1 << 20
# What is shorter is a placeholder, such as `any` or `EMPTY`; cutting it out would garble the messages.
_SHORTEST_SECRET = 8
# Faults of the address or of a header: no second try mends them, and nothing has left.
_NEVER_LEFT = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


class _Again(Exception):  # noqa: N818 - not an error: a signal to the retry loop
    """A response or a fault after which the call may be sent again."""

    def __init__(self, wait: float | None, response: HttpResponse | None = None) -> None:
        self.wait = wait
        self.response = response


class HttpTransport:
    """Drives flows over HTTP against one base URL with one set of headers.

    Args:
        base_url: The address, such as `https://api.openai.com/v1`.
        headers: Sent with each call; may hold the key.
        secrets: Texts that must never be seen; cut out of every message and of every body that is not saved to a file.
        timeout: Seconds that one call may be silent; a call that moves no file may take five times as long in all.
        attempts: How often a safe call is tried.
        signer: Proves who calls, where the platform wants more than headers.
        transport: A stand-in for the network, for tests.
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
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._signer = signer
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        self._attempts = max(1, attempts)
        # `timeout` is for silence: a body that trickles in would never reach it.
        self._longest = 5 * timeout
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeout, connect=10.0, pool=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=256),
            transport=transport,
            follow_redirects=False,
        )

    async def run(self, flow: Flow[T]) -> T:
        """Carry out `flow` and return what it returns.

        Raises:
            DistilabelUnreachableError: No answer came, and the call was surely not carried out (or is safe).
            DistilabelUncertainError: An unsafe call may or may not have been carried out.
            DistilabelPlatformError: Whatever the flow itself raises.
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

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _send(self, request: HttpRequest) -> HttpResponse:
        if not request.safe:
            return await self._once_unsafe(request)
        try:
            async for attempt in stamina.retry_context(
                on=_wait_before_retry, attempts=self._attempts, timeout=None, wait_initial=0.5, wait_max=30.0
            ):
                with attempt:
                    return await self._once_safe(request)
        except _Again as last:
            if last.response is not None:
                return last.response
            raise self._unreachable(last.__cause__) from None
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def _once_safe(self, request: HttpRequest) -> HttpResponse:
        try:
            response = await self._exchange(request)
        except _NEVER_LEFT as fault:
            raise self._unreachable(fault) from None
        except (httpx2.RequestError, TimeoutError) as fault:
            raise _Again(None) from fault
        again = response.status in _RETRYABLE_STATUS and response.status not in request.answers
        if again and not _hopeless(response):
            raise _Again(_retry_after(response), response)
        return response

    async def _once_unsafe(self, request: HttpRequest) -> HttpResponse:
        try:
            return await self._exchange(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, *_NEVER_LEFT) as fault:
            raise self._unreachable(fault) from None
        except (httpx2.RequestError, TimeoutError) as fault:
            raise DistilabelUncertainError(
                f"{self._host} did not answer a call that may have been carried out ({type(fault).__name__})."
            ) from None

    async def _exchange(self, request: HttpRequest) -> HttpResponse:
        url = self._url(request)
        if request.upload is not None:
            with request.upload.path.open("rb") as file:
                files = {"file": (request.upload.name, file, request.upload.content_type)}
                return await self._stream(request, url, {"files": files, "data": request.upload.fields})
        if request.content is not None:
            return await self._stream(request, url, _content_arguments(request.content))
        if request.save_to is not None:
            return await self._stream(request, url, _json_arguments(request))
        async with asyncio.timeout(self._longest):
            return await self._stream(request, url, _json_arguments(request))

    def _url(self, request: HttpRequest) -> str:
        """Return where the call goes; a key never goes to an address that a response has named."""
        if request.path.startswith("/"):
            return (request.base_url or self.base_url) + request.path
        if not request.keyless or not request.path.startswith(_SCHEMES[self.base_url.startswith("https:")]):
            raise DistilabelPlatformError(
                f"{self._host} sent an address of another host; it was not followed."
            )
        return request.path

    async def _stream(self, request: HttpRequest, url: str, arguments: dict[str, Any]) -> HttpResponse:
        own = {} if request.keyless else self._headers
        headers = {**own, **arguments.pop("headers", {}), **request.headers}
        call = self._client.build_request(
            request.method, url, params=dict(request.params) or None, headers=headers, **arguments
        )
        if self._signer is not None and not request.keyless:
            body = call.content if request.upload is None and request.content is None else None
            sent = dict(call.headers)
            call.headers.update(
                await asyncio.to_thread(self._signer, request.method, str(call.url), sent, body)
            )
        answer = await self._client.send(call, stream=True)
        try:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            # A proxy's page is no file, whatever its status.
            is_page = "text/html" in headers.get("content-type", "")
            if request.save_to is not None and answer.is_success and not is_page:
                with writing(request.save_to.parent):
                    await _save(answer, request.save_to)
                return HttpResponse(answer.status_code, headers)
            body = await answer.aread() if request.most is None else await _beginning(answer, request.most)
            return HttpResponse(answer.status_code, headers, self._without_secrets(body))
        finally:
            await answer.aclose()

    def _without_secrets(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = body.replace(secret.encode(), b"[secret]")
        return body

    def _unreachable(self, fault: BaseException | None) -> DistilabelUnreachableError:
        return DistilabelUnreachableError(
            f"{self._host} cannot be reached ({_plain(fault)}): check the address (base_url), the network and TLS. "
            "Nothing is lost: run again when it is back."
        )

    @property
    def _host(self) -> str:
        url = httpx2.URL(self.base_url)
        return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")


async def fetch(url: str, *, most: int, silence: float = 30.0) -> bytes:
    """Return the file under an address; redirects are followed, and no key is sent along.

    Args:
        url: An http or https address.
        most: How many bytes it may have at most.
        silence: Seconds that the host may be silent; all in all it may take four times as long.

    Raises:
        DistilabelUnreachableError: No answer came.
        DistilabelUserError: The address is none, there is no such file, or it is too large.
    """
    try:
        async with (
            asyncio.timeout(4 * silence),
            httpx2.AsyncClient(timeout=silence, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", url) as answer,
        ):
            if not answer.is_success:
                raise DistilabelUserError(
                    f"{answer.url.host} has no file for us there (HTTP {answer.status_code}): check the address."
                )
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > most:
                    raise DistilabelUserError(
                        f"The file at {answer.url.host} has more than {most:,} bytes: download it, look at it, and "
                        "name the file."
                    )
            return bytes(body)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.TooManyRedirects) as fault:
        raise DistilabelUserError(f"The address cannot be used ({type(fault).__name__}): check it.") from None
    except (httpx2.RequestError, TimeoutError) as fault:
        raise DistilabelUnreachableError(
            f"The address cannot be reached ({_plain(fault)}): check it, and the network."
        ) from None


def _json_arguments(request: HttpRequest) -> dict[str, Any]:
    if request.json is None:
        return {}
    return {"content": request.json, "headers": {"content-type": "application/json"}}


def _content_arguments(content: FromFile) -> dict[str, Any]:
    length = len(content.head) + content.path.stat().st_size + len(content.tail)
    if content.joint is not None and length > len(content.head) + len(content.tail):
        length -= 1  # the last newline is left out; each other one becomes the joint
    headers = {"content-type": content.content_type, "content-length": str(length)}
    return {"content": _pieces(content), "headers": headers}


async def _pieces(content: FromFile) -> AsyncIterator[bytes]:
    """Yield a file's bytes as they are sent; JSON lines hold no newline but at their ends."""
    yield content.head
    with content.path.open("rb") as file:
        piece = await asyncio.to_thread(file.read, _PIECE)
        while piece:
            following = await asyncio.to_thread(file.read, _PIECE)
            if content.joint is not None:
                piece = (piece if following else piece.removesuffix(b"\n")).replace(b"\n", content.joint)
            yield piece
            piece = following
    yield content.tail


async def _beginning(answer: httpx2.Response, most: int) -> bytes:
    beginning = b""
    async for piece in answer.aiter_bytes():
        beginning += piece
        if len(beginning) >= most:
            break
    return beginning[:most]


async def _save(answer: httpx2.Response, path: Path) -> None:
    """Stream a body to `path` by way of a `.part` beside it: a file that is there is whole."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        async for piece in answer.aiter_bytes(_PIECE):
            file.write(piece)
        await asyncio.to_thread(_sync, file.fileno(), file.flush)
    part.replace(path)
    await asyncio.to_thread(sync_folder, path.parent)


def _sync(descriptor: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wait_before_retry(fault: Exception) -> bool | float:
    if not isinstance(fault, _Again):
        return False
    what = f"HTTP {fault.response.status}" if fault.response else _plain(fault.__cause__)
    _logger.info("No answer that can be used yet (%s); trying again.", what)
    return True if fault.wait is None else fault.wait + random.uniform(0, 0.25)  # noqa: S311 - jitter


def _retry_after(response: HttpResponse) -> float | None:
    """Read Retry-After in seconds or as a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time()
        except (TypeError, ValueError):
            return None
    return None if isnan(seconds) else min(max(seconds, 0.0), _LONGEST_WAIT)


def _hopeless(response: HttpResponse) -> bool:
    """Tell a 429 that no waiting mends: the account has no credit (platform.openai.com/docs/guides/error-codes)."""
    return response.status == 429 and b"insufficient_quota" in response.body  # noqa: PLR2004


def _plain(fault: BaseException | None) -> str:
    # A LocalProtocolError quotes the header that cannot be sent: it may be the one with the key.
    quotes = isinstance(fault, httpx2.LocalProtocolError)
    return f"{type(fault).__name__}: {fault}" if fault and str(fault) and not quotes else type(fault).__name__
