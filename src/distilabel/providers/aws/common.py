"""What AWS's services share: their addresses in a region, and the shapes of their errors.

https://docs.aws.amazon.com/general/latest/gr/bedrock.html, https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
and the service models of botocore 1.44, read in November 2026.
"""

import html
import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar

import orjson

from distilabel.exceptions import DistilabelUserError
from distilabel.http import Flow, HttpResponse
from distilabel.providers.parsing.json_values import as_dict, as_json, as_text

__all__ = ["bedrock_address", "normalize_error", "normalizes_errors", "service_address", "xml_text"]

P = ParamSpec("P")
T = TypeVar("T")

_AWS_HOST = re.compile(r"https://bedrock\.([a-z0-9-]+\.amazonaws\.com(?:\.cn)?)")
# Codes whose HTTP status misleads: a job may wait for a quota, an error of the model may pass, credentials have expired.
_STATUSES = {
    "ServiceQuotaExceededException": 429,
    "ModelErrorException": 500,
    "ExpiredToken": 403,
    "ExpiredTokenException": 403,
    "InvalidToken": 403,
}


def bedrock_address(address: str = "", region: str | None = None) -> str:
    """Return the base URL of Bedrock.

    Args:
        address: A base URL of the user's choice, which serves all services. Empty: AWS's own.
        region: Such as `us-east-1`. Default: `AWS_REGION` or `AWS_DEFAULT_REGION`.

    Raises:
        DistilabelUserError: No region is given.

    Examples:
        >>> bedrock_address("", "us-east-1")
        'https://bedrock.us-east-1.amazonaws.com'
    """
    if address:
        return address.rstrip("/")
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise DistilabelUserError(
            "No AWS region: set the environment variable AWS_REGION, or pass region=..."
        )
    return f"https://bedrock.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def service_address(address: str, service: str) -> str:
    """Return the base URL of another service in the region of `address`. A host that is not AWS's serves them all.

    Examples:
        >>> service_address("https://bedrock.us-east-1.amazonaws.com", "s3")
        'https://s3.us-east-1.amazonaws.com'
        >>> service_address("http://localhost:4566", "s3")
        'http://localhost:4566'
    """
    found = _AWS_HOST.fullmatch(address)
    return f"https://{service}.{found[1]}" if found else address


def normalizes_errors(method: Callable[P, Flow[T]]) -> Callable[P, Flow[T]]:
    """Decorate a method that returns a flow: the flow is sent AWS's error responses by way of `normalize_error`."""

    @wraps(method)
    def normalized(*args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        flow = method(*args, **kwargs)
        request = next(flow)
        while True:
            response = normalize_error((yield request))
            try:
                request = flow.send(response)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]

    return normalized


def normalize_error(response: HttpResponse) -> HttpResponse:
    """Return an error response with code and message as JSON, as all dialects read them; a success stays unchanged.

    AWS puts the code into a header or into JSON; S3 puts code and message into XML.
    """
    if 200 <= response.status < 300:  # noqa: PLR2004
        return response
    if code := xml_text(response.body, "Code"):
        message = xml_text(response.body, "Message")
    else:
        body = as_dict(as_json(response.body))
        code = response.headers.get("x-amzn-errortype") or as_text(body.get("__type")) or ""
        # `ValidationException:http://internal.amazon.com/...`, or `com.amazon.coral#ValidationException`
        code = code.partition(":")[0].rpartition("#")[2]
        message = as_text(body.get("message")) or as_text(body.get("Message"))
    if not code:
        return response
    body_bytes = orjson.dumps({"error": {"code": code, "message": message or code}})
    return replace(response, status=_STATUSES.get(code, response.status), body=body_bytes)


def xml_text(body: bytes, name: str) -> str | None:
    """Return the text of the first element of that name in S3's flat XML; None where there is none.

    Examples:
        >>> xml_text(b"<Error><Code>NoSuchKey</Code></Error>", "Code")
        'NoSuchKey'
    """
    found = re.search(rf"<{name}>([^<]*)</{name}>", body.decode("utf-8", "replace"))
    return html.unescape(found[1]) if found else None
