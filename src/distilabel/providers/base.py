"""The protocol that each platform's dialect implements, and the helpers that dialects share.

A dialect does no I/O. Its flows are generators: a flow yields an `HttpRequest`, is sent the `HttpResponse`, and returns
its result. A transport carries them out; a test drives them by hand.

Examples:
    >>> from distilabel.http import HttpRequest, HttpResponse
    >>> flow = call_json(HttpRequest("GET", "/batches/b1"), having="id")
    >>> next(flow).path
    '/batches/b1'
    >>> try:
    ...     flow.send(HttpResponse(200, {}, b'{"id": "b1", "status": "in_progress"}'))
    ... except StopIteration as end:
    ...     end.value["status"]
    'in_progress'
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from distilabel.exceptions import (
    DistilabelAddressError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUncertainError,
)
from distilabel.http import PROXY_LOGIN, Flow, HttpRequest, HttpResponse
from distilabel.providers.parsing.errors import address_fault, parse_error
from distilabel.providers.parsing.event_stream import without_stream
from distilabel.providers.parsing.json_values import as_json
from distilabel.records import Decoded, Failure, Found, Job, Outcome, RemoteJob, Target

__all__ = [
    "DAY",
    "INLINE",
    "NOT_FOUND",
    "Limits",
    "Provider",
    "by_cursor",
    "by_token",
    "call",
    "call_json",
    "complete",
    "is_ours",
    "list_objects",
    "none_if_missing",
    "objects_of",
    "read_online_response",
    "result_files",
    "send",
    "send_online",
]

T = TypeVar("T")
NextPage = Callable[[dict[str, Any], list[dict[str, Any]]], Mapping[str, str] | None]
"""Returns the query parameters of the page after a page with these objects; None after the last page."""

DAY = 86_400.0
"""Seconds."""

INLINE = "inline"
"""What `upload` returns in place of a file's id, where the requests go out within `create`."""

NOT_FOUND = 404
"""The HTTP status of what a platform does not have, or has deleted."""

_OK, _BAD_GATEWAY = 200, 502


@dataclass(frozen=True, slots=True)
class Limits:
    """How large one batch job may be, and for how long the platform keeps its results.

    Attributes:
        requests: The maximum number of requests.
        size: The maximum size of the request file, in bytes.
        tokens: The maximum number of prompt tokens, which are estimated. None: no limit.
        kept: For how many seconds after the job's end its results can be fetched. None: no page of the platform says.

    Examples:
        >>> Limits(requests=50_000, size=200_000_000, kept=30 * DAY).kept
        2592000.0
    """

    requests: int
    size: int
    tokens: int | None = None
    kept: float | None = None


class Provider(Protocol):
    """A platform's dialect: it translates between the ledger's records and the platform's API.

    It does not retry, sleep, log or know the ledger. Each flow raises a `DistilabelPlatformError` for an error response
    that its description does not name, and for a response of another shape than the platform documents.

    Attributes:
        name: The platform's name in the ledger and in the registry.
        limits: The limits of one batch job.
        tags_ids: Whether each custom_id must carry the job's tag, because the platform keeps the tag nowhere else.
    """

    name: str
    limits: Limits
    tags_ids: bool

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the API key."""

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        r"""Return one request as a line of a job's request file.

        Args:
            custom_id: 1 to 64 characters of `[A-Za-z0-9_-]`.
            body: The request's body, as JSON on one line.
            endpoint: What the job asks, such as `/v1/chat/completions`.

        Returns:
            JSON, ending in `\n`.
        """

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        """Return custom_id and body of a line that `encode` returned; None for any other line."""

    def decode(self, line: bytes) -> Decoded:
        """Read one line of a result file.

        Any bytes are accepted, and nothing is raised: a line that cannot be read is a `Failure` without custom_id.
        """

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        """Return the HTTP request that sends one body to the online API."""

    def read_response(self, response: HttpResponse) -> Outcome:
        """Read the response to one online request: a `Reply`, or the `Failure` of this one request.

        Raises:
            DistilabelPlatformError: The error concerns all requests: the key, the model's name, or the account's credit.
        """

    def encode_response(self, custom_id: str, response: HttpResponse) -> bytes:
        """Return the response to an online request as a line that `decode` reads, so that it can be stored like a result."""

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send a job's request file, and return the platform's id of it. This costs nothing, and may be repeated.

        A platform that takes the requests within `create` needs no file: the flow then returns `INLINE`.
        """

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:
        """Create the batch job, from what was uploaded (`job.input_file`) or from the file at `path`.

        This is the one request that costs money, so it is marked `safe=False` and is never repeated.

        Raises:
            DistilabelUncertainError: The job may or may not exist now.
        """

    def find(self, job: Job | None) -> Flow[Found]:
        """Find the job whose creation was interrupted; with None, all jobs that this library created.

        Raises:
            DistilabelPlatformError: The list cannot be read. It must not count as empty: the job would be paid for twice.
        """

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        """Return the job's current state; None where the platform no longer knows the job."""

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        """Stream a result file to `path`; return False where the platform no longer has the file."""

    def cancel(self, remote_id: str) -> Flow[None]:
        """Ask the platform to cancel the job."""


