"""What AWS's services share: where they are, and how they say what they refuse.

https://docs.aws.amazon.com/general/latest/gr/bedrock.html, https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
and the service models of botocore 1.44, read in November 2026.
"""

import html
import os
import re
from collections.abc import Generator
from dataclasses import replace
from typing import TypeVar

import orjson

from distilabel.exceptions import DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.providers.parsing.json_values import as_dict, as_text, read_json

__all__ = ["bedrock_address", "beside", "element_of", "spoken", "worded"]

T = TypeVar("T")

_OF_AWS = re.compile(r"https://bedrock\.([a-z0-9-]+\.amazonaws\.com(?:\.cn)?)")
# What the status alone does not tell: jobs wait for a quota, a model's fault may pass, credentials have run out.
_STATUSES = {
    "ServiceQuotaExceededException": 429,
    "ModelErrorException": 500,
    "ExpiredToken": 403,
    "ExpiredTokenException": 403,
    "InvalidToken": 403,
}


def bedrock_address(address: str = "", region: str | None = None) -> str:
    """Return the address of Bedrock in a region.

    Args:
        address: As it is given, which stands for all services; empty for AWS's own.
        region: Such as `us-east-1`; default: `AWS_REGION` or `AWS_DEFAULT_REGION`.

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
            "AWS Bedrock wants to know the region: set the environment variable AWS_REGION, or give region=..."
        )
    return f"https://bedrock.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def beside(address: str, service: str) -> str:
    """Return the address of another service in the same region; one that is not AWS's own serves all of them.

    Examples:
        >>> beside("https://bedrock.us-east-1.amazonaws.com", "s3")
        'https://s3.us-east-1.amazonaws.com'
    """
    found = _OF_AWS.fullmatch(address)
    return f"https://{service}.{found[1]}" if found else address


def worded(flow: Generator[HttpRequest, HttpResponse, T]) -> Flow[T]:
    """Carry out a flow that is sent each refusal in the words that all dialects read; see `spoken`."""
    request = next(flow)
    while True:
        response = spoken((yield request))
        try:
            request = flow.send(response)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def spoken(response: HttpResponse) -> HttpResponse:
    """Return a refusal with its code and message as JSON: AWS says the code in a header, or all of it in XML."""
    if 200 <= response.status < 300:  # noqa: PLR2004
        return response
    code, message = _said(response)
    if not code:
        return response
    body = orjson.dumps({"error": {"code": code, "message": message or code}})
    return replace(response, status=_STATUSES.get(code, response.status), body=body)


def _said(response: HttpResponse) -> tuple[str | None, str | None]:
    if code := element_of(response.body, "Code"):
        return code, element_of(response.body, "Message")
    try:
        body = as_dict(read_json(response.body))
    except ValueError:
        body = {}
    code = response.headers.get("x-amzn-errortype") or as_text(body.get("__type")) or ""
    # `ValidationException:http://internal.amazon.com/...`, or `com.amazon.coral#ValidationException`
    code = code.partition(":")[0].rpartition("#")[2]
    return code, as_text(body.get("message")) or as_text(body.get("Message"))


def element_of(body: bytes, name: str) -> str | None:
    """Return the text of the first element of that name in S3's flat XML; None if there is none.

    Examples:
        >>> element_of(b"<Error><Code>NoSuchKey</Code></Error>", "Code")
        'NoSuchKey'
    """
    found = re.search(rf"<{name}>([^<]*)</{name}>", body.decode("utf-8", "replace"))
    return html.unescape(found[1]) if found else None