def complete(provider: Provider, target: Target, body: bytes) -> Flow[Outcome]:
    """Send one request online and read its response."""
    response = yield from send_online(provider, target, body)
    return provider.read_response(response)


def send_online(provider: Provider, target: Target, body: bytes) -> Flow[HttpResponse]:
    """Send one request online and return its response as JSON, whatever its status.

    Raises:
        DistilabelAddressError: No API answers at this address, but for example a proxy, a login page or another path.
    """
    response = yield provider.online_request(target, body)
    response = without_stream(response)
    if fault := address_fault(response):
        raise DistilabelAddressError(
            f"No API for {target.endpoint} answers at {target.base_url} ({fault}): {_address_hint(response, target)}.",
            status=response.status,
        )
    return response


def _address_hint(response: HttpResponse, target: Target) -> str:
    if response.status == PROXY_LOGIN:
        return "log in to the proxy, for example by HTTPS_PROXY=http://user:password@host, or leave it out with NO_PROXY"
    if location := response.headers.get("location"):
        return f"base_url may have to be {location.partition('?')[0].removesuffix(target.endpoint.removeprefix('/v1'))}"
    if (
        response.status == NOT_FOUND
        and target.endpoint.startswith("/v1")
        and not target.base_url.endswith("/v1")
    ):
        return f"base_url may have to be {target.base_url}/v1"
    return "check base_url"


def send(request: HttpRequest) -> Flow[HttpResponse]:
    """Send one request and return its response, whatever its status."""
    response = yield request
    return response


def call(request: HttpRequest) -> Flow[HttpResponse]:
    """Send one request and return its response.

    Raises:
        DistilabelPlatformError: The status is no success, or an HTML page came in place of a file.
    """
    response = yield request
    if not 200 <= response.status < 300:  # noqa: PLR2004
        if fault := address_fault(response):
            raise DistilabelAddressError(
                f"No batch API answers at the address ({fault}; {_call_name(request)}): check base_url, which for most servers "
                "ends in /v1, and whether the server has batch jobs at all.",
                status=response.status,
            )
        raise parse_error(response, safe=request.safe)
    if request.save_to is not None and response.body:
        message = f"The platform sent a page in place of a file ({_call_name(request)})."
        raise DistilabelPlatformError(message, status=_BAD_GATEWAY)
    return response


def call_json(request: HttpRequest, *, having: str | None = None) -> Flow[dict[str, Any]]:
    """Send one request and return the JSON object in its response.

    Args:
        request: The request.
        having: A field that the object must have, and that must not be empty.

    Raises:
        DistilabelPlatformError: An error response, or no such object.
        DistilabelUncertainError: The same, after a request with `safe=False` that may have been carried out.
    """
    response = yield from call(request)
    value = as_json(response.body)
    if isinstance(value, dict) and (having is None or value.get(having)):
        return value
    what = f"a JSON object with `{having}`" if having else "a JSON object"
    kind = DistilabelPlatformError if request.safe else DistilabelUncertainError
    raise kind(
        f"The platform sent something other than {what} ({_call_name(request)}).", status=response.status
    )


def _call_name(request: HttpRequest) -> str:
    """Name a request in a message; the query of a whole URL is a signature, which must stay secret."""
    return f"{request.method} {request.path.partition('?')[0]}"


def none_if_missing(flow: Flow[T]) -> Flow[T | None]:
    """Carry out a flow; return None where the platform answers HTTP 404."""
    try:
        return (yield from flow)
    except DistilabelPlatformError as error:
        if error.status == NOT_FOUND:
            return None
        raise


def list_objects(
    request: HttpRequest,
    field: str,
    next_page: NextPage,
    *,
    having: str = "id",
    beside: Collection[str] | None = None,
) -> Flow[list[dict[str, Any]]]:
    """Return the objects of a list, from the first page to the last.

    No page is skipped: no platform documents an order of its list, and no clock is exact enough to stop early. The list
    ends with a page that brings no new object. An object that is there twice is returned once.

    Args:
        request: Of the first page. The parameters of the later pages are added to its own.
        field: See `objects_of`.
        next_page: See `by_token` and `by_cursor`.
        having: See `objects_of`.
        beside: See `objects_of`.
    """
    found: dict[str, dict[str, Any]] = {}
    asked: list[Mapping[str, str]] = []
    following: Mapping[str, str] | None = {}
    # A server that ignores the parameter of the next page sends the first page for ever.
    while following is not None and following not in asked:
        asked.append(following)
        page = yield from call_json(replace(request, params={**request.params, **following}))
        objects = objects_of(page, field, request.path, having=having, beside=beside)
        new = {str(item[having]): item for item in objects if str(item[having]) not in found}
        found |= new
        following = next_page(page, objects) if new or not objects else None
    return list(found.values())


def by_token(field: str = "nextPageToken", parameter: str = "pageToken") -> NextPage:
    """Return the rule of platforms whose pages carry a token for the next page; the defaults are Google's names."""
    return lambda page, _: {parameter: str(page[field])} if page.get(field) else None


def by_cursor(parameter: str) -> NextPage:
    """Return the rule of platforms whose next page starts after an object's id, and whose pages say `has_more`."""
    return lambda page, objects: (
        {parameter: str(objects[-1]["id"])} if page.get("has_more") and objects else None
    )


def objects_of(
    page: Mapping[str, Any],
    field: str,
    path: str,
    *,
    having: str = "id",
    beside: Collection[str] | None = None,
) -> list[dict[str, Any]]:
    """Return the objects of one page of a list.

    Args:
        page: The page.
        field: The field that holds the list.
        path: The path of the request, for messages.
        having: A field that each object must have, and that must not be empty.
        beside: The page's other fields, on platforms that leave an empty list out. None: the list is always there.

    Raises:
        DistilabelPlatformError: The page has another shape. An object that cannot be read may be the job that is looked
            for, so such a page must not count as empty.

    Examples:
        >>> objects_of({"data": [{"id": "b1"}]}, "data", "/batches")
        [{'id': 'b1'}]
        >>> objects_of({}, "operations", "/batches", beside={"nextPageToken"})
        []
    """
    objects = page.get(field) if beside is None else page.get(field, [])
    known = beside is None or page.keys() <= {field, *beside}
    if (
        known
        and isinstance(objects, list)
        and all(isinstance(item, dict) and item.get(having) for item in objects)
    ):
        return objects
    raise DistilabelPlatformError(
        f"The platform sent something other than a list of objects with `{having}` (GET {path}).", status=_OK
    )


def is_ours(remote: RemoteJob, job: Job | None) -> bool:
    """Return whether a job on the platform carries the tag of `job`; with None, the tag of any job of this library."""
    return bool(remote.tag) and (job is None or remote.tag == job.tag)


def result_files(names: Iterable[str]) -> dict[str, str]:
    """Return the result files of a job by kind.

    Examples:
        >>> result_files(["b.jsonl", "a.jsonl"])
        {'output': 'a.jsonl', 'output-2': 'b.jsonl'}
    """
    return {
        "output" if number == 1 else f"output-{number}": name for number, name in enumerate(sorted(names), 1)
    }


def read_online_response(
    response: HttpResponse,
    read: Callable[[int, Any], Outcome],
    *,
    unknown_model: bool = False,
    remedy: str = "check the name given as `model`",
) -> Outcome:
    """Read the response to one online request, on platforms where a 404 means that the model is not known.

    Args:
        response: The response.
        read: Makes an outcome of the status and of the parsed body, or of the bytes where they are not JSON.
        unknown_model: Whether the platform says in another way that the model is not known.
        remedy: What the user can do about an unknown model.

    Raises:
        DistilabelAuthenticationError: The platform rejected the key.
        DistilabelModelNotFoundError: The platform does not know the model.
    """
    if response.status in (401, 403):
        raise parse_error(response)
    outcome = read(response.status, as_json(response.body, response.body))
    if isinstance(outcome, Failure) and (unknown_model or response.status == NOT_FOUND):
        raise DistilabelModelNotFoundError(
            f"The platform does not know the model ({outcome.message}): {remedy}.",
            status=response.status, code=outcome.code,
        )  # fmt: skip
    return outcome
